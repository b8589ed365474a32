import { diff } from '../../src/differ/diff.js'
import { reflect } from '../../src/reflector/reflect.js'
import { bigint, enumType, integer, serial, sql, table, text, varchar } from '../../src/schema.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('columns dropped in between leave no trace', async () => {
    const [a, b] = [await databases.open(engine), await databases.open(engine)]
    await a.executeAll(["CREATE TABLE t (gone int, a int NOT NULL, b text DEFAULT 'x')", 'ALTER TABLE t DROP COLUMN gone', 'ALTER TABLE t ADD c int'])
    await b.executeAll(["CREATE TABLE t (a int NOT NULL, b text DEFAULT 'x', c int)"])
    expect(diff(await reflect(a), await reflect(b))).toEqual([])
  })

  test('a longer varchar keeps its default, its index and its view where they are', async () => {
    const { up, down } = await databases.migration(
      engine,
      [table('t', { a: varchar(10).notNull().default('x').unique(), b: integer().default(0) })],
      [table('t', { a: varchar(20).notNull().default('x').unique(), b: bigint().default(0) })],
    )
    expect(up).toEqual([
      'ALTER TABLE public.t ALTER COLUMN a SET DATA TYPE character varying(20)',
      'ALTER TABLE public.t ALTER COLUMN b SET DATA TYPE bigint',
    ])
    expect(down).toHaveLength(2)
  })

  test('text becomes an enum with its rows, its default and its arrays', async () => {
    const before = [table('t', { a: text().default('sad'), b: text().array() })]
    const mood = enumType('mood', ['sad', 'ok'])
    const { up, down } = await databases.migration(engine, before, [mood, table('t', { a: mood().default('ok'), b: mood().array() })])
    const database = await databases.holding(engine, before)
    await database.executeAll(["INSERT INTO t VALUES ('ok', '{sad,ok}')", ...up, 'INSERT INTO t DEFAULT VALUES'])
    expect(await database.query('SELECT a::text, b::text FROM t')).toEqual([['ok', '{sad,ok}'], ['ok', null]])
    await database.executeAll(down)
    expect(await database.query('SELECT a, b::text FROM t')).toEqual([['ok', '{sad,ok}'], ['ok', null]])
  })

  test('an identity goes on after the rows that are there', async () => {
    const before = [table('t', { id: serial().primaryKey(), x: text() })]
    const { up } = await databases.migration(engine, before, [table('t', { id: integer().generatedAlwaysAsIdentity().primaryKey(), x: text() })])
    const database = await databases.holding(engine, before)
    await database.executeAll(["INSERT INTO t (x) VALUES ('a'), ('b'), ('c')", ...up, "INSERT INTO t (x) VALUES ('d')"])
    expect(await database.query('SELECT max(id) FROM t')).toEqual([[4]])
  })

  test('a type without a cast replaces the column and says that its values are lost', async () => {
    const { up } = await databases.migration(engine, [table('t', { a: sqlDate() })], [table('t', { a: integer() })])
    expect(up).toEqual(['ALTER TABLE public.t DROP COLUMN a', 'ALTER TABLE public.t ADD COLUMN a integer'])
  })

  test('a change of a column under NOT NULL, identity and a default is one migration', async () => {
    const { up } = await databases.migration(
      engine,
      [table('t', { a: integer().default(5), b: integer() })],
      [table('t', { a: integer().generatedAlwaysAsIdentity(), b: bigint().notNull().default(sql`1 + 1`) })],
    )
    expect(up.slice(0, 3)).toEqual([
      'ALTER TABLE ONLY public.t ALTER COLUMN a DROP DEFAULT',
      'ALTER TABLE public.t ALTER COLUMN a SET NOT NULL',
      'ALTER TABLE public.t ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY',
    ])
  })
})

function sqlDate() {
  return text().$type<string>().array()
}
