import { SchemaError } from '../../src/errors.js'
import { compositeType, integer, table, text, varchar } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes composite types that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      `CREATE TYPE address AS (street text COLLATE "C", "Zip code" varchar(10), "10" int, "2" int[])`,
      `COMMENT ON COLUMN address.street IS 'with number'`,
      'CREATE TYPE nothing AS ()',
      'CREATE TYPE dropped AS (a int, b int, c int)',
      'ALTER TYPE dropped DROP ATTRIBUTE b',
      'CREATE TYPE pair AS (here address, there address[])',
    ])
    expect(differences).toEqual([])
    expect(source).toContain(".comment('with number')")
  })

  test('values keep their attributes when these change their order', async () => {
    const declared = (turned: boolean) => {
      const address = turned ? compositeType('address', { zip: text(), street: text() }) : compositeType('address', { street: text(), zip: text() })
      return [address, table('shops', { address: address() })]
    }
    const { up, down } = await databases.migration(engine, declared(false), declared(true))
    const database = await databases.holding(engine, declared(false))
    await database.executeAll([`INSERT INTO shops VALUES (('Main 1', '12345')), (NULL), ((NULL, NULL))`, ...up])
    const read = () => database.query('SELECT (address).street, (address).zip, address::text FROM shops')
    expect(await read()).toEqual([['Main 1', '12345', '(12345,"Main 1")'], [null, null, null], [null, null, '(,)']])
    await database.executeAll(down)
    expect(await read()).toEqual([['Main 1', '12345', '("Main 1",12345)'], [null, null, null], [null, null, '(,)']])
  })

  test('attributes come and go in place, also where the type is stored', async () => {
    const declared = (...names: string[]) => {
      const address = compositeType('address', names.map((name) => [name, text()] as const))
      return [address, table('shops', { address: address(), others: address().array() })]
    }
    const { up } = await databases.migration(engine, declared('street', 'zip'), declared('street', 'city'))
    expect(up).toEqual(['ALTER TYPE public.address DROP ATTRIBUTE zip', 'ALTER TYPE public.address ADD ATTRIBUTE city text'])
  })

  test('rows keep their values when an attribute gets another type', async () => {
    const declared = (zip: ReturnType<typeof integer> | ReturnType<typeof varchar>) => {
      const address = compositeType('address', { street: text(), zip: zip as ReturnType<typeof text> })
      return [address, table('shops', { address: address(), others: address().array() })]
    }
    const { up } = await databases.migration(engine, declared(integer()), declared(varchar(10)))
    const database = await databases.holding(engine, declared(integer()))
    await database.executeAll([`INSERT INTO shops VALUES (('Main 1', 12345), ARRAY[('A "b"', 1)::address])`, ...up])
    expect(await database.query('SELECT (address).zip, (others[1]).street FROM shops')).toEqual([['12345', 'A "b"']])
  })
})

test('attributes mention the types they are of', () => {
  const inner = compositeType('part', { a: integer() })
  const [declaration] = compositeType('whole', { inner: inner(), more: inner().array() }).declarations()
  expect(declaration!.uses).toEqual(['composite_type:public.part', 'composite_type:public.part'])
})

test.each([
  ['an attribute with a default', () => compositeType('t', { a: integer().default(1) }), /attribute a of composite type public\.t takes a type/],
  ['an attribute without a name', () => compositeType('t', { '': integer() }), /attribute has an empty name/],
])('%s is refused', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
})
