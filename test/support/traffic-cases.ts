import type { TrafficQuery } from './traffic.js'

/** A change of a schema that an application goes on using meanwhile. */
export interface TrafficCase {
  readonly name: string
  /** The tables that the application uses. */
  readonly tables: readonly string[]
  /** Parts of schema.ts, which has the schema `app`. */
  readonly before: string
  readonly after: string
  /** SQL that makes so many rows. */
  readonly fill: (rows: number) => readonly string[]
  readonly reads: readonly TrafficQuery[]
  readonly writes: readonly TrafficQuery[]
  /** The same change as anybody would type it. */
  readonly naive: readonly string[]
  /** What the next release of the application does, where the change is made in two migrations: one before its deploy, one after it. */
  readonly next?: Pick<TrafficCase, 'tables' | 'reads' | 'writes'>
}

/** The setting `gradual` with which all of them go unnoticed. */
export const GRADUAL = 'app.parcels,app.clients,app.companies'

/** A schema.ts of cases before their change, and of others after it. */
export function schemaOf(before: readonly TrafficCase[], after: readonly TrafficCase[] = []): string {
  const names = 'bigint, boolean, check, index, integer, primaryKey, schema, sql, text, unique, varchar'
  const parts = [...before.map((each) => each.before), ...after.map((each) => each.after)]
  return [`import { ${names} } from 'pg-autogen/schema'`, `export const app = schema('app')`, ...parts, ''].join('\n')
}

interface Variation {
  readonly table?: string
  /** More, or other, columns, none where it is empty, and the rest of the call of `app.table`. */
  readonly columns?: Readonly<Record<string, string>>
  readonly rest?: string
  /** What else is declared around it. */
  readonly above?: string
  readonly below?: string
}

interface TableCase {
  readonly before?: Variation
  readonly after: Variation
  readonly naive: readonly string[]
  readonly reads?: readonly string[]
  readonly fill?: readonly string[]
  /** The names of table and column that the next release uses. */
  readonly next?: { readonly table?: string; readonly amount?: string }
}

/** A case about one table, which is named by a word. */
function onTable(name: string, table: string, { before = {}, after, naive, reads = [], fill = [], next }: TableCase): TrafficCase {
  const declared = ({ table: declaredName = table, columns = {}, rest = '', above = '', below = '' }: Variation) => {
    const all = { id: 'bigint().generatedAlwaysAsIdentity().primaryKey()', owner: 'bigint().notNull()', email: 'text().notNull()', amount: 'integer().notNull()', note: 'text()', ...columns }
    const lines = Object.entries(all).flatMap(([column, type]) => (type === '' ? [] : [`  ${column}: ${type},`]))
    return [above, `export const ${table} = app.table('${declaredName}', {`, ...lines, `}${rest})`, below].filter(Boolean).join('\n')
  }
  const used = (table: string, amount = 'amount') => ({
    tables: [`app.${table}`],
    reads: [`SELECT * FROM app.${table} WHERE id = $1`, `SELECT count(*), sum(${amount}) FROM app.${table} WHERE id BETWEEN $1 AND $1 + 20`, ...reads].map((sql) => ({ name: `${name}: select`, sql })),
    writes: [
      { name: `${name}: insert`, sql: `INSERT INTO app.${table} (owner, email, ${amount}, note) VALUES (1 + $1 % 100, gen_random_uuid(), $1 % 1000, 'new')` },
      { name: `${name}: update`, sql: `UPDATE app.${table} SET ${amount} = (${amount} + 1) % 1000 WHERE id = $1` },
      { name: `${name}: delete`, sql: `DELETE FROM app.${table} WHERE id = $1 AND note = 'new'` },
    ],
  })
  return {
    name,
    ...used(table),
    before: declared(before),
    after: declared(after),
    naive,
    fill: (rows) => [
      ...fill,
      `INSERT INTO app.${table} (owner, email, amount, note) SELECT 1 + n % 100, 'user' || n || '@example.org', n % 1000, 'row ' || n FROM generate_series(1, ${rows}) n`,
    ],
    ...(next && { next: used(next.table ?? table, next.amount) }),
  }
}

const LABELS = (labels: string) => `export const status = app.enum('status', [${labels}])`
const OWNERS = `export const owners = app.table('owners', { id: bigint().primaryKey() })`
const VIEW = (table: string) => `export const addresses = app.view('addresses', sql\`select id, lower(email) as address, email from \${${table}}\`)`
const PARTITION = (year: number) => `export const visits${year} = visits.partition('visits_${year}', { from: ${year}, to: ${year + 1} })`

/** Every change that must go unnoticed. */
export const TRAFFIC_CASES: readonly TrafficCase[] = [
  onTable('column added with a default', 'users', {
    after: { columns: { active: 'boolean().notNull().default(true)' } },
    naive: ['ALTER TABLE app.users ADD COLUMN active boolean NOT NULL DEFAULT true'],
  }),
  onTable('enum value added', 'orders', {
    before: { above: LABELS(`'new', 'paid'`), columns: { status: `status().notNull().default('new')` } },
    after: { above: LABELS(`'new', 'paid', 'returned'`), columns: { status: `status().notNull().default('new')` } },
    reads: [`SELECT status, count(*) FROM app.orders WHERE id BETWEEN $1 AND $1 + 20 GROUP BY status`],
    naive: [`ALTER TYPE app.status ADD VALUE 'returned'`],
  }),
  {
    name: 'partition added',
    tables: ['app.visits'],
    before: [`export const visits = app.table('visits', { id: bigint().notNull(), year: integer().notNull() }, (t) => [primaryKey().on(t.id, t.year)]).partitionByRange('year')`, PARTITION(2030)].join('\n'),
    after: [`export const visits = app.table('visits', { id: bigint().notNull(), year: integer().notNull() }, (t) => [primaryKey().on(t.id, t.year)]).partitionByRange('year')`, PARTITION(2030), PARTITION(2031)].join('\n'),
    fill: (rows) => [`INSERT INTO app.visits SELECT n, 2030 FROM generate_series(1, ${rows}) n`],
    reads: [{ name: 'partition added: select', sql: 'SELECT * FROM app.visits WHERE id = $1' }],
    writes: [{ name: 'partition added: insert', sql: 'INSERT INTO app.visits VALUES (1000000000 * random() * random() + $1, 2030) ON CONFLICT DO NOTHING' }],
    naive: ['CREATE TABLE app.visits_2031 PARTITION OF app.visits FOR VALUES FROM (2031) TO (2032)'],
  },
  onTable('view over a changed column replaced', 'people', {
    before: { columns: { email: 'varchar(100).notNull()' }, below: VIEW('people') },
    after: { columns: { email: 'text().notNull()' }, below: VIEW('people') },
    reads: ['SELECT address FROM app.addresses WHERE id = $1'],
    naive: ['DROP VIEW app.addresses', 'ALTER TABLE app.people ALTER COLUMN email TYPE text', 'CREATE VIEW app.addresses AS SELECT id, lower(email) AS address, email FROM app.people'],
  }),
  onTable('index added', 'items', {
    after: { rest: `, (t) => [index('items_by_amount').on(t.amount)]` },
    naive: ['CREATE INDEX items_by_amount ON app.items (amount)'],
  }),
  onTable('unique added', 'members', {
    after: { rest: `, (t) => [unique('members_email').on(t.email)]` },
    naive: ['ALTER TABLE app.members ADD CONSTRAINT members_email UNIQUE (email)'],
  }),
  onTable('foreign key added', 'shops', {
    before: { above: OWNERS },
    after: { above: OWNERS, columns: { owner: 'bigint().notNull().references(() => owners.id)' } },
    fill: ['INSERT INTO app.owners SELECT generate_series(1, 100)'],
    reads: ['SELECT * FROM app.owners WHERE id = 1 + $1 % 100'],
    naive: ['ALTER TABLE app.shops ADD CONSTRAINT shops_owner_fkey FOREIGN KEY (owner) REFERENCES app.owners (id)'],
  }),
  onTable('check added', 'accounts', {
    after: { rest: `, (t) => [check('accounts_amount', sql\`\${t.amount} >= 0\`)]` },
    naive: ['ALTER TABLE app.accounts ADD CONSTRAINT accounts_amount CHECK (amount >= 0)'],
  }),
  onTable('NOT NULL set', 'letters', {
    after: { columns: { note: 'text().notNull()' } },
    naive: ['ALTER TABLE app.letters ALTER COLUMN note SET NOT NULL'],
  }),
  onTable('column type changed', 'parcels', {
    after: { columns: { amount: 'bigint().notNull()' } },
    naive: ['ALTER TABLE app.parcels ALTER COLUMN amount TYPE bigint'],
  }),
  onTable('column renamed', 'clients', {
    after: { columns: { amount: '', total: `integer().notNull().renamedFrom('amount')` } },
    naive: ['ALTER TABLE app.clients RENAME COLUMN amount TO total'],
    next: { amount: 'total' },
  }),
  onTable('table renamed', 'firms', {
    after: { table: 'companies', rest: ').renamedFrom(\'firms\'' },
    naive: ['ALTER TABLE app.firms RENAME TO companies'],
    next: { table: 'companies' },
  }),
]

/** The cases of these names. */
export function trafficCases(names: readonly string[]): TrafficCase[] {
  return names.map((name) => {
    const found = TRAFFIC_CASES.find((each) => each.name === name)
    if (!found) throw new Error(`there is no case "${name}"`)
    return found
  })
}
