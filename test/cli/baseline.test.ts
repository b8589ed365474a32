import { spawnSync } from 'node:child_process'
import { connectPostgres } from '../../src/database/postgres.js'
import { observe } from '../support/observer.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
})

afterEach(() => box.remove())

async function databaseWith(...statements: string[]): Promise<string> {
  const url = await freshDatabase(Math.max(...majors))
  const session = await connectPostgres(url)
  await session.executeAll(statements)
  await session.close()
  return url
}

const EXISTING = [
  'CREATE SCHEMA app',
  "CREATE TYPE app.mood AS ENUM ('good', 'bad')",
  `CREATE TABLE app.users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood app.mood DEFAULT 'good', "two\nlines" text)`,
  'CREATE FUNCTION app.f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM app.users; END',
  `CREATE VIEW app.v AS SELECT id, app.f() AS n, ';' AS semicolon FROM app.users`,
]

test('a history that begins on a database with objects can be replayed and run without it', async () => {
  box.env = { DATABASE_URL: await databaseWith(...EXISTING) }
  await box.ok('pull')
  box.edit('schema.ts', "mood: ", "email: text(),\n  mood: ")
  await box.ok('-m', 'add email')
  await box.ok('upgrade')
  expect(box.read('migrations/baseline.sql')).toMatch(/^-- The database on which[^]*\n\n-- \+ schema app\nCREATE SCHEMA app;\n/)
  expect(await box.ok('check')).toBe('in sync\n')
  expect(await box.ok('diff', '--from', 'migrations', '--to', 'schema', '--exit-code')).toContain('no differences')

  // A colleague's empty database, and a checkout of git on Windows.
  box.write('migrations/baseline.sql', box.read('migrations/baseline.sql').replaceAll('\n', '\r\n'))
  box.env = { DATABASE_URL: await databaseWith() }
  const { code, stderr } = await box.run(['upgrade'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('the database is empty: making what the history began on') })
  expect(await box.ok('check')).toBe('in sync\n')
  await box.ok('downgrade', 'base')
  const back = await box.run(['diff', '--from', 'database', '--to', 'schema', '--sql'])
  expect(back.stdout.trim()).toBe('-- + column app.users.email — ACCESS EXCLUSIVE on app.users, metadata only\nALTER TABLE app.users ADD COLUMN email text;')

  // And one that is there already.
  box.env = { DATABASE_URL: await databaseWith(...EXISTING) }
  expect((await box.run(['upgrade'])).stderr).not.toContain('is empty')
  expect(await box.ok('check')).toBe('in sync\n')
}, 120_000)

const psql = spawnSync('psql', ['--version']).status === 0
if (!psql) console.warn('psql is not installed: that a script makes the baseline is not tested')

;(psql ? test : test.skip)('a script makes the baseline of an empty database, and passes over it on one that is there', async () => {
  const existing = await databaseWith(...EXISTING)
  box.env = { DATABASE_URL: existing }
  await box.ok('pull')
  box.edit('schema.ts', "mood: ", "email: text(),\n  mood: ")
  await box.ok('-m', 'add email')
  const script = await box.ok('upgrade', '--sql', 'head')
  const states: string[][] = []
  for (const url of [await databaseWith('CREATE EXTENSION citext'), existing]) {
    const { status, stderr } = spawnSync('psql', ['-X', '-q', '-d', url], { input: script, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    const session = await connectPostgres(url)
    await session.executeAll(['DROP EXTENSION IF EXISTS citext'])
    states.push(await observe(session))
    await session.close()
    expect(await box.ok('check', '-d', url)).toBe('in sync\n')
  }
  expect(states[0]).toEqual(states[1])
}, 60_000)

test('a baseline that cannot be made says where, and nothing is kept', async () => {
  box.env = { DATABASE_URL: await databaseWith('CREATE TABLE public.t (id int)') }
  await box.ok('pull')
  box.edit('schema.ts', 'id: integer()', 'id: integer(), b: integer()')
  await box.ok('-m', 'add b')
  box.edit('migrations/baseline.sql', 'id integer', 'id no_such_type')
  box.env = { DATABASE_URL: await databaseWith() }
  const { code, stderr } = await box.run(['upgrade'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/error: the baseline of the migrations cannot be made here: type "no_such_type" does not exist\n {2}at migrations\/baseline\.sql:\d+\n/)
  expect(await box.ok('current')).toBe('')
  box.edit('migrations/baseline.sql', 'id no_such_type', 'id integer')
  await box.ok('upgrade')
  expect(await box.ok('check')).toBe('in sync\n')
}, 60_000)

test('a history that begins on an empty database has no baseline', async () => {
  box.env = { DATABASE_URL: await databaseWith() }
  box.write('schema.ts', "import { table, integer } from 'pg-autogen/schema'\nexport const t = table('t', { id: integer() })\n")
  await box.ok('-m', 'first')
  expect(box.files().filter((file) => file.endsWith('.sql'))).toEqual([])
}, 60_000)

test.each([
  ['extensions alone, which a new database may have', ['CREATE EXTENSION hstore'], true],
  ['a schema alone', ['CREATE SCHEMA app'], false],
  ['an object of no schema', ['CREATE PUBLICATION p'], false],
])('%s: laid on such a database, or taken for it', async (_, existing, laid) => {
  box.env = { DATABASE_URL: await databaseWith(...existing) }
  await box.ok('pull')
  box.edit('schema.ts', "from 'pg-autogen/schema'", "from 'pg-autogen/schema'\nimport { table, integer } from 'pg-autogen/schema'\nexport const t = table('t', { id: integer() })")
  await box.ok('-m', 'add t')
  const { code, stderr } = await box.run(['upgrade'])
  expect({ code, laid: stderr.includes('is empty') }).toEqual({ code: 0, laid })
  expect(await box.ok('check')).toBe('in sync\n')
}, 60_000)
