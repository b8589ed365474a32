import type { Database } from '../../src/database/database.js'
import type { RunEvent } from '../../src/runner/run-migration.js'
import { upgrade } from '../../src/runner/runner.js'
import { newestMajor } from '../support/servers.js'
import { migration, steps, TestEngine } from './support.js'

type Seen = Extract<RunEvent, { type: 'seen' }>

describe.each(newestMajor)('on %s', (major) => {
  const engine = new TestEngine(major)
  let database: Database
  afterAll(() => engine.close())
  beforeEach(async () => {
    database = await engine.fresh()
    await database.executeAll(['CREATE TABLE a (id int)'])
  })

  async function sightings(...statements: string[]): Promise<Seen[]> {
    const seen: Seen[] = []
    await upgrade({ database, migrations: [migration('aaaa', [], steps(...statements))], onEvent: (event) => event.type === 'seen' && seen.push(event) })
    return seen
  }

  test('a step that waits for a lock says whom it waits for', async () => {
    const other = await engine.connect()
    await other.executeAll(["SET application_name = 'report'", 'BEGIN', "SELECT -- of whom\n * FROM a WHERE id = 4711 OR id::text = 'secret'"])
    setTimeout(() => void other.executeAll(['COMMIT']), 2_500)
    const [first] = await sightings('SELECT 1', 'ALTER TABLE a ADD COLUMN b int')
    expect(first).toMatchObject({ from: 1, to: 2, waitsFor: 'a lock on public.a' })
    expect(first!.blockedBy).toEqual([expect.stringMatching(/^process \d+ \(user postgres, report, idle in transaction, since \d\d:\d\d:\d\d, last query: SELECT \* FROM a WHERE id = … OR id::text = …\)$/)])
  })

  test('a step that takes long says how far it is, where PostgreSQL tells', async () => {
    const other = await engine.connect()
    await other.executeAll(['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT * FROM a'])
    setTimeout(() => void other.executeAll(['COMMIT']), 2_500)
    const [first] = await sightings('outside: CREATE INDEX CONCURRENTLY a_id ON a (id)')
    expect(first).toMatchObject({ from: 1, to: 1, progress: expect.stringMatching(/^waiting for old snapshots/) })
  })

  test('a step that is quick is not looked at', async () => {
    expect(await sightings('SELECT 1')).toEqual([])
  })
})
