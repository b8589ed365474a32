import { SchemaError } from '../../src/errors.js'
import { integer, sequence, serial, table, text } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes sequences that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE SEQUENCE plain',
      'CREATE SEQUENCE "Count down" AS smallint INCREMENT -2 MINVALUE -100 MAXVALUE 50 START 20 CACHE 5 CYCLE',
      'CREATE SEQUENCE huge START 9223372036854775806',
      'CREATE TABLE t (id serial PRIMARY KEY, other integer, note text)',
      'CREATE SEQUENCE owned AS integer OWNED BY t.other',
      'CREATE TABLE identity (id bigint GENERATED ALWAYS AS IDENTITY)',
    ])
    expect(differences).toEqual([])
    expect(source).toContain("start: '9223372036854775806'")
    expect(source).not.toContain('identity_id_seq')
  })

  test('numbers go on when limits change', async () => {
    const before = sequence('numbers', { max: 1000 })
    const after = sequence('numbers', { min: 100, max: 5000, increment: 10 })
    const { up } = await databases.migration(engine, [before], [after])
    const next = async (position: number) => {
      const database = await databases.holding(engine, [before])
      await database.executeAll([`SELECT setval('numbers', ${position})`, ...up])
      return (await database.query(`SELECT nextval('numbers')`))[0]![0]
    }
    expect(await next(7)).toBe('100')
    expect(await next(500)).toBe('510')
  })

  test('limits apart from the old ones start the sequence again', async () => {
    const { up, down } = await databases.migration(engine, [sequence('numbers')], [sequence('numbers', { increment: -1 })])
    expect(up).toEqual(['ALTER SEQUENCE public.numbers INCREMENT BY -1 NO MINVALUE NO MAXVALUE START WITH -1 RESTART'])
    expect(down).toEqual(['ALTER SEQUENCE public.numbers INCREMENT BY 1 NO MINVALUE NO MAXVALUE START WITH 1 RESTART'])
  })

  test('a sequence outlives the column that owned it', async () => {
    const invoices = table('invoices', { note: text(), number: integer() })
    const { up } = await databases.migration(
      engine,
      [invoices, sequence('numbers').ownedBy(() => invoices.number)],
      [table('invoices', { note: text() }), sequence('numbers')],
    )
    expect(up).toEqual(['ALTER SEQUENCE public.numbers OWNED BY NONE', 'ALTER TABLE public.invoices DROP COLUMN number'])
  })

  test('the sequence of a serial column goes with its table', async () => {
    const { up, down } = await databases.migration(engine, [], [table('invoices', { number: serial() })])
    expect(up[0]).toBe('CREATE SEQUENCE public.invoices_number_seq AS integer')
    expect(down).toEqual(['DROP TABLE public.invoices'])
  })
})

test.each([
  ['a fraction', () => sequence('s', { start: 1.5 }), /option start of sequence public\.s is 1\.5, not a whole number/],
  ['a number that JavaScript cannot hold', () => sequence('s', { max: 2 ** 60 }), /not a whole number/],
  ['an increment of 0', () => sequence('s', { increment: 0 }), /the increment of sequence public\.s is 0/],
  ['another type', () => sequence('s', { dataType: 'numeric' as never }), /data type of sequence public\.s is numeric/],
])('%s is refused', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
})
