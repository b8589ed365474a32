import { SchemaError } from '../../src/errors.js'
import { bigint, domain, domainCheck, integer, sql, table, text, varchar } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes domains that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      `CREATE DOMAIN email AS varchar(200) COLLATE "C" DEFAULT 'x' NOT NULL CHECK (VALUE ~ '@')`,
      `ALTER DOMAIN email ADD CONSTRAINT "not yet" CHECK (length(VALUE) < 50) NOT VALID`,
      `COMMENT ON CONSTRAINT email_check ON DOMAIN email IS 'the least'`,
      'CREATE DOMAIN work_email AS email CHECK (length(VALUE) > 5)',
      'CREATE DOMAIN grid AS integer[]',
    ])
    expect(differences).toEqual([])
    expect(source).toContain(".collate('C')")
    expect(source).toContain('{ notValid: true }')
    expect(source).toContain(".comment('the least')")
  })

  test('everything but the type is altered in place', async () => {
    const before = domain('code', text())
    const after = domain('code', text()).notNull().default('x').check('code_short', sql`length(value) < 9`)
    const { up, down } = await databases.migration(engine, [before], [after])
    expect(up).toEqual([
      `ALTER DOMAIN public.code SET DEFAULT 'x'::text`,
      'ALTER DOMAIN public.code SET NOT NULL',
      'ALTER DOMAIN public.code ADD CONSTRAINT code_short CHECK ((length(VALUE) < 9))',
    ])
    expect(down).toEqual([
      'ALTER DOMAIN public.code DROP CONSTRAINT code_short',
      'ALTER DOMAIN public.code DROP DEFAULT',
      'ALTER DOMAIN public.code DROP NOT NULL',
    ])
  })

  test('rows keep their values when the type of the domain changes', async () => {
    const declared = (base: typeof integer | typeof bigint) => {
      const amount = domain('amount', base() as ReturnType<typeof integer>).check('amount_positive', sql`value >= 0`)
      return [amount, table('orders', { amount: amount(), amounts: amount().array() })]
    }
    const { up, down } = await databases.migration(engine, declared(integer), declared(bigint))
    const database = await databases.holding(engine, declared(integer))
    await database.executeAll([`INSERT INTO orders VALUES (1, '{2,3}')`, ...up, `INSERT INTO orders VALUES (9, '{9}')`, ...down])
    expect(await database.query('SELECT amount::text, amounts::text FROM orders ORDER BY 1')).toEqual([['1', '{2,3}'], ['9', '{9}']])
    await expect(database.query('INSERT INTO orders VALUES (-1)')).rejects.toThrow('amount_positive')
  })

  test('a check is added although arrays of the domain are stored', async () => {
    const declared = (checked: boolean) => {
      const code = domain('code', text())
      return [checked ? code.check('code_short', sql`length(value) < 9`) : code, table('t', { codes: code().array() })]
    }
    const { up } = await databases.migration(engine, declared(false), declared(true))
    const database = await databases.holding(engine, declared(false))
    await database.executeAll([`INSERT INTO t VALUES ('{a,b}')`, ...up])
    expect(await database.query('SELECT codes::text FROM t')).toEqual([['{a,b}']])
    await expect(database.query(`INSERT INTO t VALUES ('{aaaaaaaaa}')`)).rejects.toThrow('code_short')
  })
})

test('unnamed checks are told apart', () => {
  const declarations = domain('d', integer()).check(sql`value > 1`).check(sql`value < 9`).declarations()
  expect(new Set(declarations.map(({ object }) => object.ref)).size).toBe(3)
})

test.each([
  ['more than a type', () => domain('d', text().notNull()), /domain public\.d takes a type, but more is said/],
  ['a check that is a string', () => domain('d', text()).check('c', 'value > 1' as never), /check of domain public\.d is not SQL/],
  ['a comment on a check without a name', () => domainCheck('c', sql`true`) && domainCheck('', sql`true`), /constraint has an empty name/],
  ['an empty type', () => domain('d', ''), /the type of domain public\.d is empty/],
])('%s is refused', (_, declare, message) => {
  const declared = () => (declare() as unknown as { declarations?(): unknown }).declarations?.()
  expect(declared).toThrow(SchemaError)
  expect(declared).toThrow(message)
})

test('a length stands for what format_type prints', () => {
  expect(domain('d', varchar(20)).object.attrs.type).toBe('character varying(20)')
})
