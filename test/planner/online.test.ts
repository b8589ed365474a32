import { isAllowed } from '../../src/hazards.js'
import type { PlannedStep } from '../../src/planner/plan.js'
import { dataEngines } from '../support/servers.js'
import { provenMigration } from '../support/sql-migration.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

const BEFORE = [
  'CREATE TABLE users (id bigint PRIMARY KEY, email text, level integer)',
  'CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, note varchar(10))',
]

/** What runs, and whether in a transaction of its own. */
function texts(steps: readonly PlannedStep[]): string[] {
  return steps.map(({ statement: { sql, transaction } }) => `${transaction === 'outside' ? '! ' : ''}${sql.replace(/\s+/g, ' ')}`)
}

describe.each(dataEngines)('on %s', (engine) => {
  const migrate = (before: readonly string[], after: readonly string[], online = true) => provenMigration(databases, engine, before, after, { online })

  test('a unique constraint, a foreign key and an index go beside the application; all that can wait comes last', async () => {
    const { upgrade, downgrade } = await migrate(BEFORE, [
      ...BEFORE,
      'ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email)',
      'ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)',
      'ALTER TABLE orders ADD COLUMN sent boolean',
      'CREATE INDEX orders_sent ON orders (sent)',
    ])
    expect(texts(upgrade.steps)).toEqual([
      'ALTER TABLE public.orders ADD COLUMN sent boolean',
      'ALTER TABLE public.orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users (id) NOT VALID',
      '! CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON public.users (email)',
      'ALTER TABLE public.users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key',
      '! CREATE INDEX CONCURRENTLY orders_sent ON public.orders (sent)',
      '! ALTER TABLE public.orders VALIDATE CONSTRAINT orders_user_id_fkey',
    ])
    expect(texts(downgrade.steps)).toEqual([
      'ALTER TABLE public.orders DROP CONSTRAINT orders_user_id_fkey',
      'ALTER TABLE public.users DROP CONSTRAINT users_email_key',
      'ALTER TABLE public.orders DROP COLUMN sent',
    ])
    expect(upgrade.steps.map(({ comments }) => comments[0])).toEqual([
      '+ column public.orders.sent — ACCESS EXCLUSIVE on public.orders, metadata only',
      '+ constraint public.orders.orders_user_id_fkey — ACCESS EXCLUSIVE (held already) on public.orders, SHARE ROW EXCLUSIVE on public.users, metadata only',
      '+ constraint public.users.users_email_key — SHARE UPDATE EXCLUSIVE on public.users, reads all of public.users, waits for older transactions (as documented)',
      'ACCESS EXCLUSIVE on public.users, metadata only',
      '+ index public.orders_sent — SHARE UPDATE EXCLUSIVE on public.orders, reads all of public.orders, waits for older transactions (as documented)',
      'SHARE UPDATE EXCLUSIVE on public.orders, reads all of public.orders',
    ])
  })

  test('without it, the plain forms, and what they cost', async () => {
    const { upgrade } = await migrate(
      BEFORE,
      [
        'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, level bigint)',
        BEFORE[1]!,
        'CREATE INDEX users_level ON users (level)',
      ],
      false,
    )
    expect(texts(upgrade.steps)).toEqual([
      'ALTER TABLE public.users ALTER COLUMN email SET NOT NULL',
      'ALTER TABLE public.users ALTER COLUMN level SET DATA TYPE bigint',
      'CREATE INDEX users_level ON public.users (level)',
    ])
    expect(upgrade.steps.flatMap(({ hazards }) => hazards.filter(({ code }) => /scan|rewrite/.test(code)).map(({ code, object }) => `${code} ${object}`))).toEqual([
      'long-scan column:public.users.email',
      'table-rewrite column:public.users.level',
      'long-scan index:public.users_level',
    ])
  })

  test('what rewrites or reads a table under a strong lock is seen; what PostgreSQL does without is not', async () => {
    const { upgrade } = await migrate(BEFORE, [
      'CREATE TABLE users (id bigint PRIMARY KEY, email varchar, level bigint)',
      'CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, note varchar(20), made timestamptz DEFAULT now(), key uuid DEFAULT gen_random_uuid())',
    ])
    const codes = upgrade.steps.flatMap(({ hazards }) => hazards.filter(({ code }) => /scan|rewrite/.test(code)).map(({ code, object }) => `${code} ${object}`))
    expect(codes.sort()).toEqual(['table-rewrite column:public.orders.key', 'table-rewrite column:public.users.level'])
  })

  test('what is dropped to be created again is not gone meanwhile', async () => {
    const view = 'CREATE VIEW notes AS SELECT note FROM orders'
    const { upgrade } = await migrate([...BEFORE, view], [
      'CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, level integer)',
      'CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, note varchar(20))',
      view,
    ])
    expect(texts(upgrade.steps)).toEqual([
      'DROP VIEW public.notes',
      'ALTER TABLE public.orders ALTER COLUMN note SET DATA TYPE character varying(20)',
      expect.stringContaining('CREATE VIEW public.notes'),
      '! CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON public.users (email)',
      'ALTER TABLE public.users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key',
    ])
  })

  test('where it must be, that is a hazard', async () => {
    const grouped = 'CREATE VIEW totals AS SELECT id, level FROM users GROUP BY id'
    const { upgrade } = await migrate(
      ['CREATE TABLE users (id integer, level integer)', 'CREATE VIEW totals AS SELECT id, max(level) AS level FROM users GROUP BY id'],
      ['CREATE TABLE users (id integer PRIMARY KEY, level bigint)', grouped],
    )
    const hazards = upgrade.steps.flatMap((step) => step.hazards.filter(({ message }) => message.includes('it is gone while')))
    expect(hazards).toMatchObject([{ code: 'breaks-code', object: 'view:public.totals' }])
  })

  test('an index that is dropped before the one in its place is there is a hazard, whether others see the gap or wait for its end; one that is swapped is none', async () => {
    const state = (column: string) => [
      'CREATE TABLE users (id bigint PRIMARY KEY, email text, level integer)',
      `CREATE INDEX users_by ON users (${column})`,
      'CREATE TABLE logs (id bigint NOT NULL, email text, level integer) PARTITION BY RANGE (id)',
      'CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9)',
      `CREATE INDEX logs_by ON logs (${column})`,
      `CREATE TABLE booked (email text, level integer, CONSTRAINT once EXCLUDE USING hash (${column} WITH =))`,
      `CREATE FUNCTION folded(${column} text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'`,
      'CREATE INDEX users_folded ON users (folded(email))',
    ]
    const gaps = async (online: boolean) => {
      const { upgrade } = await migrate(state('email'), state('level'), online)
      return upgrade.steps.flatMap(({ hazards }) => hazards.filter(({ code, message }) => code === 'index-gap' || /it is gone while/.test(message)).map(({ message }) => message)).sort()
    }
    const locked = (name: string, table: string) => `${name}: nobody can read or write table public.${table} from its drop until the new one is built`
    const [once, logs] = [locked('constraint public.booked.once', 'booked'), locked('index public.logs_by', 'logs')]
    expect(await gaps(true)).toEqual([once, 'index public.users_folded: queries go without it until the new one is built'])
    expect(await gaps(false)).toEqual([once, logs, locked('index public.users_by', 'users'), locked('index public.users_folded', 'users')])
  })

  test('hazards count the rows that stand in the way', async () => {
    const { upgrade } = await migrate(BEFORE, [
      'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, level integer CHECK (level > 0), UNIQUE (email, level))',
      'CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, note varchar(10), must text NOT NULL)',
    ])
    const counts = upgrade.steps.flatMap(({ hazards }) => hazards.flatMap(({ object, count }) => (count === undefined ? [] : [[object, count] as const])))
    const database = await databases.open(engine)
    await database.executeAll([
      ...BEFORE,
      `INSERT INTO users VALUES (1, NULL, 0), (2, 'a', 1), (3, 'a', 1), (4, NULL, NULL)`,
      `INSERT INTO orders VALUES (1, 1), (2, 99), (3, NULL)`,
    ])
    const found: Record<string, unknown> = {}
    for (const [object, count] of counts) found[object] = (await database.query(count))[0]![0]
    expect(found).toEqual({
      'column:public.users.email': '2',
      'column:public.orders.must': '3',
      'constraint:public.users.users_level_check': '1',
      'constraint:public.users.users_email_level_key': '1',
      'constraint:public.orders.orders_user_id_fkey': '1',
    })
  })
})

test('a hazard may be allowed for one object and what it consists of', () => {
  expect(isAllowed('data-loss', 'app.users.email', ['data-loss:app.users'])).toBe(true)
  expect(isAllowed('data-loss', 'app.users_old', ['data-loss:app.users'])).toBe(false)
  expect(isAllowed('data-loss', 'app.users', ['irreversible', 'irreversible:app.users'])).toBe(false)
  expect(isAllowed('data-loss', 'app.users', ['all'])).toBe(true)
})
