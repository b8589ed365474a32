import { startNative } from '../../src/database/native.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors, server } from '../support/servers.js'
import { Sandbox, schemaFile } from './sandbox.js'

const [oldest, newest] = [majors[0]!, majors.at(-1)!]

const SQL = `
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100) CHECK (email IN ('a', 'b')));
CREATE VIEW emails AS SELECT email FROM users WHERE email IN ('a', 'b');
`
const SCHEMA = schemaFile(
  `export const users = table('users', {`,
  `  id: bigint().primaryKey(),`,
  "  email: varchar(100).check(sql`email IN ('a', 'b')`),",
  `})`,
  "export const emails = view('emails', sql`SELECT email FROM users WHERE email IN ('a', 'b')`)",
)

let box: Sandbox
let onTestEnd: (() => Promise<void>) | undefined

beforeEach(async () => {
  box = new Sandbox()
  box.env = { AUTOGEN_SCRATCH: (await server(newest)).url }
  box.write('a.sql', SQL)
  box.write('schema.ts', SCHEMA)
})

afterEach(async () => {
  box.remove()
  await onTestEnd?.()
  onTestEnd = undefined
})

async function database(major: number, ...statements: string[]): Promise<string> {
  const url = await freshDatabase(major)
  await run(url, ...statements)
  return url
}

async function run(url: string, ...statements: string[]): Promise<void> {
  const session = await connectPostgres(url)
  await session.executeAll(statements)
  await session.close()
}

/** Everything a database holds of its own, as its catalogs count it. */
async function contents(url: string): Promise<unknown> {
  const session = await connectPostgres(url)
  try {
    return await session.query(`SELECT (SELECT count(*) FROM pg_class)::int, (SELECT count(*) FROM pg_namespace)::int, (SELECT count(*) FROM pg_roles)::int, (SELECT count(*) FROM pg_proc)::int`)
  } finally {
    await session.close()
  }
}

test('every form of one state is the same as every other, and differs from a further one alike', async () => {
  // Its roles are counted: nobody else makes some on a server of its own.
  const own = await startNative({ major: newest })
  onTestEnd = own.stop
  const { url } = own
  box.env = {}
  await run(url, ...SQL.split(';').filter((text) => text.trim()))
  await box.ok('-m', 'all', '--no-typecheck')
  await box.ok('pull', '-d', url, '--snapshot', 'snap.json')
  const before = await contents(url)
  box.write('more/1.sql', SQL)
  box.write('more/2.sql', 'ALTER TABLE users ADD active boolean;')
  const forms = [url, 'a.sql', 'schema.ts', 'migrations', 'snap.json']
  for (const [index, from] of forms.entries()) {
    const to = forms[(index + 1) % forms.length]!
    expect([from, to, await box.run(['diff', '--from', from, '--to', to, '--exit-code'])]).toEqual([from, to, expect.objectContaining({ code: 0, stdout: 'no differences\n' })])
    if (from !== url) continue
    const other = await box.run(['diff', '--from', from, '--to', 'more', '--exit-code', '--json'])
    expect([from, other.code, other.stderr]).toEqual([from, 2, ''])
    expect(JSON.parse(other.stdout)).toMatchObject({
      from: expect.stringMatching(/^postgres:/),
      to: 'more',
      operations: [{ operation: 'create', object: 'column:public.users.active', attributes: { type: 'boolean' } }],
      sql: ['ALTER TABLE public.users ADD COLUMN active boolean'],
      hazards: [],
      proven: true,
    })
  }
  expect(await contents(url)).toEqual(before)
}, 240_000)

test('backwards: hazards, in text and for machines', async () => {
  box.write('b.sql', `${SQL}ALTER TABLE users ADD active boolean;`)
  expect((await box.run(['diff', '--from', 'b.sql', '--to', 'a.sql'])).stdout).toBe(
    '  ~ table public.users\n      - column active\n          ! DATA LOSS: the values are gone\n\n' +
      '-- - column public.users.active — ACCESS EXCLUSIVE on public.users, metadata only\n-- DATA LOSS: column public.users.active: the values are gone\nALTER TABLE public.users DROP COLUMN active;\n',
  )
  const { stdout } = await box.run(['diff', '--from', 'b.sql', '--to', 'a.sql', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    operations: [{ operation: 'drop', object: 'column:public.users.active', attributes: { type: 'boolean' } }],
    steps: [{ action: 'drop', object: 'column:public.users.active', sql: 'ALTER TABLE public.users DROP COLUMN active', transaction: 'inside' }],
    hazards: [
      { code: 'data-loss', object: 'column:public.users.active', message: 'column public.users.active: the values are gone' },
      { code: 'breaks-code', object: 'column:public.users.active', message: 'column public.users.active: code that still uses it fails' },
    ],
  })
})

test('check --json: every difference with its SQL, and nothing else on stdout', async () => {
  box.env = { DATABASE_URL: await database(newest, 'CREATE TABLE users (id integer PRIMARY KEY, old text)', 'CREATE VIEW ids AS SELECT id FROM users') }
  const { code, stdout } = await box.run(['check', '--json'])
  const result = JSON.parse(stdout)
  expect(code).toBe(2)
  expect(result.inSync).toBe(false)
  expect(result.operations.map(({ operation, object }: Record<string, string>) => `${operation} ${object}`).sort()).toEqual([
    'alter column:public.users.id', 'create column:public.users.email', 'create constraint:public.users.users_email_check', 'create view:public.emails',
    'drop column:public.users.old', 'drop view:public.ids',
  ])
  expect(result.steps.map(({ sql }: Record<string, string>) => sql)).toEqual(result.sql)
  for (const { object } of result.operations) expect(result.steps.map((step: Record<string, string>) => step.object)).toContain(object)
  expect(result.hazards.map(({ code, object }: Record<string, string>) => `${code} ${object}`).sort()).toEqual([
    'breaks-code column:public.users.id',
    'breaks-code column:public.users.old',
    'breaks-code constraint:public.users.users_email_check',
    'breaks-code view:public.ids',
    'data-loss column:public.users.old',
    'may-fail constraint:public.users.users_email_check',
    'table-rewrite column:public.users.id',
  ])
  expect(result.proven).toBe(true)
})

test('two servers of different majors; a role that only one of them knows', async () => {
  const role = `only_there_${process.pid}`
  const from = await database(oldest, `CREATE ROLE ${role}`, 'CREATE TABLE t (id int)', `GRANT SELECT ON t TO ${role}`)
  const to = await database(newest, 'CREATE TABLE t (id int, n int GENERATED ALWAYS AS (id + 1) STORED)')
  try {
    const { stdout, stderr } = await box.run(['diff', '--from', from, '--to', to, '--json'])
    const result = JSON.parse(stdout)
    expect(result.operations.map(({ operation, object }: Record<string, string>) => `${operation} ${object}`).sort()).toEqual([
      'create column:public.t.n',
      `drop privilege:table:public.t ${role}`,
    ])
    expect([result.proven, stderr]).toEqual([true, ''])
  } finally {
    const session = await connectPostgres(from)
    await session.executeAll([`DROP OWNED BY ${role}`, `DROP ROLE ${role}`])
    await session.close()
  }
})

test('privileges count where one side declares some, owners and grants of a database do not by themselves', async () => {
  // A server that others use gets no role for the sake of a comparison.
  box.env = {}
  box.write('b.sql', `${SQL}GRANT SELECT ON users TO somebody;`)
  const granted = await box.run(['diff', '--from', 'schema', '--to', 'b.sql', '--sql'])
  expect(granted.stdout).toContain('GRANT SELECT ON TABLE public.users TO somebody;')
  const role = `reader_${process.pid}`
  const url = await database(newest, ...SQL.split(';').filter((text) => text.trim()), `CREATE ROLE ${role}`, `GRANT SELECT ON users TO ${role}`)
  try {
    expect((await box.run(['diff', '--from', url, '--to', 'a.sql'])).stdout).toBe('no differences\n')
  } finally {
    const session = await connectPostgres(url)
    await session.executeAll([`DROP OWNED BY ${role}`, `DROP ROLE ${role}`])
    await session.close()
  }
})

test("a Prisma schema; Prisma's own table is none of its business", async () => {
  box.write('schema.prisma', 'datasource db {\n  provider = "postgresql"\n}\nmodel users {\n  id BigInt @id\n  name String?\n}\n')
  const url = await database(newest, 'CREATE TABLE users (id bigint PRIMARY KEY)', 'CREATE TABLE _prisma_migrations (id text PRIMARY KEY)')
  expect((await box.run(['diff', '--from', url, '--to', 'schema.prisma', '--sql'])).stdout).toBe(
    '-- + column public.users.name — ACCESS EXCLUSIVE on public.users, metadata only\nALTER TABLE public.users ADD COLUMN name text;\n',
  )
})

test('what is wrong on a side is said with its place; stdout stays empty', async () => {
  box.write('b.sql', 'CREATE TABLE a (id int);\nCREATE TABEL b ();\n')
  box.write('c.json', '{}')
  const sides: [string, RegExp][] = [
    ['b.sql', /^error: syntax error at or near "TABEL"\n {2}at b\.sql:2:8\n/],
    ['c.json', /^error: .*c\.json is not a snapshot of a database\nhint: write one with autogen pull --snapshot <file>\n$/],
    ['d.sql', /^error: d\.sql does not exist\nhint: /],
    ['postgres://u:secret@127.0.0.1:1/d', /^error: cannot connect to postgres:\/\/u@127\.0\.0\.1:1\/d/],
  ]
  for (const [side, message] of sides) {
    for (const args of [['--from', side, '--to', 'schema'], ['--from', 'schema', '--to', side]]) {
      const outcome = await box.run(['diff', ...args])
      expect([args, outcome]).toEqual([args, { code: 1, stdout: '', stderr: expect.stringMatching(message) }])
    }
  }
})

test('a snapshot of some schemas answers for these; it is not overwritten unless told', async () => {
  const url = await database(newest, 'CREATE TABLE t (id int)', 'CREATE SCHEMA app', 'CREATE TABLE app.t (id int)')
  box.env = { DATABASE_URL: url }
  await box.ok('pull', '--snapshot', 'x/snap.json', '--only-schemas', 'app')
  expect(await box.ok('diff', '--to', 'x/snap.json')).toBe('no differences\n')
  expect(await box.ok('diff', '--from', 'x/snap.json', '--to', 'database')).toBe('no differences\n')
  box.write('b.sql', 'CREATE SCHEMA app; CREATE TABLE app.t (); CREATE TABLE other ();')
  expect(await box.ok('diff', '--from', 'b.sql', '--to', 'x/snap.json', '--sql')).toBe('-- + column app.t.id — ACCESS EXCLUSIVE on app.t, metadata only\nALTER TABLE app.t ADD COLUMN id integer;\n')
  expect(await box.ok('pull', '--snapshot', 'x/snap.json', '--force')).toMatch(/^wrote x\/snap\.json: \d+ objects\n$/)
  expect(await box.run(['pull', '--snapshot', 'x/snap.json'])).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') })
  expect(box.files()).toEqual(['a.sql', 'b.sql', 'schema.ts', 'x/snap.json'])
})
