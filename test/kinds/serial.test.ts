import type { ColumnBuilder, Input } from '../../src/authoring/column-builder.js'
import { bigserial, integer, schema, sequence, serial, sql, table } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

const app = schema('app')
const numbered = (id: ColumnBuilder<number, boolean, Input>) => [app, app.table('Some T', { "i'd": id.primaryKey(), n: integer() })]

describe.each(dataEngines)('on %s', (engine) => {
  async function insertsAround(before: Parameters<Databases['migration']>[1], after: typeof before, rows: readonly string[]) {
    const { up, down } = await databases.migration(engine, before, after)
    const database = await databases.holding(engine, before)
    const insert = async () => (await database.query(`INSERT INTO app."Some T" (n) VALUES (0) RETURNING "i'd"`))[0]![0]
    await database.executeAll(rows)
    await database.executeAll(up)
    const upgraded = [await insert(), await insert()]
    await database.executeAll(['DELETE FROM app."Some T" WHERE "i\'d" = 2', ...down])
    return { upgraded, downgraded: [await insert(), await insert()] }
  }

  const ROWS = ['INSERT INTO app."Some T" (n) SELECT 0 FROM generate_series(1, 41)']

  test('serial and identity: the next row gets the next number, there and back', async () => {
    const [ids, always] = [numbered(serial()), numbered(integer().generatedAlwaysAsIdentity())]
    const expected = { upgraded: [42, 43], downgraded: [44, 45] }
    expect(await insertsAround(ids, always, ROWS)).toEqual(expected)
    expect(await insertsAround(always, ids, ROWS)).toEqual(expected)
    expect(await insertsAround(numbered(integer().generatedByDefaultAsIdentity()), ids, ROWS)).toEqual(expected)
  })

  test('an empty table begins at the beginning', async () => {
    // The second row is deleted in between: what counts is what is there.
    expect(await insertsAround(numbered(integer().generatedAlwaysAsIdentity()), numbered(serial()), [])).toEqual({ upgraded: [1, 2], downgraded: [2, 3] })
  })

  test('numbers that a new sequence does not have are left alone; one that goes down goes on downwards', async () => {
    const down = sequence({ schema: 'app', name: 'down' }, { dataType: 'integer', increment: -1, start: -10 })
    const plain = [app, app.table('Some T', { "i'd": integer().notNull(), n: integer() })]
    const counted = [app, down, app.table('Some T', { "i'd": integer().notNull().default(sql`nextval('app.down'::regclass)`), n: integer() })]
    const next = async (after: typeof counted, rows: string) => {
      const { up } = await databases.migration(engine, plain, after)
      const database = await databases.holding(engine, plain)
      await database.executeAll([rows, ...up])
      return (await database.query(`SELECT nextval('app.down')`))[0]![0]
    }
    expect(await next(counted, `INSERT INTO app."Some T" VALUES (5), (-3)`)).toBe('-10')
    expect(await next(counted, `INSERT INTO app."Some T" VALUES (-12), (-30)`)).toBe('-31')
  })

  test('a sequence that is there already keeps its position', async () => {
    const numbers = sequence({ schema: 'app', name: 'numbers' })
    const before = [app, numbers, app.table('Some T', { "i'd": integer().notNull() })]
    const after = [app, numbers, app.table('Some T', { "i'd": integer().notNull().default(sql`nextval('app.numbers'::regclass)`) })]
    const { up } = await databases.migration(engine, before, after)
    expect(up).toEqual([`ALTER TABLE ONLY app."Some T" ALTER COLUMN "i'd" SET DEFAULT nextval('app.numbers'::regclass)`])
  })

  test('a new serial column numbers the rows that are there', async () => {
    const [before, after] = [[table('t', { n: integer() })], [table('t', { n: integer(), id: bigserial() })]]
    const { up } = await databases.migration(engine, before, after)
    expect(up.join('\n')).not.toContain('setval')
    const database = await databases.holding(engine, before)
    await database.executeAll(['INSERT INTO t VALUES (7), (8)', ...up, 'INSERT INTO t VALUES (9)'])
    expect(await database.query('SELECT n, id FROM t ORDER BY n')).toEqual([[7, '1'], [8, '2'], [9, '3']])
  })

  test('a wider serial keeps its sequence and its position; a serial becomes a plain column and back', async () => {
    const [narrow, wide, plain] = [serial(), bigserial(), integer().notNull()].map((id) => [table('t', { id, n: integer() })])
    const next = async (before: typeof narrow, after: typeof narrow) => {
      const { up, down } = await databases.migration(engine, before!, after!)
      const database = await databases.holding(engine, before!)
      await database.executeAll(['INSERT INTO t SELECT n, n FROM generate_series(1, 9) n', `SELECT setval(oid, 9) FROM pg_class WHERE relkind = 'S'`, ...up])
      const rest = async () => (await database.query(`SELECT pg_get_expr(adbin, adrelid), (SELECT coalesce(max(last_value), 0)::int FROM pg_sequences) FROM pg_attrdef`))[0] ?? null
      const upgraded = await rest()
      await database.executeAll(down)
      return { upgraded, downgraded: await rest() }
    }
    const counting = [expect.stringContaining('nextval'), 9]
    expect(await next(narrow, wide)).toEqual({ upgraded: counting, downgraded: counting })
    expect(await next(narrow, plain)).toEqual({ upgraded: null, downgraded: counting })
  })

  test('pull writes one serial where PostgreSQL would make the three pieces of it', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE TABLE a (id serial PRIMARY KEY, b bigserial, c smallserial, d integer DEFAULT 3)',
      `CREATE TABLE "We ird" ("I d" serial, e integer NOT NULL DEFAULT nextval('a_id_seq'))`,
      'CREATE UNLOGGED TABLE u (id serial)',
      'CREATE TABLE p (id serial, k integer) PARTITION BY RANGE (k)',
      'CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2)',
      'CREATE TABLE i (x integer) INHERITS (a)',
      'CREATE TABLE said (id serial)',
      `COMMENT ON SEQUENCE said_id_seq IS 'counts'`,
      'GRANT USAGE ON SEQUENCE said_id_seq TO PUBLIC',
      `CREATE VIEW v AS SELECT nextval('a_b_seq')`,
    ])
    expect(differences).toEqual([])
    expect(source).toMatch(/id: serial\(\)\.primaryKey\(\),\n {2}b: bigserial\(\),\n {2}c: smallserial\(\),\n/)
    expect(source).toContain("'I d': serial(),")
    expect(source).toContain("comment('SEQUENCE public.said_id_seq', 'counts')")
    expect(source).toContain("privilegesOn('SEQUENCE public.said_id_seq')")
    expect(source.match(/serial\(\)/g)).toHaveLength(7)
    expect(source).not.toMatch(/sequence\(|ownedBy/)
  })

  test('pull writes the pieces where PostgreSQL would make something else', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE TABLE options (id serial)', 'ALTER SEQUENCE options_id_seq INCREMENT 5',
      'CREATE TABLE nullable (id serial)', 'ALTER TABLE nullable ALTER id DROP NOT NULL',
      'CREATE TABLE free (id serial)', 'ALTER SEQUENCE free_id_seq OWNED BY NONE',
      'CREATE TABLE old_name (id serial)', 'ALTER TABLE old_name RENAME TO new_name',
      'CREATE TABLE typed (id serial)', 'ALTER SEQUENCE typed_id_seq AS bigint',
      'CREATE SEQUENCE taken_id_seq', 'CREATE TABLE taken (id serial)',
      'CREATE TABLE undefaulted (id serial)', 'ALTER TABLE undefaulted ALTER id DROP DEFAULT',
    ])
    expect(differences).toEqual([])
    expect(source).not.toContain('serial()')
  })
})
