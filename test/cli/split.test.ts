import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox, schemaFile } from './sandbox.js'

let box: Sandbox
let url: string

const users = (...columns: string[]) => schemaFile(`export const users = table('users', { id: bigint().generatedAlwaysAsIdentity().primaryKey(), ${columns.join(', ')} })`)

beforeEach(async () => {
  box = new Sandbox()
  url = await freshDatabase(Math.max(...majors))
  box.env = { DATABASE_URL: url, AUTOGEN_ALLOW: 'data-loss' }
  box.write('schema.ts', users('name: text().notNull()', 'age: integer()'))
})

afterEach(() => box.remove())

/** What code of one release does. */
async function use(...statements: string[]): Promise<void> {
  const database = await connectPostgres(url)
  try {
    for (const statement of statements) await database.query(statement)
  } finally {
    await database.close()
  }
}

const OLD = [`INSERT INTO users (name, age) VALUES ('Ann', 3)`, 'SELECT name, age FROM users']
const NEW = [`INSERT INTO users (first, last) VALUES ('Ann', 'Lee')`, 'SELECT first, last FROM users']

test('between the two halves code of both releases works; then the next release begins, and everything leads back', async () => {
  await box.ok('-m', 'users')
  await box.ok('upgrade')
  box.write('schema.ts', users('first: text().notNull()', 'last: text().notNull()', 'age: integer()'))
  const said = await box.ok('--split', '-m', 'names')
  expect(said).toBe(`expand, before the deploy: autogen upgrade expand@head
  ~ table public.users
      + column first
      ~ column name: no longer not null
      + column last
contract, after the deploy: autogen upgrade contract@head
  ~ table public.users
      ~ column first: now not null
      - column name
          ! DATA LOSS: the values are gone
      ~ column last: now not null
wrote migrations/${box.migrations().find((name) => name.includes('_expand_names'))}: expand, 3 steps up, 4 steps down, both proven in scratch
wrote migrations/${box.migrations().find((name) => name.includes('_contract_names'))}: contract, 5 steps up, 3 steps down, both proven in scratch
`)
  expect(box.read(`migrations/${box.migrations().find((name) => name.includes('_expand_names'))!}`)).toContain('// Runs before the deploy: autogen upgrade expand@head\n')
  const heads = await box.ok('heads')
  expect(heads).toMatch(/expand: names \[expand\] \(head\)\n.*contract: names \[contract\] \(head\)\n|contract: names \[contract\] \(head\)\n.*expand: names \[expand\] \(head\)\n/)

  await box.ok('upgrade', 'expand@head')
  await use(...OLD, ...NEW)
  expect(await box.run(['check'])).toMatchObject({ code: 2 })
  expect(await box.run(['--split'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/the database is not up to date: \w+ is not applied/) })
  await use(`UPDATE users SET first = coalesce(first, name), last = coalesce(last, '')`)
  await box.ok('upgrade', 'contract@head')
  await use(...NEW)
  expect(await box.ok('check')).toBe('in sync\n')
  await expect(use(OLD[1]!)).rejects.toThrow('column "name" does not exist')

  box.edit('schema.ts', 'age: integer()', 'age: integer(), seen: timestamptz()')
  box.write('autogen.config.ts', 'export default { split: true }\n')
  await expect(box.ok('-m', 'seen')).resolves.toContain('expand, 1 step up, 1 step down, both proven in scratch\n')
  expect(box.migrations().filter((name) => name.includes('seen'))).toHaveLength(1)
  await box.ok('upgrade', 'expand@head')
  expect(await box.ok('check')).toBe('in sync\n')
  expect(await box.ok('--split')).toBe('no differences: nothing to write\n')

  await box.ok('downgrade', 'expand@-1')
  await use('DELETE FROM users')
  await box.ok('downgrade', 'contract@-1')
  await use(...OLD, ...NEW, 'DELETE FROM users')
  await box.ok('downgrade', 'expand@-1')
  await use(...OLD, 'DELETE FROM users')
  await box.ok('upgrade', 'heads')
  expect(await box.ok('check')).toBe('in sync\n')
})

test('where there is something for one half only, both branches begin all the same; what neither release bears is said', async () => {
  await box.ok('-m', 'users')
  await box.ok('upgrade')
  box.write('schema.ts', users('name: text().notNull()', 'age: bigint()'))
  const { stderr, stdout } = await box.run(['--split', '--json'])
  expect(stderr).toBe('')
  const { migrations, wouldWrite } = JSON.parse(stdout) as { migrations: { half: string; upgrade: unknown[]; hazards: { code: string }[] }[]; wouldWrite?: unknown }
  expect(wouldWrite).toBeUndefined()
  expect(migrations.map(({ half, upgrade, hazards }) => [half, upgrade.length, hazards.map(({ code }) => code)])).toEqual([
    ['expand', 0, []],
    ['contract', 1, ['breaks-code', 'table-rewrite']],
  ])
  const [contract, expand] = box.migrations().map((name) => box.read(`migrations/${name}`)).filter((text) => text.includes('branchLabels')).sort((a) => (a.includes("['contract']") ? -1 : 1))
  expect(contract).toContain('// Runs after the deploy: autogen upgrade contract@head\n// BREAKS CODE: column public.users.age: code that expects integer gets bigint: some drivers hand it over as text, and numbers beyond integer come once the next release writes them\n')
  expect(expand).toContain('// Nothing yet: the branch begins here\n')
  await box.ok('upgrade', 'expand@head')
  await use(...OLD)
  await box.ok('upgrade', 'contract@head')
  expect(await box.ok('check')).toBe('in sync\n')
  box.write('schema.ts', users('name: text().notNull()', 'age: integer()'))
  expect((await box.run(['--split', '--dry-run'])).stderr).toMatch(/^breaking: column public\.users\.age: code that expects bigint gets integer\nhint: /m)
})

test('changes of which scratch shows that they hang together are all in the second half, and that is said', async () => {
  const purge = (kind: string, rest: string) => schemaFile(`export const purge = schema('public').${kind}('purge', { args: { days: 'integer' }, ${rest}body: sql\`select\` })`)
  box.write('schema.ts', purge('function', "returns: 'void', "))
  await box.ok('-m', 'function')
  await box.ok('upgrade')
  box.write('schema.ts', `${purge('procedure', '')}export const t = table('t', { a: integer() })\n`)
  const { code, stdout, stderr } = await box.run(['--split'])
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^breaking: the changes hang together and are all for after the deploy: .*function "purge" already exists.*\nhint: make some of them in another release/m)])
  expect(stdout).toContain('expand, 0 steps up')
  await box.ok('upgrade', 'heads')
  expect(await box.ok('check')).toBe('in sync\n')
})

test('what is about one migration is refused', async () => {
  expect(await box.run(['--split', '--rev-id', 'abcd'])).toMatchObject({ code: 1, stderr: expect.stringContaining('leave out --head, --rev-id, --branch-label, --depends-on and --splice, or say --no-split') })
  expect(await box.run(['revision', '--split', '--empty'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--empty and --split exclude each other') })
  expect(box.files()).toEqual(['schema.ts'])
})

test('SQL of the hook stays around all that was found, and an expand branch begins an empty history', async () => {
  box.write('autogen.config.ts', `export default {
  split: true,
  processOperations: (directive) => ({ ...directive, message: 'hooked', operations: [
    { type: 'sql', up: 'SELECT 1', down: 'SELECT 2' }, ...directive.operations, { type: 'sql', up: 'SELECT 3', down: 'SELECT 4' },
  ] }),
}
`)
  await box.ok('-m', 'users')
  const [contract, expand] = box.migrations().sort((a, b) => (a.includes('contract') ? -1 : b.includes('contract') ? 1 : 0)).map((name) => box.read(`migrations/${name}`))
  expect(expand).toMatch(/message: 'expand: hooked',[^]*SELECT 1[^]*CREATE TABLE[^]*SELECT 3/)
  expect(contract).toMatch(/revises: null,[^]*upgrade: \(op\) => \{\s*\}/)
  await box.ok('upgrade', 'heads')
  box.write('schema.ts', users('age: integer()'))
  await box.ok('-m', 'less')
  const last = box.migrations().filter((name) => !expand!.includes(name)).map((name) => box.read(`migrations/${name}`)).filter((text) => text.includes('name'))
  expect(last.find((text) => text.includes('DROP NOT NULL'))).toMatch(/SELECT 1[^]*DROP NOT NULL/)
  expect(last.find((text) => text.includes('DROP COLUMN'))).toMatch(/DROP COLUMN[^]*SELECT 3/)
})
