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
  [`import { bigint, bigserial, check, compositeType, domain, index, integer, serial, sql, table, text, timestamptz, unique, uuid, varchar, view } from 'pg-autogen/schema'`, ...lines, ''].join('\n')

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

test('no value is cut or passed over, numbers go on, and one that cannot be changed so keeps no other from it', async () => {
  const long = 'x'.repeat(60)
  const schema = (int: string, label: string, span: string, rank: string, at: string) =>
    schemaFile(
      `export const pair = compositeType('pair', { a: integer(), b: integer() })`,
      `export const positive = domain('positive', bigint()).check('above', sql\`value > 0\`)`,
      `export const items = table('order_item', { id: ${int}().primaryKey(), at: ${at}(), label: ${label}, span: ${span}, rank: ${rank} })`,
      `export const orders = table('order', { id: ${int}().generatedAlwaysAsIdentity().primaryKey(), item_id: ${int}().references(() => items.id), ${long}_a: ${int}(), ${long}_b: ${int}() })`,
      `export const apart = table('apart', { id: ${int}().primaryKey() })`,
    )
  box.write('schema.ts', schema('integer', 'text()', 'pair()', 'integer()', 'text'))
  await box.ok('-m', 'before')
  await box.ok('upgrade')
  await sql(`INSERT INTO order_item VALUES (1, NULL, 'long', (1, NULL), 1)`, `INSERT INTO "order" (item_id) SELECT 1 FROM generate_series(1, 30)`, 'DELETE FROM "order" WHERE id > 10')
  box.write('schema.ts', schema('bigint', 'varchar(3)', 'text()', 'positive()', 'timestamptz'))
  const said = await box.ok('-m', 'other', '--gradual', '*')
  expect(said.match(/! .*/g)).toEqual(['! TABLE REWRITE: every row of public.order_item is written anew while nobody can read or write it; it cannot be done gradually, because making another one beside it writes them anew as well'])
  // What has nothing to do with the rest is not locked along with it.
  expect(written('other').split('op.backfill(').filter((part) => /DROP COLUMN id`/.test(part))).toHaveLength(4)
  expect(await box.run(['upgrade'])).toMatchObject({ code: 1, stderr: expect.stringContaining('value too long') })
  // Whoever writes meanwhile, and wherever.
  await sql(`SET timezone = 'Asia/Kolkata'`, `INSERT INTO order_item VALUES (2, '2026-01-01 12:00', 'ok')`)
  await sql(`UPDATE order_item SET label = 'ok' WHERE id = 1`)
  await box.ok('upgrade')
  expect(await sql(`SELECT label, span, at = '2026-01-01 12:00' FROM order_item ORDER BY id`)).toEqual([['ok', '(1,)', null], ['ok', null, true]])
  expect(await sql('INSERT INTO "order" (item_id) VALUES (1) RETURNING id')).toEqual([['31']])
  expect(await box.run(['check'])).toMatchObject({ code: 0 })
})

test('between the two halves a release finds table and column under the names it knows, with the same values and rights', async () => {
  const users = (name: string, column: string, more = '', end = '', note = 'text()') =>
    schemaFile(`export const users = table('${name}', { id: bigint().primaryKey(), ${column}: text().notNull()${more}, note: ${note}.default('-') }, (t) => [unique('one_name').on(t.${column})])${end}`)
  await sql('DROP ROLE IF EXISTS gradual_reader', 'CREATE ROLE gradual_reader')
  box.write('schema.ts', users('users', 'name'))
  await box.ok('-m', 'before')
  await box.ok('upgrade')
  await sql(`INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob')`, 'GRANT SELECT, UPDATE, INSERT (id) ON users TO gradual_reader')
  try {
    box.write('schema.ts', users('people', 'full_name', `.renamedFrom('name')`, `.renamedFrom('users')`, 'varchar(9)'))
    // What it was called when its rows became many.
    expect(await box.ok('--split', '-m', 'names', '--gradual', 'public.users')).not.toContain('TABLE REWRITE')
    await box.ok('upgrade', 'expand@head')
    await sql('SET ROLE gradual_reader', `UPDATE users SET name = 'Ann Lee' WHERE id = 1`)
    expect(await sql(`SELECT has_column_privilege('gradual_reader', 'users', 'id', 'INSERT')`)).toEqual([[true]])
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
    expect(await sql('SET ROLE gradual_reader', 'SELECT name FROM users ORDER BY id')).toEqual([['Ann Lee'], ['Bo'], ['Cid'], ['Dan']])
    await box.ok('downgrade', '--', '-1')
    expect(await sql('SELECT name FROM users ORDER BY id')).toEqual([['Ann Lee'], ['Bo'], ['Cid'], ['Dan']])
    await expect(sql('UPDATE users SET name = NULL')).rejects.toThrow('not-null')
  } finally {
    await sql('DROP OWNED BY gradual_reader', 'DROP ROLE gradual_reader')
  }
})

test('of two names that are good at once, each finds rows that move, rights on columns, and rows in columns; what something looks at has one', async () => {
  const schema = (spot: string, mail: string) =>
    schemaFile(
      `export const pair = compositeType('pair', { a: integer(), b: integer() })`,
      `export const places = table('places', { id: bigint().primaryKey(), ${spot}, ${mail}, loud: text().generatedAlwaysAs(sql\`upper(${mail.split(':')[0]})\`) })`,
      `  .grant('pg_monitor', ['select'], { columns: ['id', '${spot.split(':')[0]}'] })`,
    )
  box.write('schema.ts', schema('spot: pair()', 'mail: text()'))
  await box.ok('-m', 'before')
  await box.ok('upgrade')
  await sql('INSERT INTO places VALUES (1, (1, NULL)), (2, (2, 2))')
  box.write('schema.ts', schema(`point: pair().renamedFrom('spot')`, `email: text().renamedFrom('mail')`))
  await box.ok('--split', '-m', 'names', '--gradual', '*')
  expect(written('contract_names')).toContain('// column public.places.email has one name at a time, because other columns are made from it')
  await box.ok('upgrade', 'expand@head')
  const both = [['1', '(1,)', '(1,)'], ['2', '(2,2)', '(2,2)']]
  expect(await sql('SET ROLE pg_monitor', 'SELECT id, spot::text, point::text FROM places ORDER BY id')).toEqual(both)
  // A row that the batches did not reach yet.
  await sql('ALTER TABLE places DISABLE TRIGGER ALL', 'UPDATE places SET point = NULL WHERE id = 1', 'ALTER TABLE places ENABLE ALWAYS TRIGGER zz_point__both')
  expect(await sql('SET session_replication_role = replica', 'UPDATE places SET id = 0 WHERE id = 1 RETURNING point::text')).toEqual([['(1,)']])
})
