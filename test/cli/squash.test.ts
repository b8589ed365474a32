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

test('a range with rows, or with loose ends, is refused and nothing is touched', async () => {
  box.env = { DATABASE_URL: await freshDatabase(newest) }
  const write = (id: string, revises: string | null, body: string) =>
    box.write(`migrations/${id}.ts`, `import { migration, sql } from 'pg-autogen'\nexport default migration({ revision: '${id}', revises: ${JSON.stringify(revises)},\n  upgrade: (op) => { ${body} },\n  downgrade: () => {} })\n`)
  write('aaaa', null, `op.execute('CREATE TABLE a (id int)')`)
  write('bbbb', 'aaaa', `op.bulkInsert('a', [{ id: 1 }])`)
  write('cccc', 'bbbb', `op.execute('CREATE TABLE c (id int)')`)
  write('dddd', 'cccc', `op.execute('CREATE TABLE d (id int)')`)
  write('eeee', 'cccc', `op.execute('CREATE TABLE e (id int)')`)
  box.write('schema.ts', '')
  const files = box.files()
  expect(await box.run(['squash', 'aaaa:cccc'])).toMatchObject({ code: 3, stderr: expect.stringMatching(/revision bbbb changes rows[^]*INSERT INTO a/) })
  expect(await box.run(['squash', 'bbbb:dddd'])).toMatchObject({ code: 1, stderr: expect.stringContaining('others follow cccc, in the middle of it') })
  expect(await box.run(['squash', 'cccc:cccc'])).toMatchObject({ code: 1, stderr: expect.stringContaining('there is nothing to put together') })
  expect(box.files()).toEqual(files)
})
