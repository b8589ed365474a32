import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../src/database/database.js'
import { serverUser } from '../../src/database/native-binaries.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { ensureVersion, readState, upgrade } from '../../src/runner/runner.js'
import { freePort } from '../support/free-port.js'
import { freshDatabase, majors } from '../support/servers.js'
import { migration, steps, tables, value } from './support.js'

const MIGRATIONS = [
  migration('aaaa', [], steps('CREATE TABLE a (id int)', 'INSERT INTO a VALUES (1)', 'SELECT pg_sleep(0.2)')),
  migration('bbbb', ['aaaa'], steps('outside: CREATE INDEX CONCURRENTLY a_id ON a (id)', 'CREATE TABLE b ()')),
]
const PGBOUNCER = spawnSync('pgbouncer', ['--version']).status === 0
if (!PGBOUNCER) console.warn('pgbouncer is not installed: runs behind it are not tested')

let url: string
let open: Database[] = []

beforeEach(async () => {
  url = await freshDatabase(majors.at(-1)!)
})

afterEach(async () => {
  for (const database of open.splice(0)) await database.close()
})

async function connect(address = url): Promise<Database> {
  const database = await connectPostgres(address)
  open.push(database)
  return database
}

test('runs at once: a row is the lock, each migration runs once, and the row goes', async () => {
  const runs = await Promise.all(Array.from({ length: 16 }, async () => upgrade({ database: await connect(), migrations: MIGRATIONS, pooler: true })))
  expect(runs.flatMap(({ ran }) => ran.map(({ revision }) => revision)).sort()).toEqual(['aaaa', 'bbbb'])
  expect(await value(await connect(), 'SELECT count(*)::int FROM autogen.autogen_lock')).toBe(0)
})

test('the tables are made once, and whoever may write to them may run migrations', async () => {
  const database = await connect()
  await ensureVersion(database, 'autogen', { pooler: true })
  const role = `guest_${Date.now().toString(36)}`
  await database.executeAll([`CREATE ROLE ${role}`, `GRANT USAGE ON SCHEMA autogen TO ${role}`, `GRANT ALL ON ALL TABLES IN SCHEMA autogen TO ${role}`, `SET ROLE ${role}`])
  expect((await upgrade({ database, migrations: [migration('aaaa', [], steps('SELECT 1'))], pooler: true })).after).toEqual(['aaaa'])
  await database.executeAll(['RESET ROLE', `DROP OWNED BY ${role}`, `DROP ROLE ${role}`])
})

test('who holds the lock is named; one that died loses it', async () => {
  const database = await connect()
  await upgrade({ database, migrations: [MIGRATIONS[0]!], pooler: true })
  await database.executeAll([`INSERT INTO autogen.autogen_lock (token, holder, alive) VALUES ('x', 'process 1 on a host', now() - interval '50 s')`])
  const holder: string[] = []
  const onEvent = (event: { type: string; holder?: string }) => event.type === 'waiting' && holder.push(event.holder!)
  await expect(upgrade({ database, migrations: MIGRATIONS, pooler: true, waitForRunMs: 100, onEvent })).rejects.toMatchObject({
    message: expect.stringMatching(/^another run is migrating this database: process 1 on a host since 20/),
  })
  expect(holder).toHaveLength(1)
  await database.executeAll([`UPDATE autogen.autogen_lock SET alive = now() - interval '61 s'`])
  expect((await upgrade({ database, migrations: MIGRATIONS, pooler: true })).after).toEqual(['bbbb'])
})

;(PGBOUNCER ? describe : describe.skip)('behind pgbouncer', () => {
  let pooler: ChildProcess
  let folder: string
  let pooled: string

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'autogen-pooler-'))
    const server = new URL(url.replace('@/', '@localhost/'))
    const port = await freePort()
    const settings = [
      '[databases]',
      `* = host=${server.searchParams.get('host')} port=${server.searchParams.get('port')} user=postgres`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      'default_pool_size = 3',
      'server_round_robin = 1',
    ]
    writeFileSync(path.join(folder, 'pgbouncer.ini'), `${settings.join('\n')}\n`)
    const user = serverUser()
    if (user) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, folder])
    pooler = spawn('pgbouncer', ['-q', path.join(folder, 'pgbouncer.ini')], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    pooler.stderr!.on('data', (text) => (said += text))
    pooled = `postgres://postgres@127.0.0.1:${port}${server.pathname}`
    for (let tries = 0; tries < 400 && pooler.exitCode === null; tries++) {
      const database = await connectPostgres(pooled).catch(() => undefined)
      if (database) return database.close()
      await sleep(50)
    }
    throw new Error(`pgbouncer does not answer: ${said}`)
  })

  afterEach(async () => {
    for (const database of open.splice(0)) await database.close()
    if (pooler.exitCode === null) {
      const ended = new Promise((resolve) => pooler.once('exit', resolve))
      pooler.kill('SIGTERM')
      await ended
    }
    rmSync(folder, { recursive: true })
  })

  test('runs at once', async () => {
    const runs = await Promise.all([1, 2, 3, 4].map(async () => upgrade({ database: await connect(pooled), migrations: MIGRATIONS, pooler: true })))
    expect(runs.flatMap(({ ran }) => ran.map(({ revision }) => revision)).sort()).toEqual(['aaaa', 'bbbb'])
    const database = await connect()
    expect(await tables(database)).toBe('a b')
    expect((await readState(database)).rows).toEqual(['bbbb'])
    // Nothing of the run stays with the sessions that the pooler goes on lending.
    const others = await Promise.all([1, 2, 3].map(() => connect(pooled)))
    for (const other of others) await other.executeAll(['BEGIN'])
    for (const other of others) expect(await other.query(`SELECT current_setting('check_function_bodies'), current_setting('search_path')`)).toEqual([['on', '"$user", public']])
    for (const other of others) await other.executeAll(['ROLLBACK'])
  })
})
