import { connectPostgres } from '../../src/database/postgres.js'
import { observe } from '../support/observer.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox, schemaFile } from './sandbox.js'

const newest = majors.at(-1)!
const STATES = [
  [`export const users = table('users', { id: bigint().primaryKey() })`],
  [`export const users = table('users', { id: bigint().primaryKey(), mail: text() })`],
  [`export const users = table('users', { id: bigint().primaryKey(), mail: varchar(200).notNull() }, (t) => [index('users_mail').on(t.mail)])`],
  [`export const users = table('users', { id: bigint().primaryKey(), mail: varchar(200).notNull() }, (t) => [index('users_mail').on(t.mail)])`, `export const teams = table('teams', { id: integer() })`],
]
let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
})

afterEach(() => box.remove())

async function state(url: string): Promise<string[]> {
  const database = await connectPostgres(url)
  return observe(database).finally(() => database.close())
}

test('a range becomes one migration, for databases before, after and in the middle of it', async () => {
  const full = await freshDatabase(newest)
  box.env = { DATABASE_URL: full }
  for (const [n, lines] of STATES.entries()) {
    box.write('schema.ts', schemaFile(...lines))
    await box.ok('-m', `state ${n}`, '--allow', 'all')
    await box.ok('upgrade')
  }
  const ids = (JSON.parse(await box.ok('history', '--json')) as { revision: string }[]).map(({ revision }) => revision).reverse()
  expect(ids).toHaveLength(4)
  const expected = await state(full)
  const [before, middle, end] = [await freshDatabase(newest), await freshDatabase(newest), await freshDatabase(newest)]
  await box.ok('upgrade', ids[1]!, '-d', middle)
  await box.ok('upgrade', ids[2]!, '-d', end)

  expect(await box.ok('squash', `${ids[0]}:${ids[2]}`, '-m', 'together')).toMatch(/wrote migrations\/.*_together\.ts: \d+ steps up, \d+ steps down, both proven in scratch\nit replaces 3 migrations/)
  expect(box.migrations()).toHaveLength(2)
  expect(box.files().filter((file) => file.startsWith('migrations/_replaced/'))).toHaveLength(3)
  expect(box.read(`migrations/${box.migrations().find((name) => name.includes('together'))}`)).not.toContain('ALTER TABLE')

  for (const url of [full, before, middle, end]) {
    await box.ok('upgrade', '-d', url)
    expect(await box.ok('check', '-d', url)).toBe('in sync\n')
    expect(await state(url)).toEqual(expected)
    expect(JSON.parse(await box.ok('status', '--json', '-d', url))).toMatchObject({ current: [ids[3]], pending: [], edited: [] })
  }
  for (const url of [full, before, middle]) {
    await box.ok('downgrade', 'base', '-d', url)
    expect(JSON.parse(await box.ok('current', '--json', '-d', url)).current).toEqual([])
  }
})

function write(id: string, revises: string | null, upgrade: string, downgrade = '() => {}'): void {
  box.write(`migrations/${id}.ts`, `import { migration, sql } from 'pg-autogen'\nexport default migration({ revision: '${id}', revises: ${JSON.stringify(revises)}, message: 'about ${id}',\n  upgrade: (op) => { ${upgrade} },\n  downgrade: ${downgrade} })\n`)
}

test('roles that the migrations make are made by the one that replaces them; those that they only name are not', async () => {
  write('aaaa', null, 'op.execute(sql`CREATE ROLE squash_app`); op.execute(sql`CREATE TABLE t (id int)`); op.execute(sql`GRANT SELECT ON t TO squash_elsewhere`)', '(op) => { op.execute(sql`DROP TABLE t`); op.execute(sql`DROP ROLE squash_app`) }')
  write('bbbb', 'aaaa', 'op.execute(sql`ALTER TABLE t ADD x int`)', '(op) => op.execute(sql`ALTER TABLE t DROP x`)')
  await box.ok('lock')
  await box.ok('squash', 'aaaa:bbbb')
  const text = box.read(`migrations/${box.migrations()[0]}`)
  expect(text.match(/(CREATE|DROP) ROLE \w+/g)).toEqual(['CREATE ROLE squash_app', 'DROP ROLE squash_app'])
  expect(text).toContain('GRANT SELECT ON TABLE public.t TO squash_elsewhere')
})

test('what the schema does not tell is kept: the steps stand one after the other', async () => {
  const full = await freshDatabase(newest)
  box.env = { DATABASE_URL: full }
  write('aaaa', null, `op.execute('CREATE TABLE a (id int PRIMARY KEY, n int, "Some T" text)')`, `(op) => op.execute('DROP TABLE a')`)
  write('bbbb', 'aaaa', `op.assert('not exists (select from a)', 'a is not empty'); op.bulkInsert('a', [{ id: 1, 'Some T': 'it\\'s \\\\ \${x}' }, { id: 2, n: 5 }])`, `(op) => op.execute('DELETE FROM a')`)
  write('cccc', 'bbbb', `op.backfill({ table: 'a', set: { n: sql\`id * 10\`, 'Some T': 'new' }, where: sql\`n is null\`, batchSize: 1, maxLagMs: 7 }); op.outsideTransaction('CREATE INDEX CONCURRENTLY a_n ON a (n)')`, `(op) => op.execute('DROP INDEX a_n')`)
  write('dddd', 'cccc', `op.execute('CREATE TABLE d AS SELECT * FROM a')`, `(op) => op.execute('DROP TABLE d')`)
  box.write('schema.ts', '')
  const [middle, end] = [await freshDatabase(newest), await freshDatabase(newest)]
  await box.ok('upgrade')
  await box.ok('upgrade', 'bbbb', '-d', middle)
  await box.ok('upgrade', 'cccc', '-d', end)
  const rows = async (url: string) => {
    const database = await connectPostgres(url)
    return database.query('SELECT * FROM a UNION ALL SELECT * FROM d ORDER BY 1').finally(() => database.close())
  }
  const expected = [await state(full), await rows(full)]
  expect(expected[1]).toHaveLength(4)

  expect(await box.ok('squash', 'aaaa:cccc')).toMatch(/: 5 steps up, 3 steps down, both proven in scratch\nit holds their steps as they were.*\nit replaces 3 migrations/)
  expect(await box.ok('upgrade', '--sql', 'bbbb:head')).toMatch(/^-- upgrade from bbbb to dddd\n/)
  const text = box.read(`migrations/${box.migrations().find((name) => name.includes('aaaa_to_cccc'))}`)
  expect(text).toContain('// bbbb about bbbb\n')
  expect(text).toContain("op.backfill({ table: 'a', set: { 'n': sql`id * 10`, 'Some T': sql`'new'` }, where: sql`n is null`, key: 'id', batchSize: 1, maxLagMs: 7 })")
  for (const url of [full, await freshDatabase(newest), middle, end]) {
    await box.ok('upgrade', '-d', url)
    expect([await state(url), await rows(url)]).toEqual(expected)
  }
  expect(JSON.parse(await box.ok('status', '--json', '-d', middle))).toMatchObject({ current: ['dddd'], pending: [], edited: [] })
  await box.ok('downgrade', 'base', '-d', middle)
})

test('a range with a migration that cannot be undone cannot be undone', async () => {
  box.env = { DATABASE_URL: await freshDatabase(newest) }
  write('aaaa', null, `op.execute('CREATE TABLE a (id int)')`)
  write('bbbb', 'aaaa', `op.execute('DROP TABLE a')`, `(op) => op.irreversible('it is gone')`)
  box.write('schema.ts', '')
  box.write('migrations/_replaced/aaaa.ts', box.read('migrations/aaaa.ts').replaceAll('aaaa', 'older'))
  await box.ok('squash', 'aaaa:bbbb')
  expect(box.files().filter((file) => file.includes('_replaced'))).toEqual(['aaaa.ts', 'aaaa_aaaa.ts', 'bbbb.ts'].map((file) => `migrations/_replaced/${file}`))
  await box.ok('upgrade')
  expect(await box.run(['downgrade', 'base'])).toMatchObject({ code: 3, stderr: expect.stringContaining('revision bbbb cannot be undone: bbbb: it is gone') })
})

test('migrations that do not run as one are not put together', async () => {
  box.env = { DATABASE_URL: await freshDatabase(newest) }
  write('aaaa', null, `op.execute("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE a (m mood)")`)
  write('bbbb', 'aaaa', `op.execute("ALTER TYPE mood ADD VALUE 'glad'")`)
  write('cccc', 'bbbb', `op.execute("INSERT INTO a VALUES ('glad')")`)
  box.write('schema.ts', '')
  const files = box.files()
  expect(await box.run(['squash', 'bbbb:cccc'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/the migrations do not run as one: .*unsafe use of new value "glad"/) })
  expect(box.files()).toEqual(files)
})

test('a range with functions, or with loose ends, is refused and nothing is touched', async () => {
  box.env = { DATABASE_URL: await freshDatabase(newest) }
  write('aaaa', null, `op.execute('CREATE TABLE a (id int)')`)
  write('bbbb', 'aaaa', `op.run((db) => db.query('SELECT 1'))`)
  write('cccc', 'bbbb', `op.execute('CREATE TABLE c (id int)')`)
  write('dddd', 'cccc', `op.execute('CREATE TABLE d (id int)')`)
  write('eeee', 'cccc', `op.execute('CREATE TABLE e (id int)')`)
  box.write('schema.ts', '')
  const files = box.files()
  expect(await box.run(['squash', 'aaaa:cccc'])).toMatchObject({ code: 3, stderr: expect.stringMatching(/revision bbbb runs a function, which cannot be put into another file\. Nothing was written\n +at migrations\/bbbb\.ts:3:\d+\nhint: choose a range without it/) })
  expect(await box.run(['squash', 'bbbb:dddd'])).toMatchObject({ code: 1, stderr: expect.stringContaining('others follow cccc, in the middle of it') })
  expect(await box.run(['squash', 'cccc:cccc'])).toMatchObject({ code: 1, stderr: expect.stringContaining('there is nothing to put together') })
  expect(box.files()).toEqual(files)
})
