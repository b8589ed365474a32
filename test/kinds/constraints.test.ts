import { bigint, check, exclude, foreignKey, integer, primaryKey, schema, table, text, unique } from '../../src/schema.js'
import { SchemaError } from '../../src/errors.js'
import { sql } from '../../src/sql/template.js'
import { pulled } from '../support/pull.js'
import { majors } from '../support/servers.js'
import { sqlMigration } from '../support/sql-migration.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

const TREE = [
  'CREATE TABLE p (id int NOT NULL, k int NOT NULL, v text) PARTITION BY RANGE (id)',
  'CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
  'CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (100) PARTITION BY LIST (k)',
  'CREATE TABLE p21 PARTITION OF p2 FOR VALUES IN (1)',
]

describe.each(majors)('on %s', (engine) => {
  test('pull writes constraints that are in sync', async () => {
    const { differences } = await pulled(databases, engine, [
      'CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, "Odd name" text, CONSTRAINT "it\'s" UNIQUE ("Odd name", id) INCLUDE (email) WITH (fillfactor = 50))',
      'ALTER TABLE users ADD CONSTRAINT later UNIQUE (email, id) DEFERRABLE INITIALLY DEFERRED',
      `CREATE TABLE orders (id int CONSTRAINT orders_id PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE, a text, b int,
         CONSTRAINT full_match FOREIGN KEY (a, b) REFERENCES users ("Odd name", id) MATCH FULL ON UPDATE SET NULL DEFERRABLE, parent int REFERENCES orders,
         CHECK (b > 0), CONSTRAINT tidy CHECK (a <> '') NO INHERIT)`,
      'CREATE TABLE bookings (room int4range, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT isempty(during)))',
      'ALTER TABLE users CLUSTER ON "it\'s"',
      'CREATE TABLE kids (CONSTRAINT kids_check CHECK (b < 100)) INHERITS (orders)',
      "ALTER TABLE orders ADD CONSTRAINT later CHECK (a IN ('\\x', E'`\\n$' || '{')) NOT VALID",
    ])
    expect(differences).toEqual([])
  })

  test('pull writes the keys of partitions, made by PostgreSQL or attached by hand', async () => {
    const { differences } = await pulled(databases, engine, [
      ...TREE,
      'ALTER TABLE p ADD PRIMARY KEY (id, k)',
      'ALTER TABLE p21 RENAME CONSTRAINT p21_pkey TO of_its_own',
      'ALTER TABLE ONLY p ADD CONSTRAINT once UNIQUE (k, id)',
      'ALTER TABLE p1 ADD CONSTRAINT p1_once UNIQUE (k, id)',
      'ALTER INDEX once ATTACH PARTITION p1_once',
      'CREATE TABLE q (id int, k int, FOREIGN KEY (id, k) REFERENCES p) PARTITION BY HASH (id)',
      'CREATE TABLE q0 PARTITION OF q FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
      'ALTER TABLE p ADD CHECK (id >= 0)',
    ])
    expect(differences).toEqual([])
  })

  test.each([
    ['a key of a partitioned table and back', TREE, [...TREE, 'ALTER TABLE p ADD PRIMARY KEY (id, k)', 'ALTER TABLE p1 RENAME CONSTRAINT p1_pkey TO mine']],
    [
      'a foreign key that must choose another index',
      ['CREATE TABLE u (a int NOT NULL)', 'CREATE UNIQUE INDEX u1 ON u (a)', 'CREATE UNIQUE INDEX u2 ON u (a)', 'CREATE TABLE f (a int REFERENCES u (a))'],
      ['CREATE TABLE u (a int NOT NULL)', 'CREATE UNIQUE INDEX u2 ON u (a)', 'CREATE TABLE f (a int REFERENCES u (a))'],
    ],
    [
      'a unique index that becomes a constraint under a foreign key',
      ['CREATE TABLE u (a int NOT NULL)', 'CREATE UNIQUE INDEX one ON u (a)', 'CREATE TABLE f (a int REFERENCES u (a))', 'ALTER TABLE u CLUSTER ON one'],
      ['CREATE TABLE u (a int NOT NULL CONSTRAINT one UNIQUE)', 'CREATE TABLE f (a int REFERENCES u (a))', 'ALTER TABLE u CLUSTER ON one'],
    ],
    [
      'a partition detached with all that it has',
      [...TREE, 'CREATE TABLE r (id int PRIMARY KEY)', 'ALTER TABLE p ADD PRIMARY KEY (id, k), ADD CONSTRAINT fk FOREIGN KEY (k) REFERENCES r, ADD CONSTRAINT c CHECK (id >= 0)'],
      [
        ...TREE,
        'CREATE TABLE r (id int PRIMARY KEY)',
        'ALTER TABLE p ADD PRIMARY KEY (id, k), ADD CONSTRAINT fk FOREIGN KEY (k) REFERENCES r, ADD CONSTRAINT c CHECK (id >= 0)',
        'ALTER TABLE p DETACH PARTITION p1',
        'ALTER TABLE p1 DROP CONSTRAINT fk',
      ],
    ],
    [
      'a check on a parent of plain inheritance, one child having it already',
      ['CREATE TABLE a (x int)', 'CREATE TABLE b () INHERITS (a)', 'CREATE TABLE c (CONSTRAINT k CHECK (x > 0)) INHERITS (a)'],
      ['CREATE TABLE a (x int, CONSTRAINT k CHECK (x > 0))', 'CREATE TABLE b () INHERITS (a)', 'CREATE TABLE c (CONSTRAINT k CHECK (x > 0)) INHERITS (a)'],
    ],
    ['a key over partitions that cannot all have it', TREE, [...TREE, 'ALTER TABLE ONLY p ADD PRIMARY KEY (id, k)']],
  ])('%s', async (_, before, after) => {
    const { up, down } = await sqlMigration(databases, engine, before, after)
    expect(up).not.toEqual([])
    expect(down).not.toEqual([])
  })
})

describe('what is refused where it is written', () => {
  const app = schema('app')
  const declared = (make: () => { declarations(): unknown }) => () => make().declarations()
  const teams = app.table('teams', { id: bigint().notNull(), code: text() })

  test.each<[string, () => { declarations(): unknown }, RegExp]>([
    ['a key without columns', () => table('t', { id: bigint() }, () => [primaryKey()]), /constraint of table public\.t has no columns/],
    ['a foreign key to nothing', () => table('t', { id: bigint() }, (t) => [foreignKey('f').on(t.id)]), /constraint f of table public\.t refers to nothing/],
    [
      'as many columns as it refers to',
      () => table('t', { id: bigint() }, (t) => [foreignKey('f').on(t.id).references(() => [teams.id, teams.code])]),
      /has 1 columns and refers to 2/,
    ],
    ['something that is no column', () => table('t', { id: bigint() }, (t) => [foreignKey('f').on(t.id).references(() => undefined as never)]), /not a column of a declared table/],
    ['an exclusion of nothing', () => table('t', { id: bigint() }, () => [exclude('x')]), /constraint x of table public\.t excludes nothing/],
    ['an empty condition', () => table('t', { id: bigint() }, () => [check('c', sql`  `)]), /condition of check c is empty/],
    ['a name that PostgreSQL would cut', () => table('t', { id: bigint() }, (t) => [unique('x'.repeat(64)).on(t.id)]), /longer than 63 bytes/],
  ])('%s', (_, make, message) => {
    let error: unknown
    try {
      declared(make)()
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(SchemaError)
    expect((error as SchemaError).message).toMatch(message)
    expect((error as SchemaError).at?.file).toMatch(/constraints\.test\.ts$/)
  })

  test('a column that the table does not have', () => {
    // @ts-expect-error the table has no such column
    expect(declared(() => table('t', { id: integer() }, (t) => [primaryKey().on(t.nothing)]))).toThrow(/has no column/)
  })
})
