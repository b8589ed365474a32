import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { RefusedError, RevisionError } from '../../src/errors.js'
import { readMigration } from '../../src/revisions/directory.js'
import type { MigrationOperations } from '../../src/revisions/migration.js'
import { downgrade, upgrade } from '../../src/runner/runner.js'
import { stepsOf, type Migration, type Step } from '../../src/revisions/revision.js'
import { bigint, check, index, integer, text } from '../../src/schema.js'
import { TestEngine } from '../runner/support.js'
import { observe } from '../support/observer.js'
import { majors } from '../support/servers.js'

let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'typed-verbs-')))
})
afterAll(() => rm(folder, { recursive: true }))

let files = 0

/** The first line of `upgrade` is line 6 of the file. */
async function written(upgrade: string, downgrade = "'inverse'"): Promise<Migration> {
  const file = path.join(folder, `${++files}.ts`)
  await writeFile(
    file,
    `import { migration, sql } from 'pg-autogen'
import { bigint, check, comment, defaultPrivileges, extension, foreignKey, index, integer, policy, privilegesOn, role, rule, schema, statistics, text, trigger, unique, uniqueIndex, varchar } from 'pg-autogen/schema'
const app = schema('app')
const users = app.table('users', { id: bigint().primaryKey(), email: text().notNull() })
export default migration({ revision: 'aaaa', revises: null, upgrade: (op) => {
${upgrade}
}, ${downgrade && `downgrade: ${downgrade}`} })
`,
  )
  return readMigration(file)
}

const sqlOf = (steps: readonly Step[] | null) => steps?.map(({ type, sql }) => (type === 'outside' ? `outside: ${sql}` : sql))

test.each<[string, string, string[], string[]]>([
  [
    'a table with all that is declared with it',
    `op.create(app.table('orders', {
      id: bigint().generatedAlwaysAsIdentity().primaryKey(),
      user_id: bigint().notNull().references(() => users.id, { onDelete: 'cascade' }),
      total: integer().default(0).comment('in cents'),
    }, (t) => [index('orders_by_user').on(t.user_id), check('orders_total', sql\`total >= 0\`)]).comment('what was bought').grant('public', ['select']))`,
    [
      `CREATE TABLE app.orders (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  user_id bigint NOT NULL,
  total integer DEFAULT 0,
  PRIMARY KEY (id),
  CONSTRAINT orders_total CHECK (total >= 0)
)`,
      'CREATE INDEX orders_by_user ON app.orders (user_id)',
      'ALTER TABLE app.orders ADD FOREIGN KEY (user_id) REFERENCES app.users (id) ON DELETE CASCADE',
      `COMMENT ON COLUMN app.orders.total IS 'in cents'`,
      `COMMENT ON TABLE app.orders IS 'what was bought'`,
      'GRANT SELECT ON TABLE app.orders TO PUBLIC',
    ],
    ['DROP TABLE app.orders'],
  ],
  ['a schema', `op.create(app)`, ['CREATE SCHEMA app'], ['DROP SCHEMA app']],
  ['an extension', `op.create(extension('citext', { schema: 'app' }))`, ['CREATE EXTENSION citext SCHEMA app'], ['DROP EXTENSION citext']],
  ['an enum', `op.create(app.enum('status', ['open', "it's"]))`, [`CREATE TYPE app.status AS ENUM ('open', 'it''s')`], ['DROP TYPE app.status']],
  ['a domain', `op.create(app.domain('email', text()).check('has_at', sql\`value ~ '@'\`))`, [`CREATE DOMAIN app.email AS text CONSTRAINT has_at CHECK (value ~ '@')`], ['DROP DOMAIN app.email']],
  ['a composite type', `op.create(app.compositeType('point', { x: integer(), y: integer() }))`, ['CREATE TYPE app.point AS (\n  x integer,\n  y integer\n)'], ['DROP TYPE app.point']],
  ['a sequence', `op.create(app.sequence('numbers', { start: 100 }))`, ['CREATE SEQUENCE app.numbers START WITH 100'], ['DROP SEQUENCE app.numbers']],
  ['a view', `op.create(app.view('emails', sql\`select email from \${users}\`))`, ['CREATE VIEW app.emails AS\nselect email from app.users'], ['DROP VIEW app.emails']],
  [
    'a materialized view, and an index on it',
    `const counted = app.materializedView('counted', sql\`select count(*) as n from \${users}\`)
    op.create(counted)
    op.createIndex(counted, uniqueIndex('counted_n').on('n'))`,
    ['CREATE MATERIALIZED VIEW app.counted AS\nselect count(*) as n from app.users', 'CREATE UNIQUE INDEX counted_n ON app.counted (n)'],
    ['DROP INDEX app.counted_n', 'DROP MATERIALIZED VIEW app.counted'],
  ],
  [
    'a function and a trigger that calls it',
    `const touch = app.function('touch', { returns: 'trigger', language: 'plpgsql', body: sql\`begin return new; end\` })
    op.create(touch)
    op.create(trigger('users_touch', { before: 'update', execute: touch }), { on: users })`,
    ['CREATE FUNCTION app.touch()\nRETURNS trigger\nLANGUAGE plpgsql\nAS $$begin return new; end$$', 'CREATE TRIGGER users_touch\n  BEFORE UPDATE ON app.users\n  FOR EACH STATEMENT\n  EXECUTE FUNCTION app.touch()'],
    ['DROP TRIGGER users_touch ON app.users', 'DROP FUNCTION app.touch()'],
  ],
  [
    'a policy on a table given by name',
    `op.create(policy('own', { for: 'select', using: sql\`email = current_user\` }), { on: 'app.users' })`,
    ['CREATE POLICY own ON app.users\n  FOR SELECT\n  USING (email = current_user)'],
    ['DROP POLICY own ON app.users'],
  ],
  [
    'comments, privileges and default privileges by themselves',
    `op.create(comment('SCHEMA app', 'all of it'))
    op.create(privilegesOn('TABLE app.users').grant('reader', ['select']))
    op.create(defaultPrivileges({ role: 'owner', schema: 'app', on: 'tables' }).grant('reader', ['select']))`,
    [`COMMENT ON SCHEMA app IS 'all of it'`, 'GRANT SELECT ON TABLE app.users TO reader', 'ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA app GRANT SELECT ON TABLES TO reader'],
    ['ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA app REVOKE SELECT ON TABLES FROM reader', 'REVOKE SELECT ON TABLE app.users FROM reader', 'COMMENT ON SCHEMA app IS NULL'],
  ],
  [
    'a rule and statistics',
    `op.create(rule('keep', { on: 'delete', doInstead: sql\`nothing\` }), { on: users })
    op.create(statistics('id_email', sql\`id, email\`), { on: users })`,
    ['CREATE RULE keep AS\n  ON DELETE TO app.users\n  DO INSTEAD nothing', 'CREATE STATISTICS app.id_email ON id, email FROM app.users'],
    ['DROP STATISTICS app.id_email', 'DROP RULE keep ON app.users'],
  ],
  [
    'several objects, in the order in which one needs the other',
    `const mood = app.enum('mood', ['sad'])
    const a = app.table('a', { id: integer().primaryKey(), b: integer().references(() => b.id, { name: 'a_b' }) })
    const b = app.table('b', { id: integer().primaryKey(), a: integer().references(() => a.id, { name: 'b_a' }), of: mood() })
    op.create(b, a, mood)`,
    [
      `CREATE TYPE app.mood AS ENUM ('sad')`,
      'CREATE TABLE app.a (\n  id integer NOT NULL,\n  b integer,\n  PRIMARY KEY (id)\n)',
      'CREATE TABLE app.b (\n  id integer NOT NULL,\n  a integer,\n  of app.mood,\n  PRIMARY KEY (id)\n)',
      'ALTER TABLE app.a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES app.b (id)',
      'ALTER TABLE app.b ADD CONSTRAINT b_a FOREIGN KEY (a) REFERENCES app.a (id)',
    ],
    ['ALTER TABLE app.b DROP CONSTRAINT b_a', 'DROP TABLE app.a', 'DROP TABLE app.b', 'DROP TYPE app.mood'],
  ],
  ['a role', `op.create(role('reader', { login: true }))`, ['CREATE ROLE reader LOGIN'], ['DROP ROLE reader']],
  ['a drop, which is created again', `op.drop(app.enum('mood', ['sad']).comment('gone'))`, ['DROP TYPE app.mood'], [`CREATE TYPE app.mood AS ENUM ('sad')`, `COMMENT ON TYPE app.mood IS 'gone'`]],
  [
    'an alteration, whose parts are replaced where they hold no data',
    `op.alter(
      app.table('t', { id: bigint().primaryKey(), n: integer() }, (t) => [index('t_n').on(t.n), check('t_small', sql\`n < 9\`)]),
      app.table('t', { id: bigint().primaryKey(), n: bigint().notNull() }, (t) => [uniqueIndex('t_n').on(t.n)]).comment('tea'),
    )`,
    [
      'DROP INDEX app.t_n',
      'ALTER TABLE app.t DROP CONSTRAINT t_small',
      'ALTER TABLE app.t ALTER COLUMN n SET DATA TYPE bigint',
      'ALTER TABLE app.t ALTER COLUMN n SET NOT NULL',
      'CREATE UNIQUE INDEX t_n ON app.t (n)',
      `COMMENT ON TABLE app.t IS 'tea'`,
    ],
    [
      'COMMENT ON TABLE app.t IS NULL',
      'DROP INDEX app.t_n',
      'ALTER TABLE app.t ALTER COLUMN n SET DATA TYPE integer',
      'ALTER TABLE app.t ALTER COLUMN n DROP NOT NULL',
      'ALTER TABLE app.t ADD CONSTRAINT t_small CHECK (n < 9)',
      'CREATE INDEX t_n ON app.t (n)',
    ],
  ],
  ['a policy altered', `op.alter(policy('own', { using: sql\`true\` }), policy('own', { using: sql\`false\` }), { on: users })`, ['ALTER POLICY own ON app.users\n  USING (false)'], ['ALTER POLICY own ON app.users\n  USING (true)']],
  [
    'what PostgreSQL cannot alter on a partitioned table, where that is declared to be one',
    `const [few, many] = [50, 90].map((fillfactor) => index('i').on('id').with({ fillfactor }))
    op.alter(few, many, { on: 'app.logs' })
    op.alter(few, many, { on: app.table('logs', { id: integer() }).partitionByRange('id') })`,
    ['ALTER INDEX app.i SET (fillfactor = 90)', 'DROP INDEX app.i', 'CREATE INDEX i ON app.logs (id) WITH (fillfactor = 90)'],
    ['DROP INDEX app.i', 'CREATE INDEX i ON app.logs (id) WITH (fillfactor = 50)', 'ALTER INDEX app.i SET (fillfactor = 50)'],
  ],
  ['a table renamed', `op.rename(users, 'Customers')`, ['ALTER TABLE app.users RENAME TO "Customers"'], ['ALTER TABLE app."Customers" RENAME TO users']],
  ['a role renamed', `op.rename(role('a'), 'b')`, ['ALTER ROLE a RENAME TO b'], ['ALTER ROLE b RENAME TO a']],
  [
    'a column added with what is declared beside it: dropping it takes that along',
    `op.addColumn('app.users', 'age', integer().notNull().default(0).check('users_age', sql\`age >= 0\`).comment('in years'))`,
    ['ALTER TABLE app.users ADD COLUMN age integer DEFAULT 0 NOT NULL', 'ALTER TABLE app.users ADD CONSTRAINT users_age CHECK (age >= 0)', `COMMENT ON COLUMN app.users.age IS 'in years'`],
    ['ALTER TABLE app.users DROP COLUMN age'],
  ],
  ['a column added with a constraint that PostgreSQL names', `op.addColumn(users, 'nick', text().unique())`, ['ALTER TABLE app.users ADD COLUMN nick text', 'ALTER TABLE app.users ADD UNIQUE (nick)'], ['ALTER TABLE app.users DROP COLUMN nick']],
  ['a column dropped', `op.dropColumn('"Odd".users', 'the old', text())`, ['ALTER TABLE "Odd".users DROP COLUMN "the old"'], ['ALTER TABLE "Odd".users ADD COLUMN "the old" text']],
  [
    'a column altered',
    `op.alterColumn(users, 'email', text().notNull(), varchar(100).default('none'))`,
    ['ALTER TABLE app.users ALTER COLUMN email SET DATA TYPE character varying(100)', 'ALTER TABLE app.users ALTER COLUMN email DROP NOT NULL', `ALTER TABLE ONLY app.users ALTER COLUMN email SET DEFAULT 'none'`],
    ['ALTER TABLE ONLY app.users ALTER COLUMN email DROP DEFAULT', 'ALTER TABLE app.users ALTER COLUMN email SET DATA TYPE text', 'ALTER TABLE app.users ALTER COLUMN email SET NOT NULL'],
  ],
  [
    'a column converted',
    `op.alterColumn('users', 'email', text(), integer(), { using: sql\`length(email)\` })`,
    ['ALTER TABLE public.users ALTER COLUMN email SET DATA TYPE integer USING length(email)'],
    ['ALTER TABLE public.users ALTER COLUMN email SET DATA TYPE text'],
  ],
  ['a column renamed', `op.renameColumn('App.Users', 'name', 'full name')`, ['ALTER TABLE app.users RENAME COLUMN name TO "full name"'], ['ALTER TABLE app.users RENAME COLUMN "full name" TO name']],
  [
    'indexes and constraints',
    `op.createIndex(users, index('users_by_email').on(sql\`lower(email)\`, users.id.desc()))
    op.addConstraint('app.users', unique('users_email').on('email'))
    op.dropIndex('app.users', index('old').on('id'))
    op.dropConstraint(users, foreignKey('users_team').on('team').references({ schema: 'app', name: 'teams' }, ['id']))`,
    ['CREATE INDEX users_by_email ON app.users (lower(email), id DESC)', 'ALTER TABLE app.users ADD CONSTRAINT users_email UNIQUE (email)', 'DROP INDEX app.old', 'ALTER TABLE app.users DROP CONSTRAINT users_team'],
    ['ALTER TABLE app.users ADD CONSTRAINT users_team FOREIGN KEY (team) REFERENCES app.teams (id)', 'CREATE INDEX old ON app.users (id)', 'ALTER TABLE app.users DROP CONSTRAINT users_email', 'DROP INDEX app.users_by_email'],
  ],
  [
    'SQL with its inverse',
    `op.execute(sql\`SELECT 1\`, { inverse: 'SELECT 2' })
    op.outsideTransaction('CREATE INDEX CONCURRENTLY i ON app.users (email)', { inverse: sql\`DROP INDEX CONCURRENTLY app.i\` })
    op.assert('true', 'never')
    op.bulkInsert('app.users', [{ id: 1 }], { inverse: 'DELETE FROM app.users' })
    op.backfill({ table: 'app.users', set: { email: 'x' } }, { inverse: null })`,
    expect.arrayContaining(['SELECT 1', 'outside: CREATE INDEX CONCURRENTLY i ON app.users (email)']) as string[],
    ['DELETE FROM app.users', 'outside: DROP INDEX CONCURRENTLY app.i', 'SELECT 2'],
  ],
])('%s', async (_, body, upgrade, downgrade) => {
  const migration = await written(body)
  expect(sqlOf(migration.upgrade)).toEqual(upgrade)
  expect(sqlOf(migration.downgrade)).toEqual(downgrade)
})

test('what is given by name only is dropped', async () => {
  const migration = await written(`op.dropColumn('app.users', 'old'); op.dropIndex('app.users', 'i'); op.dropConstraint('app.users', 'c')`, '')
  expect(sqlOf(migration.upgrade)).toEqual(['ALTER TABLE app.users DROP COLUMN old', 'DROP INDEX app.i', 'ALTER TABLE app.users DROP CONSTRAINT c'])
  expect(() => stepsOf(migration, 'downgrade')).toThrow(RefusedError)
})

test('a function of the migration runs nothing and may be asked for its inverse too', async () => {
  const migration = await written('op.run(() => undefined, { inverse: null })')
  expect(sqlOf(migration.downgrade)).toEqual([])
})

test('typed verbs stand in a downgrade as well, and steps know their places', async () => {
  const migration = await written(`op.addColumn(users, 'a', text())\n\nop.create(app.enum('e', ['x']))`, `(op) => op.dropColumn(users, 'a')`)
  expect(sqlOf(migration.downgrade)).toEqual(['ALTER TABLE app.users DROP COLUMN a'])
  expect(migration.upgrade.map(({ at }) => at!.line)).toEqual([6, 8])
})

test('the SQL of typed verbs, written out, is the same migration', async () => {
  const typed = await written(`op.create(app.enum('e', ["it's"]))\nop.addColumn(users, 'a', text())\nop.outsideTransaction('VACUUM', { inverse: null })`)
  const plain = await written(typed.upgrade.map(({ type, sql }) => `op.${type === 'outside' ? 'outsideTransaction' : 'execute'}(${JSON.stringify(sql)})`).join('\n'), '')
  expect(plain.checksum).toBe(typed.checksum)
})

test('only a declaration for a newer PostgreSQL leads to SQL that older ones do not know', async () => {
  const { upgrade } = await written(`op.alterColumn(users, 'email', text().settings({ storage: 'main' }), text())
    op.addConstraint(users, check('c', sql\`true\`).notEnforced())`)
  expect(sqlOf(upgrade)).toEqual(['ALTER TABLE ONLY app.users ALTER COLUMN email SET STORAGE EXTENDED', 'ALTER TABLE app.users ADD CONSTRAINT c CHECK (true) NOT ENFORCED'])
})

const inverseHint = 'give it { inverse: sql`…` }, or null where nothing needs to be undone; or write the downgrade'

test.each<[string, string, number, string]>([
  ['op.execute in the upgrade of revision aaaa has no inverse', `op.create(users)\nop.execute('SELECT 1')`, 7, inverseHint],
  ['op.run in the upgrade of revision aaaa has no inverse', `op.run(() => undefined)`, 6, inverseHint],
  ['op.dropColumn in the upgrade of revision aaaa has no inverse: it is given a name only', `\nop.dropColumn(users, 'x')`, 7, 'declare what it drops, or write the downgrade'],
  [
    'op.createIndex in the upgrade of revision aaaa has no inverse: index of table app.users has a name that PostgreSQL chose',
    `op.createIndex(users, index().on('email'))`,
    6,
    'give it that name where it is declared',
  ],
  [
    'op.alter in the upgrade of revision aaaa has no inverse: enum app.e cannot be altered in place',
    `op.alter(app.enum('e', ['a']), app.enum('e', ['a', 'b']))`,
    6,
    'drop it and create it anew; or write op.execute(sql`…`)',
  ],
  [
    'op.alterColumn in the upgrade of revision aaaa cannot be done: column app.users.email cannot be altered in place',
    `op.alterColumn(users, 'email', text(), text().generatedAlwaysAs(sql\`'x'\`))`,
    6,
    'drop it and create it anew, with which the values are gone; or write op.execute(sql`…`)',
  ],
  [
    'op.alter in the upgrade of revision aaaa cannot be done: table app.users is the same before and after',
    `op.alter(users, users.comment('the same builder'))`,
    6,
    'declare it twice: the methods of a builder change the object that they are called on',
  ],
  ['op.alter in the upgrade of revision aaaa cannot be done: enum:app.a and enum:app.b are two objects', `op.alter(app.enum('a', ['x']), app.enum('b', ['x']))`, 6, 'op.rename gives an object another name'],
  [
    'op.alter in the upgrade of revision aaaa cannot be done: column app.t.b is to be renamed',
    `op.alter(app.table('t', { a: text() }), app.table('t', { b: text().renamedFrom('a') }))`,
    6,
    'write op.rename or op.renameColumn first, and give op.alter the new name on both sides',
  ],
  ['op.rename in the upgrade of revision aaaa cannot be done: cast (integer AS text) cannot be renamed', `op.rename({ declarations: () => [{ object: { kind: 'cast', ref: 'cast:(integer AS text)', parent: null, id: {}, attrs: {} } }] }, 'x')`, 6, 'drop it and create it under the other name'],
  ['op.create in the upgrade of revision aaaa cannot be done: it is a part of a table that is not named', `op.create(index('i').on('id'))`, 6, "name the table: { on: 'app.users' }"],
  ['op.create in the upgrade of revision aaaa cannot be done: it is given something that no builder made', `op.create(users, 'app.users')`, 6, "give it what a builder of 'pg-autogen/schema' returns"],
  ['op.addConstraint in the upgrade of revision aaaa cannot be done: it is given something that no builder made', `op.addConstraint(users, 'total > 0')`, 6, "give it what a builder of 'pg-autogen/schema' returns"],
  ['op.addColumn in the upgrade of revision aaaa cannot be done: column n is not made by a type', `op.addColumn(users, 'n', 'integer')`, 6, "write its type: text(), integer(), type('citext')"],
  ['op.createIndex in the upgrade of revision aaaa cannot be done: "app.users.email" is not the name of a table', `op.createIndex('app.users.email', index('i').on('id'))`, 6, `write it as SQL does: 'app.users', or 'app."Users"'`],
  ['the upgrade of revision aaaa cannot be read: a generated column cannot have a default', `op.addColumn(users, 'x', text().generatedAlwaysAs(sql\`'x'\`).default('y'))`, 6, 'take one of the two away'],
])('%s', async (message, body, line, hint) => {
  const refused = await written(body).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(RevisionError)
  expect(refused).toMatchObject({ message, hint, at: { file: path.join(folder, `${files}.ts`), line } })
})

test("what is neither a function nor 'inverse' is no downgrade", async () => {
  await expect(written('', "'reverse'")).rejects.toThrow("in this migration, downgrade is neither a function nor 'inverse'")
})

const MANY = `
const status = app.enum('status', ['open', 'done']).comment('how far it is')
const amount = app.domain('amount', integer()).check('amount_positive', sql\`value > 0\`)
const numbers = app.sequence('numbers', { start: 100 })
const orders = app.table('orders', {
  id: bigint().generatedAlwaysAsIdentity().primaryKey(),
  user_id: bigint().notNull().references(() => users.id, { onDelete: 'cascade' }),
  status: status().notNull().default('open'),
  total: amount().comment('in cents'),
}, (t) => [index('orders_by_user').on(t.user_id.desc()), check('orders_total', sql\`total < 1000\`)]).rowLevelSecurity().comment('what was bought').grant('public', ['select'])
const open = app.view('open_orders', sql\`select id, total from app.orders where status = 'open'\`)
const counted = app.materializedView('counted', sql\`select count(*) as n from app.orders\`)
const touch = app.function('touch', { returns: 'trigger', language: 'plpgsql', body: sql\`begin return new; end\` })
const table = 'app.orders'
for (const object of [status, amount, numbers, orders, open, counted, touch]) op.create(object)
op.createIndex(counted, uniqueIndex('counted_n').on('n'))
op.create(trigger('orders_touch', { before: 'update', forEach: 'row', execute: touch }), { on: orders })
op.create(policy('own', { using: sql\`user_id > 0\` }), { on: orders })
op.create(statistics('orders_both', sql\`user_id, status\`), { on: orders })
op.alter(policy('own', { using: sql\`user_id > 0\` }), policy('own', { using: sql\`user_id > 1\` }), { on: orders })
op.alter(app.sequence('numbers', { start: 100 }), app.sequence('numbers', { start: 100, cache: 5 }))
op.rename(numbers, 'order_numbers')
op.assert('true', 'never')
op.addColumn(table, 'note', text().notNull().default('').unique().check('orders_note', sql\`note <> 'x'\`))
op.alterColumn(table, 'note', text().notNull().default(''), varchar(20))
op.renameColumn(table, 'note', 'remark')
op.execute(sql\`INSERT INTO app.users VALUES (1, '20')\`, { inverse: sql\`DELETE FROM app.users\` })
op.dropConstraint(users, unique('users_email_key').on('email'))
op.alterColumn(users, 'email', text().notNull(), integer(), { using: sql\`email::integer\` })
op.addConstraint(users, check('users_email', sql\`email > 0\`))
op.dropIndex('app.users', index('users_by_email').on(sql\`lower(nick)\`))
op.dropColumn(users, 'nick', text())
op.outsideTransaction('CREATE INDEX CONCURRENTLY users_email ON app.users (email)', { inverse: 'DROP INDEX CONCURRENTLY app.users_email' })
op.drop(app.view('emails', sql\`select id from app.users\`).comment('to be gone'))
op.rename(users, 'customers')
`

describe.each(majors)('on PostgreSQL %s', (name) => {
  const engine = new TestEngine(name)
  afterAll(() => engine.close())

  test('the inverse of many verbs leads back to the very schema', async () => {
    const database = await engine.fresh()
    await database.executeAll([
      'DROP SCHEMA IF EXISTS app CASCADE',
      'CREATE SCHEMA app',
      'CREATE TABLE app.users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, nick text)',
      'CREATE INDEX users_by_email ON app.users (lower(nick))',
      'CREATE VIEW app.emails AS SELECT id FROM app.users',
      `COMMENT ON VIEW app.emails IS 'to be gone'`,
    ])
    const migrations = [await written(MANY)]
    const before = await observe(database)
    await upgrade({ database, migrations })
    expect(await database.query('SELECT id, email FROM app.customers')).toEqual([['1', 20]])
    await database.executeAll([`INSERT INTO app.orders (user_id, total, remark) VALUES (1, 7, 'kept')`])
    await expect(database.executeAll(['INSERT INTO app.orders (user_id, total) VALUES (1, 0)'])).rejects.toThrow('amount_positive')
    expect(await observe(database)).not.toEqual(before)
    await downgrade({ database, migrations }, 'base')
    await database.executeAll(['DROP SCHEMA autogen CASCADE'])
    expect(await observe(database)).toEqual(before)
  })
})

/** Never called: the compiler is the test. */
export function typesOf(op: MigrationOperations): void {
  op.addColumn('app.users', 'n', integer().notNull().default(0))
  op.createIndex('app.users', index('i').on('n'))
  op.addConstraint('app.users', check('c', 'n > 0' as never))
  // @ts-expect-error -- a column is no SQL text
  op.addColumn('app.users', 'n', 'integer')
  // @ts-expect-error -- a constraint is no index
  op.createIndex('app.users', check('c', 'n > 0' as never))
  // @ts-expect-error -- an index is no constraint
  op.addConstraint('app.users', index('i').on('n'))
  // @ts-expect-error -- which table it is on is missing
  op.create(index('i').on('n'))
  // @ts-expect-error -- a column belongs to a table
  op.create(bigint())
  // @ts-expect-error -- two elements of different kinds
  op.alter(index('i').on('n'), check('c', 'n > 0' as never), { on: text() })
}
