import type { Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox, schemaFile } from './sandbox.js'

let box: Sandbox
let database: Database

beforeEach(async () => {
  box = new Sandbox()
  const url = await freshDatabase(majors.at(-1)!)
  // The server asks for no password.
  box.env = { DATABASE_URL: url.replace(/^(postgres:\/\/[^:@/]+)@/, '$1:hunter2@'), AUTOGEN_SCRATCH: 'server' }
  expect(box.env.DATABASE_URL).toContain(':hunter2@')
  database = await connectPostgres(url)
})

afterEach(async () => {
  await database.close()
  box.remove()
})

interface Document {
  readonly hazards: readonly { readonly code: string; readonly object: string; readonly message: string; readonly instead?: string }[]
  readonly counts?: readonly Record<string, unknown>[]
}

const users = (...columns: string[]) => schemaFile(`export const users = table('users', { id: bigint().primaryKey(), ${columns.join(', ')} })`)

test('a type that keeps less is refused with the safer way, unless it is allowed; a wider one is not', async () => {
  await database.executeAll(['CREATE TABLE users (id bigint PRIMARY KEY, seen timestamptz, name varchar(10))'])
  box.write('schema.ts', users('seen: timestamptz()', 'name: varchar(20)'))
  expect(JSON.parse(await box.ok('diff', '--json'))).toMatchObject({ hazards: [] })
  box.edit('schema.ts', 'seen: timestamptz()', 'seen: date()')
  box.edit('schema.ts', 'bigint,', 'bigint, date,')
  const refused = await box.run(['-m', 'days'])
  expect(refused).toMatchObject({ code: 3, stdout: '' })
  expect(refused.stderr).toBe(
    [
      'error: the migration would change values for good, and that was not allowed; nothing was written',
      '  column public.users.seen: the time of day is cut off, which going back does not bring back',
      '    instead: add a column of the new type beside it, fill it from this one, let the code move over, and drop this one in a later migration',
      'hint: allow it with --allow irreversible, or for one object with --allow irreversible:public.users.seen',
      '',
    ].join('\n'),
  )
  expect(box.migrations()).toEqual([])
  await box.ok('-m', 'days', '--allow', 'irreversible:public.users.seen')
  expect(box.read(`migrations/${box.migrations()[0]!}`)).toContain('// IRREVERSIBLE: column public.users.seen: the time of day is cut off, which going back does not bring back\n')
})

test('what may fail on rows is named, with the command that counts them', async () => {
  await database.executeAll(['CREATE TABLE users (id bigint PRIMARY KEY, name text)'])
  box.write('schema.ts', users('name: text().notNull()', 'email: text().notNull()'))
  const note = 'note: may fail on rows that are there: column public.users.name, column public.users.email\nhint: autogen check --count counts the rows that are in the way\n'
  expect((await box.run(['check'])).stderr).toBe(note)
  expect((await box.run(['check', '--count'])).stderr).toBe('')
  expect((await box.run(['-m', 'stricter'])).stderr).toBe(note)
})

test('a function that names what goes is told of by every command', async () => {
  const notify = `CREATE FUNCTION notify_user() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''UPDATE users SET email = NULL''; END'`
  await database.executeAll(['CREATE TABLE users (id bigint PRIMARY KEY, email text)', notify])
  await box.ok('pull', '--force')
  const source = box.read('schema.ts')
  await database.executeAll(['DROP FUNCTION notify_user()', 'DROP TABLE users'])
  await box.ok('-m', 'users')
  await box.ok('upgrade')
  box.write('schema.ts', source.replace(/^ *email:.*\n/m, ''))
  const message = 'column public.users.email: function public.notify_user() names it in a text that PostgreSQL does not track, and fails when it is called next'
  const hazard = { code: 'untracked-dependency', object: 'column:public.users.email', message, instead: 'change function public.notify_user() in the same migration, if it means this column' }
  expect((JSON.parse(await box.ok('diff', '--json')) as Document).hazards).toContainEqual(hazard)
  expect(await box.ok('diff')).toContain(`-- UNTRACKED DEPENDENCY: ${message}`)
  const written = await box.ok('-m', 'no email', '--allow', 'data-loss')
  expect(written).toContain('! UNTRACKED DEPENDENCY: function public.notify_user() names it')
  expect(box.read(`migrations/${box.migrations().find((name) => name.includes('no_email'))!}`)).toContain(`// UNTRACKED DEPENDENCY: ${message}`)
  const [review] = (JSON.parse(await box.ok('review', 'head', '--json')) as { migrations: Document[] }).migrations
  expect(review!.hazards).toContainEqual({ ...hazard, object: 'column public.users.email', message: message.slice('column public.users.email: '.length) })
  // What the migration changes along is not told of.
  box.edit('schema.ts', 'UPDATE users SET email = NULL', 'UPDATE users SET id = id')
  expect((JSON.parse(await box.ok('diff', '--json')) as Document).hazards.map(({ code }) => code)).not.toContain('untracked-dependency')
})

describe('check --count', () => {
  const rows = async () => {
    await database.executeAll([
      'CREATE TABLE users (id bigint PRIMARY KEY, email text, level integer, note text)',
      'CREATE SEQUENCE numbers',
      `INSERT INTO users VALUES (1, NULL, 0, 'secret row'), (2, 'a', 1, 'short'), (3, 'a', 1, 'short')`,
    ])
    box.write(
      'schema.ts',
      schemaFile(
        `import { sequence } from 'pg-autogen/schema'`,
        `export const numbers = sequence('numbers')`,
        `export const users = table('users', { id: bigint().primaryKey(), email: text().notNull(), level: integer(), note: varchar(5) }, (t) => [`,
        `  uniqueIndex('users_email').on(t.email), check('writes', sql\`nextval('numbers') > 0\`), check('divides', sql\`1 / level > 0\`), check('sleeps', sql\`pg_sleep(1)::text = ''\`),`,
        `])`,
      ).replace('bigint,', 'bigint, uniqueIndex,'),
    )
  }

  test('says how many rows are in the way, only reads, and shows no row', async () => {
    await rows()
    const { code, stdout, stderr } = await box.run(['check', '--count', '--statement-timeout', '300ms'])
    expect(code).toBe(3)
    const counted = stdout.slice(stdout.indexOf('Rows in the way:'))
    for (const line of [
      /^ {7}1 {2}column public\.users\.email: rows that are there may have no value for it\n {10}SELECT count\(\*\) FROM public\.users WHERE email IS NULL\n/m,
      /^ {7}1 {2}column public\.users\.note: values of more than 5 characters may be there\n/m,
      /^ {7}1 {2}index public\.users_email: rows that are there may repeat each other\n/m,
      /^ {7}\? {2}constraint public\.users\.writes: .*\n {10}not counted: cannot execute nextval\(\) in a read-only transaction\n/m,
      /^ {7}\? {2}constraint public\.users\.divides: .*\n {10}not counted: there are values on which the query itself fails \(SQLSTATE 22012\)\n/m,
      /^ {7}\? {2}constraint public\.users\.sleeps: .*\n {10}not counted: it took longer than statement_timeout\n/m,
    ]) {
      expect(counted).toMatch(line)
    }
    expect(stdout + stderr).not.toMatch(/secret row|hunter2/)
  })

  test('exits as without it when nothing is in the way, and looks at pending migrations', async () => {
    await database.executeAll(['CREATE TABLE users (id bigint PRIMARY KEY, email text)', `INSERT INTO users VALUES (1, 'a'), (2, NULL)`])
    box.write('schema.ts', users("email: text().notNull().check(sql`email <> 'x'`)"))
    await box.ok('-m', 'email')
    box.write('migrations/bbbb.ts', `import { migration } from 'pg-autogen'
export default migration({ revision: 'bbbb', revises: '${/[0-9a-f]{12}/.exec(box.migrations()[0]!)![0]}',
  upgrade: (op) => op.execute('ALTER TABLE public.users ADD CONSTRAINT short CHECK (length(email) < 1)'), downgrade: (op) => op.execute('ALTER TABLE public.users DROP CONSTRAINT short') })
`)
    await box.ok('lock')
    const counts = async (code: number) => {
      const outcome = await box.run(['check', '--count', '--json'])
      expect(outcome.code).toBe(code)
      return (JSON.parse(outcome.stdout) as Document).counts!.map(({ object, revision, rows }) => [object, revision, rows])
    }
    const first = expect.stringMatching(/^[0-9a-f]{12}$/)
    expect(await counts(3)).toEqual([
      ['column public.users.email', first, 1],
      ['constraint public.users.users_email_check', first, 0],
      ['constraint public.users.short', 'bbbb', 1],
    ])
    await database.executeAll([`UPDATE users SET email = ''`])
    expect(await counts(2)).toEqual([
      ['column public.users.email', first, 0],
      ['constraint public.users.users_email_check', first, 0],
      ['constraint public.users.short', 'bbbb', 0],
    ])
  })
})
