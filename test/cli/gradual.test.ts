import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox
let url: string

beforeEach(async () => {
  box = new Sandbox()
  url = await freshDatabase(Math.max(...majors))
  box.env = { DATABASE_URL: url, AUTOGEN_ALLOW: 'data-loss,irreversible' }
})

afterEach(() => box.remove())

/** Runs statements in one session and gives back the rows of the last. */
async function sql(...statements: string[]): Promise<unknown[][]> {
  const database = await connectPostgres(url)
  try {
    let rows: unknown[][] = []
    for (const statement of statements) rows = await database.query(statement)
    return rows
  } finally {
    await database.close()
  }
}

const schemaFile = (...lines: string[]) =>
  [`import { bigint, bigserial, check, index, integer, serial, sql, table, text, unique, uuid, view } from 'pg-autogen/schema'`, ...lines, ''].join('\n')

const written = (name: string) => box.read(`migrations/${box.migrations().find((file) => file.endsWith(`_${name}.ts`))}`)

test('a key and what refers to it get another type in batches, and everything on them is as before; and back', async () => {
  const schema = (id: string, ref: string) =>
    schemaFile(
      `export const users = table('users', { id: ${id}().primaryKey(), n: ${ref}() }, (t) => [index('big').on(t.n).where(sql\`n > 5\`), check('positive', sql\`n > 0\`)])`,
      `export const posts = table('posts', { id: bigint().generatedAlwaysAsIdentity().primaryKey(), author: ${ref}().notNull().references(() => users.id) })`,
      `export const numbers = view('numbers', sql\`select id, n from users\`)`,
    )
  box.write('schema.ts', schema('serial', 'integer'))
  await box.ok('-m', 'before')
  await box.ok('upgrade')
  await sql('INSERT INTO users (n) SELECT n FROM generate_series(1, 2500) n', 'INSERT INTO posts (author) SELECT id FROM users')
  box.write('schema.ts', schema('bigserial', 'bigint'))
  const said = await box.ok('-m', 'wider', '--gradual', 'public.*')
  expect(said).not.toContain('TABLE REWRITE')
  const text = written('wider')
  expect(text.match(/op\.backfill\(/g)).toHaveLength(6)
  expect(text).not.toContain('SET DATA TYPE')
  // What is gone for a moment is gone within one transaction.
  const upgrade = text.slice(0, text.indexOf('downgrade:'))
  expect(upgrade.slice(upgrade.indexOf('DROP COLUMN'), upgrade.indexOf('CREATE VIEW'))).not.toMatch(/outsideTransaction|backfill/)
  await box.ok('upgrade')
  expect(await sql('INSERT INTO users (n) VALUES (3000000000) RETURNING id')).toEqual([['2501']])
  expect(await sql('SELECT count(*)::int FROM posts JOIN users ON users.id = author WHERE posts.id = users.n')).toEqual([[2500]])
  await expect(sql('INSERT INTO posts (author) VALUES (9999)')).rejects.toThrow('posts_author_fkey')
  expect(await box.run(['check'])).toMatchObject({ code: 0 })
  await sql('DELETE FROM users WHERE n > 2147483647')
  await box.ok('downgrade', '--', '-1')
  expect(await sql(`SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'numbers'`)).toEqual([['id integer, n integer']])
  expect(await sql('SELECT count(*)::int FROM posts JOIN users ON users.id = author WHERE posts.id = users.n')).toEqual([[2500]])
})

test('a new column gets a value of its own for each row, and what cannot be done in steps says why', async () => {
  const schema = (...more: string[]) => {
    const columns = [...more].join(', ')
    return schemaFile(`export const keyed = table('keyed', { id: bigint().primaryKey(), ${columns} })`, `export const loose = table('loose', { a: text(), ${columns} })`)
  }
  box.write('schema.ts', schema())
  await box.ok('-m', 'before')
  await box.ok('upgrade')
  await sql('INSERT INTO keyed SELECT generate_series(1, 10)', `INSERT INTO loose SELECT 'a'`)
  box.write('schema.ts', schema('token: uuid().notNull().default(sql`gen_random_uuid()`)'))
  const said = await box.ok('-m', 'tokens', '--gradual', 'public.keyed,public.loose.token')
  expect(said.match(/! .*/g)).toEqual(['! TABLE REWRITE: every row of public.loose is written anew while nobody can read or write it; it cannot be done gradually, because its table has no primary key by whose ranges rows could be taken'])
  await box.ok('upgrade')
  expect(await sql('SELECT count(DISTINCT token)::int FROM keyed')).toEqual([[10]])
  expect(await box.run(['check'])).toMatchObject({ code: 0 })
})

test('between the two halves a release finds table and column under the names it knows, with the same values and rights', async () => {
  const users = (name: string, column: string, more = '', end = '') =>
    schemaFile(`export const users = table('${name}', { id: bigint().primaryKey(), ${column}: text().notNull()${more}, note: text().default('-') }, (t) => [unique('one_name').on(t.${column})])${end}`)
  await sql('DROP ROLE IF EXISTS gradual_reader', 'CREATE ROLE gradual_reader')
  box.write('schema.ts', users('users', 'name'))
  await box.ok('-m', 'before')
  await box.ok('upgrade')
  await sql(`INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob')`, 'GRANT SELECT, UPDATE ON users TO gradual_reader')
  try {
    box.write('schema.ts', users('people', 'full_name', `.renamedFrom('name')`, `.renamedFrom('users')`))
    await box.ok('--split', '-m', 'names', '--gradual', '*')
    await box.ok('upgrade', 'expand@head')
    await sql('SET ROLE gradual_reader', `UPDATE users SET name = 'Ann Lee' WHERE id = 1`)
    await sql(`INSERT INTO users (id, name) VALUES (3, 'Cid')`, `INSERT INTO people (id, full_name) VALUES (4, 'Dan')`, `UPDATE people SET full_name = 'Bob Ray' WHERE id = 2`)
    const both = [['1', 'Ann Lee', 'Ann Lee'], ['2', 'Bob Ray', 'Bob Ray'], ['3', 'Cid', 'Cid'], ['4', 'Dan', 'Dan']]
    expect(await sql('SELECT id, name, full_name FROM people ORDER BY id')).toEqual(both)
    expect(await sql('SELECT id, name FROM users ORDER BY id')).toEqual(both.map(([id, name]) => [id, name]))
    await expect(sql(`INSERT INTO people (id, full_name) VALUES (5, 'Dan')`)).rejects.toThrow('one_name')
    await box.ok('upgrade', 'contract@head')
    expect(await box.run(['check'])).toMatchObject({ code: 0 })
    expect(await sql('SELECT id, full_name FROM people ORDER BY id')).toEqual(both.map(([id, name]) => [id, name]))
    await expect(sql('SELECT FROM users')).rejects.toThrow('does not exist')

    await box.ok('downgrade', '--', '-1')
    await sql(`UPDATE people SET full_name = 'Bo' WHERE id = 2`)
    expect(await sql('SELECT name FROM users ORDER BY id')).toEqual([['Ann Lee'], ['Bo'], ['Cid'], ['Dan']])
    await box.ok('downgrade', '--', '-1')
    expect(await sql('SELECT name FROM users ORDER BY id')).toEqual([['Ann Lee'], ['Bo'], ['Cid'], ['Dan']])
    await expect(sql('UPDATE users SET name = NULL')).rejects.toThrow('not-null')
  } finally {
    await sql('DROP OWNED BY gradual_reader', 'DROP ROLE gradual_reader')
  }
})
