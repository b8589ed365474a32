import type { Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import type { RunEvent } from '../../src/runner/run-migration.js'
import { readState, upgrade } from '../../src/runner/runner.js'
import { majors } from '../support/servers.js'
import { Replicated } from '../support/standby.js'
import { migration, steps } from './support.js'

const MIGRATIONS = [migration('aaaa', [], steps('CREATE TABLE a (id int)')), migration('bbbb', ['aaaa'], steps('CREATE TABLE b (id int)'))]

describe('a streaming replica', () => {
  let servers: Replicated
  let database: Database

  beforeAll(async () => {
    servers = await Replicated.start(majors.at(-1)!)
    database = await connectPostgres(servers.primary.url)
  })

  afterAll(async () => {
    await database.close()
    await servers.stop()
  })

  test('is waited for after each migration; the one that lags is named when the time is up', async () => {
    await servers.onStandby('SELECT pg_wal_replay_pause()')
    const run = upgrade({ database, migrations: MIGRATIONS, waitForReplicasMs: 500 })
    await expect(run).rejects.toMatchObject({ message: 'reader has not replayed the migration yet', detail: expect.stringMatching(/^reader: \d+ bytes behind/) })
    expect((await readState(database)).rows).toEqual(['aaaa'])

    const seen: string[] = []
    const onEvent = (event: RunEvent) => {
      if (event.type === 'done') seen.push(event.migration.revision)
      if (event.type === 'replicas') seen.push(event.lagging.map(({ name }) => name).join(' '))
    }
    setTimeout(() => void servers.onStandby('SELECT pg_wal_replay_resume()'), 500)
    expect((await upgrade({ database, migrations: MIGRATIONS, waitForReplicasMs: 30_000, onEvent })).after).toEqual(['bbbb'])
    expect(seen).toEqual(['bbbb', 'reader', ''])
    const reader = await connectPostgres(servers.standbyUrl)
    expect(await reader.query('SELECT revision FROM autogen.autogen_version').finally(() => reader.close())).toEqual([['bbbb']])
  })
})
