import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import * as library from '../src/index.js'
import { freshDatabase, majors } from './support/servers.js'
import { schemaFile } from './cli/sandbox.js'

const newest = majors.at(-1)!
let cwd: string

beforeEach(() => (cwd = mkdtempSync(path.join(tmpdir(), 'autogen-customizing-'))))
afterEach(() => rmSync(cwd, { recursive: true }))

const write = (name: string, ...lines: string[]) => writeFileSync(path.join(cwd, name), lines.join('\n'))

/** One run over a project, as a command would make it. */
async function run<T>(input: library.ProjectInput, work: (project: library.Project) => Promise<T>): Promise<T> {
  const project = await library.openProject({ cwd, typecheck: false, ...input })
  return work(project).finally(() => project.close())
}

const generate = (input: library.ProjectInput) => run(input, (project) => library.autogenerate(project, { message: 'next' }))
const check = (input: library.ProjectInput) => run(input, library.check)
const refs = (operations: readonly library.Operation[]) => operations.map(library.describeOperation).sort()

async function inDatabase(database: string, sql: string): Promise<void> {
  const client = new pg.Client(database)
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

describe('processOperations', () => {
  const TEAMS = schemaFile(
    `export const app = schema('app')`,
    `export const users = app.table('users', { id: bigint().primaryKey(), email: text().notNull() }, (t) => [index('users_email').on(t.email)])`,
    `export const teams = app.table('teams', { id: bigint().primaryKey(), owner: bigint().references(() => users.id) })`,
  )
  const without = (text: string) => (operation: library.Operation) => !library.describeOperation(operation).endsWith(text)

  test('leaves out a table with all its parts, renames the migration, and check agrees', async () => {
    write('schema.ts', TEAMS)
    const processOperations: library.ProcessOperations = async (directive) => ({ ...directive, message: 'no teams', revision: 'abcd00000001', operations: directive.operations.filter(without(' table app.teams')) })
    const input = { database: await freshDatabase(newest), processOperations }
    const { migration, leftOut } = await generate(input)
    expect(refs(leftOut)).toEqual(['+ column app.teams.id', '+ column app.teams.owner', '+ constraint app.teams.teams_owner_fkey', '+ constraint app.teams.teams_pkey', '+ table app.teams'])
    expect(path.basename(migration!.file)).toMatch(/_abcd00000001_no_teams\.ts$/)
    expect(migration!.upgrade.reached.get('table:app.teams')).toBeUndefined()
    await run(input, (project) => library.upgrade(project))
    expect(await check(input)).toMatchObject({ inSync: true, operations: [], leftOut: { length: 5 } })
    expect((await check({ database: input.database })).operations).toHaveLength(5)
    write('schema.ts', schemaFile(`export const app = schema('app')`))
    const kept = await generate({ database: input.database, allow: ['all'], processOperations: (directive) => ({ ...directive, operations: directive.operations.filter(without('- table app.users')) }) })
    expect([kept.migration, kept.leftOut.length]).toEqual([undefined, 5])
  })

  test('adds SQL, which may do what an operation would have done, and changes what is made', async () => {
    write('schema.ts', TEAMS)
    const processOperations: library.ProcessOperations = (directive) => ({
      ...directive,
      operations: [
        { type: 'sql', up: 'CREATE TABLE gone (id int); DROP TABLE gone', down: 'SELECT 1' },
        ...directive.operations.filter(without('index app.users_email')).map((operation) => {
          return operation.type === 'create' && operation.object.ref === 'column:app.users.email' ? { ...operation, object: { ...operation.object, attrs: { ...operation.object.attrs, type: 'character varying(80)' } } } : operation
        }),
        { type: 'sql', up: 'CREATE INDEX users_email ON app.users (email)', down: 'DROP INDEX app.users_email' },
        { type: 'sql', up: `INSERT INTO app.users VALUES (1, 'a@b.c')`, down: null },
      ],
    })
    const input = { database: await freshDatabase(newest), processOperations }
    const { migration } = await generate(input)
    const sql = (steps: library.ProvenSteps) => steps.steps.map(({ statement }) => statement.sql)
    expect(sql(migration!.upgrade)[0]).toBe('CREATE TABLE gone (id int); DROP TABLE gone')
    expect(sql(migration!.upgrade).slice(-2)).toEqual(['CREATE INDEX users_email ON app.users (email)', `INSERT INTO app.users VALUES (1, 'a@b.c')`])
    expect([sql(migration!.downgrade)[0], sql(migration!.downgrade).at(-1)]).toEqual(['DROP INDEX app.users_email', 'SELECT 1'])
    expect(readFileSync(migration!.file, 'utf8')).toMatch(/email character varying\(80\)[\s\S]+op\.irreversible\('SQL by hand/)
    await run(input, (project) => library.upgrade(project))
    expect(refs((await check({ database: input.database })).operations)).toEqual(['~ column app.users.email'])
    await expect(run(input, (project) => library.downgrade(project, 'base'))).rejects.toThrow('SQL by hand in it has no way back')
  })

  test.each<[string, library.ProcessOperations, string]>([
    ['throws', () => Promise.reject(new Error('no idea')), 'processOperations of the configuration failed: no idea'],
    ['leaves something without what it needs', (directive) => ({ ...directive, operations: directive.operations.filter(without(' table app.users')) }), 'leaves constraint app.teams.teams_owner_fkey without table app.users, which it needs'],
    ['adds SQL that makes what nobody declares', (directive) => ({ ...directive, operations: [...directive.operations, { type: 'sql', up: 'CREATE TABLE app.x ()', down: 'DROP TABLE app.x' }] }), 'leaves the schema otherwise than it should be'],
    ['adds SQL that is not taken back', (directive) => ({ ...directive, operations: [...directive.operations.filter(without('users_email')), { type: 'sql', up: 'CREATE INDEX users_email ON app.users (email)', down: 'SELECT 1' }] }), 'the downgrade that processOperations adds'],
    ['adds an operation', (directive) => ({ ...directive, operations: [{ type: 'drop', object: { kind: 'table', ref: 'table:app.y', parent: null, id: {}, attrs: {} } }] }), 'an operation that was not found: - table app.y'],
  ])('that %s is an error, and nothing is written', async (_, processOperations, message) => {
    write('schema.ts', TEAMS)
    await expect(generate({ database: await freshDatabase(newest), processOperations })).rejects.toThrow(message)
    expect(readdirSync(cwd)).not.toContain('migrations')
  })
})

test('what is left out stays as it is, also under a migration, and is not pulled', async () => {
  const database = await freshDatabase(newest)
  await inDatabase(
    database,
    `CREATE SCHEMA app; CREATE SCHEMA legacy; CREATE TABLE legacy.old (); CREATE TABLE app.users (id bigint PRIMARY KEY, email text NOT NULL);
     CREATE INDEX dba_users ON app.users (email); CREATE VIEW app.tmp_users AS SELECT id FROM app.users; COMMENT ON VIEW app.tmp_users IS 'kept'`,
  )
  write('autogen.config.ts', `export default { exclude: [{ schema: 'legacy' }, { kind: 'index', name: /^dba_/g }, { schema: 'app', name: 'tmp_*' }] }`)
  const { source } = await run({ database }, (project) => library.pull(project))
  expect(source).not.toMatch(/legacy|dba_|tmp_/)
  write('schema.ts', source)
  expect((await check({ database, include: [{ schema: 'app' }] })).inSync).toBe(true)
  expect((await check({ database })).inSync).toBe(true)
  // Declared, left out, and needed by what is not.
  expect((await check({ database, exclude: [{ kind: ['schema', 'index'] }, { schema: 'legacy' }, { name: 'tmp_*' }] })).inSync).toBe(true)
  write('schema.ts', source.replace('id: bigint()', 'id: integer()').replace('import { bigint,', 'import { integer,') + `export const tmp = app.table('tmp_new', { x: text() })\n`)
  const { migration } = await generate({ database, allow: ['all'] })
  expect(migration!.upgrade.steps.map(({ comments }) => comments[0])).toEqual([expect.stringContaining('- view app.tmp_users, because'), expect.stringContaining('~ column app.users.id'), expect.stringContaining('+ view'), expect.stringContaining('+ comment')])
  await run({ database }, (project) => library.upgrade(project))
  expect((await check({ database })).inSync).toBe(true)
  const onlyDeclared: library.ObjectPredicate = (_, side) => side === 'database'
  expect(refs((await check({ database, exclude: onlyDeclared })).operations)).toEqual(['+ column app.tmp_new.x', '+ table app.tmp_new'])
})

test('a naming convention names what has no name; pull knows it, and a change is a rename', async () => {
  const database = await freshDatabase(newest)
  const config = (primaryKey: string, index = `'ix_{table}_{columns}'`) => write('autogen.config.ts', `export default { naming: { primaryKey: '${primaryKey}', unique: 'uq_{table}_{columns}', foreignKey: 'fk_{table}_{columns}_{referencedTable}', index: ${index}, check: 'ck_{table}_{columns}' } }`)
  config('pk_{table}')
  const long = 'a_very_long_name_of_a_table_that_nearly_fills_what_fits_in_it'
  write(
    'schema.ts',
    schemaFile(
      `export const users = table('users', { id: bigint().primaryKey(), email: text().unique(), age: integer().check(sql\`age > 0\`) }, (t) => [index().on(t.age, sql\`lower(\${t.email})\`), check(sql\`\${t.age} < \${t.id}\`)])`,
      `export const long = table('${long}', { id: bigint().primaryKey('own'), user: bigint().references(() => users.id) })`,
    ),
  )
  const { operations } = await generate({ database })
  const names = operations.flatMap((operation) => (operation.type === 'create' && ['constraint', 'index'].includes(operation.object.kind) ? [operation.object.id.name as string] : []))
  expect(names.sort()).toEqual(['ck_users_age', 'ck_users_age_id', expect.stringMatching(/^fk_a_very_.{44}_[0-9a-f]{8}$/), 'ix_users_age_expr', 'own', 'pk_users', 'uq_users_email'])
  expect(names.every((name) => name.length <= 63)).toBe(true)
  await run({ database }, (project) => library.upgrade(project))
  const { source } = await run({ database }, (project) => library.pull(project))
  expect(source).toMatch(/id: bigint\(\)\.primaryKey\(\),\n\s+email: text\(\)\.unique\(\)/)
  expect(source).toContain(`primaryKey('own')`)
  expect((await check({ database })).inSync).toBe(true)
  config('{table}_pk')
  expect(refs((await check({ database })).differences!.operations)).toEqual(['> constraint public.users.pk_users to public.users.users_pk'])
  config('pk_{table}', `({ table, columns }) => table + '_by_' + columns.join('_')`)
  expect(refs((await check({ database })).differences!.operations)).toEqual(['> index public.ix_users_age_expr to public.users_by_age_expr'])
})

test('the kind of docs/customizing.md, from the configuration to the database and back', async () => {
  const docs = readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'customizing.md'), 'utf8')
  const files = [...docs.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(files.map(([, name]) => name)).toEqual(['currencies.ts', 'autogen.config.ts'])
  for (const [, name, text] of files) write(name!, text!)
  const schema = (...rows: string[]) =>
    write('schema.ts', `import { currency } from './currencies.js'`, schemaFile(`export const app = schema('app')`, `export const currencies = app.table('currencies', { code: text().primaryKey('currencies_pkey'), name: text().notNull(), digits: integer().notNull() })`, ...rows))
  const connection = await PGlite.create()
  const input = { connection, scratch: 'native' }
  try {
    schema(`export const eur = currency('EUR', { name: 'Euro' })`, `export const jpy = currency('JPY', { name: 'Yen', digits: 0 })`)
    await generate(input)
    await run(input, (project) => library.upgrade(project))
    expect((await check(input)).inSync).toBe(true)
    schema(`export const eur = currency('EUR', { name: 'euro' })`, `export const chf = currency('CHF', { name: 'Franc' })`)
    const { migration } = await generate({ ...input, allow: ['data-loss'] })
    expect(migration!.upgrade.steps.flatMap(({ hazards }) => hazards.map(({ message }) => message))).toEqual(['currency "JPY": the row is gone'])
    expect(migration!.upgrade.steps.map(({ statement }) => statement.sql)).toEqual([
      `DELETE FROM app.currencies WHERE code = 'JPY'`,
      `INSERT INTO app.currencies (code, name, digits) VALUES ('CHF', 'Franc', 2)`,
      `UPDATE app.currencies SET (code, name, digits) = ('EUR', 'euro', 2) WHERE code = 'EUR'`,
    ])
    await run(input, (project) => library.upgrade(project))
    expect((await check(input)).inSync).toBe(true)
    const { source } = await run(input, (project) => library.pull(project))
    expect(source).toContain(`import { currency } from './currencies.js'\n`)
    expect(source).toContain(`export const eur = currency('EUR', { name: 'euro' })`)
    await connection.exec(`UPDATE app.currencies SET digits = 3 WHERE code = 'CHF'`)
    expect(refs((await check(input)).operations)).toEqual(['~ currency "CHF"'])
    write('currencies.ts', files[0]![2]!.replace('attrs.digits ?? 2', 'attrs.digits ?? 3'))
    // A kind that no longer makes what it reads is noticed, though schema.ts declares the same as before.
    expect(await check(input)).toMatchObject({ operations: [], unmanaged: [{ type: 'currency', identity: '"EUR"' }] })
    write('autogen.config.ts', `export default { kinds: [{ kind: 'table' }] }`)
    await expect(check(input)).rejects.toThrow('there is a kind "table" already')
  } finally {
    await connection.close()
  }
})

test.each([
  [`naming: { primaryKey: 'pk_{tabel}' }`, '{tabel} in that of primaryKey is no part of a name'],
  [`naming: { pk: 'pk_{table}' }`, 'of which pk is none'],
  [`exclude: [{ table: 'users' }]`, 'must be a list of patterns such as { kind, schema, name }'],
  [`include: 'app'`, 'must be a list of patterns or a function'],
  [`processOperations: true`, 'must be a function, not a boolean'],
  [`kinds: [{ kind: 'job', phase: 1, catalog: 'cron.job' }]`, 'the kind "job" has no function catalogQuery'],
])('%s is a mistake that is named', async (setting, message) => {
  write('autogen.config.ts', `export default { ${setting} }`)
  await expect(library.openProject({ cwd })).rejects.toThrow(message)
})
