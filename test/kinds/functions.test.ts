import { SchemaError } from '../../src/errors.js'
import { func, integer, sql, table, text } from '../../src/schema.js'
import { parseIdentifierList, settingClause, storedSetting } from '../../src/kinds/routine-settings.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes functions that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      "CREATE TYPE mood AS ENUM ('a', 'b')",
      'CREATE TABLE users (id integer PRIMARY KEY, name text)',
      "CREATE FUNCTION f(a integer, b text DEFAULT 'it''s', VARIADIC c mood[] DEFAULT '{a}') RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 3 AS 'select 1'",
      "CREATE FUNCTION f(integer, \"2\" text, \"2nd\" users) RETURNS SETOF users LANGUAGE sql STABLE ROWS 7 SECURITY DEFINER LEAKPROOF AS 'select * from users'",
      "CREATE FUNCTION outs(INOUT a integer, OUT \"B c\" users, OUT mood) LANGUAGE plpgsql AS 'begin end'",
      "CREATE FUNCTION rows(n integer) RETURNS TABLE (id integer, \"select\" text) LANGUAGE sql AS 'select 1, ''x'''",
      "CREATE FUNCTION odd() RETURNS text LANGUAGE plpgsql AS E'begin return 1; -- $$ `${x}` \\\\ */ $body1$\\r\\nend -- $'",
      'CREATE FUNCTION atomic(n integer) RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM users WHERE id > n; END',
      'CREATE FUNCTION expression(n integer) RETURNS integer RETURN n + 1',
      "CREATE FUNCTION place() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number'",
      "CREATE FUNCTION empty() RETURNS void LANGUAGE sql SET search_path = '' SET \"TimeZone\" = 'UTC' SET \"app.user\" = 'a b' AS ''",
      "CREATE FUNCTION paths() RETURNS void LANGUAGE sql SET search_path = \"$user\", \"Odd, \"\"one\", public AS ''",
      'CREATE TABLE uses (n integer DEFAULT expression(1))',
      "COMMENT ON FUNCTION f(integer, text, mood[]) IS 'the first'",
    ])
    expect(differences).toEqual([])
    expect(source).toContain("set: { search_path: ['$user', 'Odd, \"one', 'public'] }")
    expect(source).toContain("returns: { table: { id: 'integer', select: 'text' } }")
  })

  test('what CREATE OR REPLACE cannot do replaces the function and all that uses it', async () => {
    const rate = (name: string) => func('rate', { args: { [name]: 'integer' }, returns: 'integer', volatility: 'immutable', body: sql`select 2` })
    const orders = table('orders', { amount: integer().default(sql`rate(1)`) })
    const { up } = await databases.migration(engine, [rate('a'), orders], [rate('b'), orders])
    expect(up.map((statement) => statement.split('\n')[0])).toEqual([
      'ALTER TABLE ONLY public.orders ALTER COLUMN amount DROP DEFAULT',
      'DROP FUNCTION public.rate(integer)',
      'CREATE FUNCTION public.rate(b integer)',
      'ALTER TABLE ONLY public.orders ALTER COLUMN amount SET DEFAULT public.rate(1)',
    ])
  })
})

test('settings are written as PostgreSQL reads them', () => {
  expect(settingClause(['search_path', '""'])).toBe("SET search_path = ''")
  expect(settingClause(['search_path', 'app, "$user", "Odd, ""one"'])).toBe('SET search_path = app, "$user", "Odd, ""one"')
  expect(settingClause(['work_mem', '10MB'])).toBe("SET work_mem = '10MB'")
  expect(settingClause(['app.user', "it's"])).toBe(`SET "app.user" = 'it''s'`)
  expect(storedSetting('search_path', ['', 'A b'])).toEqual(['search_path', '"", "A b"'])
  expect(storedSetting('enable_seqscan', false)).toEqual(['enable_seqscan', 'off'])
  expect(parseIdentifierList('')).toEqual([])
})

test('a function is known by the types PostgreSQL prints', () => {
  const ref = (args: object) => func('f', { args, returns: 'void', body: '' } as never).object.ref
  expect(ref({ a: 'int', b: 'varchar(20)[]' })).toBe('function:public.f(integer, character varying[])')
  expect(ref({ a: text(), b: { type: 'int8', mode: 'out' } })).toBe('function:public.f(text)')
})

test.each([
  ['no body', () => func('f', { returns: 'integer' }), /needs either a body or an sqlBody/],
  ['two bodies', () => func('f', { returns: 'integer', body: '', sqlBody: sql`return 1` }), /needs either a body or an sqlBody/],
  ['a type that is not there', () => func('f', { args: { a: undefined as never }, returns: 'integer', body: '' }), /argument a of function public\.f is undefined/],
  ['a body with NUL', () => func('f', { returns: 'integer', body: 'a\0b' }), /NUL character/],
  ['a type with more than a type', () => func('f', { args: { a: integer().notNull() }, returns: 'integer', body: '' }), /takes a type, but more is said/],
])('%s is refused at its place', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
  try {
    declare()
  } catch (error) {
    expect((error as SchemaError).at?.file).toContain('functions.test.ts')
  }
})
