import { bigint, expression, index, table, text, uniqueIndex } from '../../src/schema.js'
import { kindOf } from '../../src/kinds/registry.js'
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
  test('pull writes indexes that are in sync', async () => {
    const { differences } = await pulled(databases, engine, [
      `CREATE TABLE t (a int, b text COLLATE "C", c varchar(10), d text[], e jsonb, f tsvector, g inet, h int4range, i bpchar(3), "J k" text, l point)`,
      'CREATE INDEX i1 ON t (a DESC, b DESC NULLS LAST, c NULLS FIRST)',
      'CREATE INDEX i2 ON t (b COLLATE "default", c COLLATE "C" text_pattern_ops)',
      'CREATE INDEX i4 ON t USING gin (e jsonb_path_ops)',
      'CREATE INDEX i5 ON t USING gist (f tsvector_ops (siglen = 100), h)',
      'CREATE INDEX i6 ON t USING gist (g inet_ops)',
      'CREATE INDEX i7 ON t (i bpchar_pattern_ops, "J k")',
      `CREATE INDEX i8 ON t ((a + 1), lower(b), (c || 'x''y') COLLATE "C" DESC) WHERE a > 3 AND b IS NOT NULL`,
      'CREATE INDEX i9 ON t USING hash (c)',
      'CREATE INDEX "I 10" ON t USING brin (a int4_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 8)',
      'CREATE UNIQUE INDEX i11 ON t (a) INCLUDE (b, "J k") WITH (fillfactor = 77)',
      'CREATE INDEX i12 ON t USING spgist (l kd_point_ops)',
      'ALTER INDEX i8 ALTER COLUMN 2 SET STATISTICS 44',
      'ALTER TABLE t CLUSTER ON i1',
      "COMMENT ON INDEX i1 IS 'it`s ${x}'",
      'CREATE MATERIALIZED VIEW m AS SELECT a, b AS "B b" FROM t',
      'CREATE UNIQUE INDEX mi ON m ("B b" DESC)',
      'ALTER MATERIALIZED VIEW m CLUSTER ON mi',
    ])
    expect(differences).toEqual([])
  })

  test('pull writes the indexes of partitions, made by PostgreSQL or attached by hand', async () => {
    const { differences } = await pulled(databases, engine, [
      ...TREE,
      'CREATE INDEX plain ON p (v)',
      'CREATE INDEX odd ON p (k)',
      'ALTER INDEX p21_k_idx RENAME TO odd_one',
      'CREATE INDEX part ON ONLY p (id)',
      'CREATE INDEX part1 ON p1 (id) WITH (fillfactor = 50)',
      'ALTER INDEX part ATTACH PARTITION part1',
    ])
    expect(differences).toEqual([])
  })

  test.each([
    ['one statement makes the indexes of all partitions', TREE, [...TREE, 'CREATE INDEX pv ON p (lower(v)) WHERE k > 3']],
    ['names of one\'s own on partitions', TREE, [...TREE, 'CREATE INDEX pv ON p (v)', 'ALTER INDEX p21_v_idx RENAME TO odd']],
    [
      'the last missing attachment makes the index valid',
      [...TREE, 'CREATE INDEX pv ON ONLY p (v)', 'CREATE INDEX a ON p1 (v)', 'CREATE INDEX b ON p2 (v)', 'ALTER INDEX pv ATTACH PARTITION a'],
      [...TREE, 'CREATE INDEX pv ON ONLY p (v)', 'CREATE INDEX a ON p1 (v)', 'CREATE INDEX b ON p2 (v)', 'ALTER INDEX pv ATTACH PARTITION a', 'ALTER INDEX pv ATTACH PARTITION b'],
    ],
    [
      'a key of a partition attached to a plain unique index',
      TREE,
      [...TREE, 'CREATE UNIQUE INDEX u ON ONLY p (id, k)', 'ALTER TABLE p1 ADD CONSTRAINT k1 PRIMARY KEY (id, k)', 'ALTER INDEX u ATTACH PARTITION k1'],
    ],
    [
      'names that change places',
      ['CREATE TABLE a (x int)', 'CREATE TABLE b (x int)', 'CREATE INDEX i ON a (x)', 'CREATE INDEX j ON b (x)'],
      ['CREATE TABLE a (x int)', 'CREATE TABLE b (x int)', 'CREATE INDEX j ON a (x)', 'CREATE INDEX i ON b (x)'],
    ],
  ])('%s', async (_, before, after) => {
    const { up, down } = await sqlMigration(databases, engine, before, after)
    expect(up).not.toEqual([])
    expect(down).not.toEqual([])
  })
})

test('an index reads in SQL as it was declared', () => {
  const docs = table('docs', { id: bigint(), title: text() }, (t) => [
    uniqueIndex('one').on(sql`lower(${t.title})`, t.id.desc().nullsLast()).where(sql`${t.id} > 0`).include(t.title).with({ fillfactor: 70 }),
    index('two').on(expression(sql`${t.title} || 'x'`).collate('"C"').op('text_pattern_ops')).using('btree'),
    index().on('title', t.id),
  ])
  const statements = docs.declarations().filter(({ object }) => object.kind === 'index').flatMap(({ object }) => kindOf(object).create(object, [], []))
  expect(statements.map(({ sql: text }) => text)).toEqual([
    'CREATE UNIQUE INDEX one ON public.docs (lower(title), id DESC NULLS LAST) INCLUDE (title) WITH (fillfactor = 70) WHERE id > 0',
    `CREATE INDEX two ON public.docs ((title || 'x') COLLATE "C" text_pattern_ops)`,
    'CREATE INDEX ON public.docs (title, id)',
  ])
})

test.each<[string, () => unknown, RegExp]>([
  ['nothing to index', () => table('t', { id: bigint() }, () => [index('i')]), /index i of table public\.t has no columns/],
  ['NULLS NOT DISTINCT without unique', () => table('t', { id: bigint() }, (t) => [index('i').on(t.id).nullsNotDistinct()]), /index i is not unique/],
  ['a place below another index without a name', () => table('t', { id: bigint() }, (t) => [index().on(t.id).cluster()]), /needs a name/],
])('%s is refused', (_, make, message) => {
  expect(() => (make() as { declarations(): unknown }).declarations()).toThrow(message)
})
