import { mkdirSync } from 'node:fs'
import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { CHECKED, Sandbox, USERS } from './sandbox.js'

const newest = majors.at(-1)!
let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
})

afterEach(() => box.remove())

test('init, edit, generate, upgrade, check, downgrade in the embedded database', async () => {
  box.env = CHECKED
  await box.ok('init')
  const first = await box.ok('-m', 'first tables')
  expect(first).toMatch(/^ {2}\+ schema app\n {2}\+ table app\.users\n {6}columns id, email, created_at;.*\nwrote migrations\/\d{8}_\d{4}_[0-9a-f]{12}_first_tables\.ts: 2 steps up, 2 steps down, both proven in scratch\n$/)
  expect(await box.ok('upgrade')).toMatch(/^done: the database is at [0-9a-f]{12}\n$/)
  expect(await box.ok('check')).toBe('in sync\n')
  box.edit('schema.ts', 'email: text()', 'last_login: timestamptz(),\n  email: text()')
  const difference = await box.run(['check'])
  expect(difference.code).toBe(2)
  expect(difference.stdout).toContain('  ~ table app.users\n      + column last_login\n')
  expect(difference.stdout).toContain('ALTER TABLE app.users ADD COLUMN last_login timestamp with time zone;')
  expect(box.migrations()).toHaveLength(1)
})

test('the same on a server, whose address is in DATABASE_URL, from a folder below the project', async () => {
  const url = await freshDatabase(newest)
  box.env = { DATABASE_URL: url }
  box.write('autogen.config.ts', `export default { schema: 'db/schema.ts', migrations: 'db/migrations' }`)
  box.write('package.json', '{}')
  box.write('db/schema.ts', USERS)
  mkdirSync(box.path('src', 'deep'), { recursive: true })
  const inside = { cwd: box.path('src', 'deep') }
  const steps: string[][] = [['-m', 'users'], ['upgrade', 'head']]
  for (const args of steps) expect((await box.run(args, inside)).code).toBe(0)
  const show = JSON.parse((await box.run(['show', 'head', '--json'], inside)).stdout)
  expect(show).toMatchObject({ message: 'users', head: true, revises: [] })
  expect(show.file).toBe(box.path('db', 'migrations', box.files().find((file) => file.endsWith('_users.ts'))!.slice('db/migrations/'.length)))
  box.edit('db/schema.ts', 'email: text()', 'email: varchar(200)')
  const changed = await box.run(['-m', 'shorter', '--schema', '../../db/schema.ts'], inside)
  expect(changed.stdout).toContain('  ~ table app.users\n      ~ column email: type text → character varying(200)\n')
  expect((await box.run(['upgrade'], inside)).code).toBe(0)
  expect((await box.run(['downgrade', '-1'], inside)).code).toBe(0)
  const behind = await box.run(['check', '--json'], inside)
  expect(behind.code).toBe(2)
  expect(JSON.parse(behind.stdout)).toMatchObject({
    inSync: false,
    proven: true,
    sql: ['ALTER TABLE app.users ALTER COLUMN email SET DATA TYPE character varying(200)'],
    pending: [{ message: 'shorter' }],
  })
  expect((await box.run(['upgrade'], inside)).code).toBe(0)
  expect((await box.run(['check', '--json'], inside)).stdout).toContain('"inSync": true')
  expect(box.files()).toHaveLength(6)
}, 90_000)

test('pull replaces the example that init wrote, and nothing that was edited', async () => {
  const url = await freshDatabase(newest)
  box.env = { DATABASE_URL: url }
  await box.ok('init')
  expect(await box.ok('pull')).toBe('wrote schema.ts: 1 object\n')
  expect(await box.run(['pull'])).toMatchObject({ code: 1, stderr: expect.stringContaining('schema.ts exists already') })
  expect(await box.ok('check')).toBe('in sync\n')
})

test('pull, then check, without migrations; nothing is written to the database', async () => {
  const url = await freshDatabase(newest)
  box.env = { DATABASE_URL: url }
  const session = await connectPostgres(url)
  await session.executeAll(['CREATE SCHEMA a', 'CREATE SCHEMA b', 'CREATE TABLE a.one (id int)', 'CREATE TABLE b.two (id int)'])
  const counted = async () => (await session.query('SELECT count(*) FROM pg_class'))[0]![0]
  const before = await counted()
  expect(await box.ok('pull')).toMatch(/^wrote schema\.ts: \d+ objects\n$/)
  expect(await box.ok('check')).toBe('in sync\n')
  expect(await box.ok('-m', 'nothing')).toBe('no differences: nothing to write\n')
  const again = await box.run(['pull'])
  expect(again).toEqual({ code: 1, stdout: '', stderr: 'error: schema.ts exists already\nhint: --force overwrites it; --stdout prints instead; --schema names another file\n' })
  const part = await box.ok('pull', '--stdout', '--only-schemas', 'a')
  expect(part).toContain("'one'")
  expect(part).not.toContain("'two'")
  const unknown = await box.run(['pull', '--stdout', '--only-schemas', 'aa'])
  expect(unknown).toEqual({ code: 1, stdout: '', stderr: 'error: the database has no schema "aa"\nhint: did you mean a?\n' })
  expect(await counted()).toBe(before)
  await session.close()
  expect(box.files()).toEqual(['schema.ts'])
}, 90_000)

test('two runners of one migration: one waits, it runs once', async () => {
  box.env = { DATABASE_URL: await freshDatabase(newest) }
  box.write('migrations/slow.ts', `import { migration } from 'pg-autogen'\nexport default migration({ revision: 'slow1', revises: null, upgrade: (op) => { op.execute('SELECT pg_sleep(1.5)'); op.execute('CREATE TABLE once ()') } })\n`)
  const outcomes = await Promise.all([box.run(['upgrade', '--json']), box.run(['upgrade', '--json'])])
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0])
  expect(outcomes.map(({ stdout }) => JSON.parse(stdout).ran.length).sort()).toEqual([0, 1])
})

test('Ctrl-C during an upgrade stops before the next migration', async () => {
  box.env = { DATABASE_URL: await freshDatabase(newest) }
  const slow = (id: string, revises: string | null) =>
    `import { migration } from 'pg-autogen'\nexport default migration({ revision: '${id}', revises: ${JSON.stringify(revises)}, upgrade: (op) => op.execute('SELECT pg_sleep(1.5)') })\n`
  box.write('migrations/1.ts', slow('slow1', null))
  box.write('migrations/2.ts', slow('slow2', 'slow1'))
  const child = box.start(['upgrade'])
  child.stderr!.on('data', (text: string) => {
    if (text.includes('↑ slow1')) child.kill('SIGINT')
  })
  const { code, stderr } = await child.outcome
  expect(code).toBe(130)
  expect(stderr).toContain('stopping when the transaction, or the step outside of one, that runs now is done; Ctrl-C once more cancels it\n')
  expect(await box.ok('current')).toMatch(/^slow1 /)
})

test.each([['a second Ctrl-C', ['SIGINT', 'SIGINT'], 130], ['SIGTERM', ['SIGTERM'], 143]] as const)('%s cancels what the server runs', async (_, signals, expected) => {
  box.env = { DATABASE_URL: await freshDatabase(newest) }
  box.write('migrations/1.ts', `import { migration } from 'pg-autogen'\nexport default migration({ revision: 'slow1', revises: null, upgrade: (op) => op.execute('SELECT pg_sleep(60)') })\n`)
  const session = await connectPostgres(box.env.DATABASE_URL!)
  const running = async () => (await session.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`)).length
  const child = box.start(['upgrade'])
  while ((await running()) === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  for (const signal of signals) {
    child.kill(signal)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect((await child.outcome).code).toBe(expected)
  expect(await running()).toBe(0)
  await session.close()
  expect(await box.ok('status')).toMatch(/current +base[^]*pending +1 migration/)
})

test('branches: several heads are an error that says how to go on, merge joins them', async () => {
  box.env = { DATABASE_URL: await freshDatabase(newest) }
  box.write('schema.ts', USERS)
  await box.ok('--empty', '-m', 'base', '--rev-id', 'base1')
  await box.ok('--empty', '-m', 'left', '--rev-id', 'left1')
  await box.ok('--empty', '-m', 'right', '--rev-id', 'right1', '--head', 'base1', '--splice')
  await box.ok('upgrade', 'heads')
  expect((await box.ok('current')).split('\n').filter(Boolean)).toHaveLength(2)
  const files = box.files()
  const refused = await box.run(['-m', 'more'])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/^error: there are several heads: left1, right1\nhint: merge them with `autogen merge heads`/)
  expect(box.files()).toEqual(files)
  await box.ok('merge', 'heads')
  await box.ok('upgrade')
  expect(await box.ok('heads')).toContain('(head) (mergepoint)')
  expect(await box.ok('branches')).toMatch(/^base1 .*base \(branchpoint\)\n {2}→ left1 .*\n {2}→ right1 /)
  expect(await box.ok('history', '--indicate-current')).toMatch(/\(head\) \(mergepoint\) \(current\) ← left1 \+ right1/)
}, 90_000)

test('a view that hangs on a retyped column is created again, and says so', async () => {
  const url = await freshDatabase(newest)
  box.env = { DATABASE_URL: url }
  box.write('schema.ts', USERS)
  await box.ok('-m', 'users')
  await box.ok('upgrade')
  const view = "export const reachable = app.view('reachable', sql`select u.id from app.users u where u.email is not null`)"
  box.write('schema.ts', USERS + view)
  await box.ok('-m', 'view')
  await box.ok('upgrade')
  box.edit('schema.ts', 'email: text()', 'email: varchar(300)')
  const diff = await box.ok('diff')
  expect(diff).toContain('  ~ table app.users\n      ~ column email: type text → character varying(300)\n')
  expect(diff).toContain('  ↻ view app.reachable is created again, because of column app.users.email\n')
  expect(JSON.parse(await box.ok('diff', '--json')).rebuilt).toEqual([{ object: 'view:app.reachable', because: 'column:app.users.email' }])
  expect((await box.run(['diff', '--sql', '--exit-code'])).code).toBe(2)
}, 90_000)
