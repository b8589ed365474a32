import { SchemaError } from '../../src/errors.js'
import { integer, operator, textSearchConfiguration } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('pull is in sync on %s', (engine) => {
  test('with operators, their classes and families', async () => {
    const { differences } = await pulled(databases, engine, [
      `CREATE FUNCTION near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'select abs($1 - $2) < 10'`,
      `CREATE FUNCTION far(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'select abs($1 - $2) >= 10'`,
      'CREATE OPERATOR ~~~ (FUNCTION = near, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ~~~, NEGATOR = !~~~, RESTRICT = eqsel, JOIN = eqjoinsel)',
      'CREATE OPERATOR !~~~ (FUNCTION = far, LEFTARG = int, RIGHTARG = int, COMMUTATOR = !~~~, NEGATOR = ~~~)',
      'CREATE OPERATOR FAMILY ints USING btree',
      'ALTER OPERATOR FAMILY ints USING btree ADD OPERATOR 1 < (int4, int8), FUNCTION 1 (int4, int8) btint48cmp(int4, int8)',
      'CREATE OPERATOR CLASS by_cmp FOR TYPE int USING btree FAMILY ints AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 btint4cmp(int4, int4)',
      'CREATE TABLE t (a int)',
      'CREATE INDEX t_a ON t (a by_cmp)',
    ])
    expect(differences).toEqual([])
  })

  test('with casts, collations, conversions and text search', async () => {
    const { differences } = await pulled(databases, engine, [
      'CREATE CAST (json AS varchar) WITHOUT FUNCTION AS IMPLICIT',
      `CREATE FUNCTION as_point(text) RETURNS point LANGUAGE sql IMMUTABLE AS 'select point(0, 0)'`,
      'CREATE CAST (text AS point) WITH FUNCTION as_point(text) AS ASSIGNMENT',
      `COMMENT ON CAST (json AS varchar) IS 'by its bytes'`,
      `CREATE COLLATION natural_ (provider = icu, locale = 'en-u-kn-true', deterministic = false)`,
      `CREATE COLLATION apart (lc_collate = 'C', lc_ctype = 'POSIX')`,
      'CREATE TABLE files (name text COLLATE natural_, path text COLLATE apart)',
      `CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`,
      `CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple, accept = false)`,
      'CREATE TEXT SEARCH CONFIGURATION search (PARSER = "default")',
      'ALTER TEXT SEARCH CONFIGURATION search ADD MAPPING FOR asciiword, word, int WITH plain, simple',
      'CREATE TEXT SEARCH TEMPLATE own (INIT = dsimple_init, LEXIZE = dsimple_lexize)',
      'CREATE TEXT SEARCH PARSER words (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
      'CREATE LANGUAGE sample HANDLER plpgsql_call_handler',
      'CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler',
      'CREATE TABLE other (a int, b int, c text) USING heap2',
      'CREATE STATISTICS other_ab (mcv) ON a, b FROM other',
      'CREATE STATISTICS other_lower ON (lower(c)) FROM other',
    ])
    expect(differences).toEqual([])
  })

  test('with base types', async () => {
    const { differences } = await pulled(databases, engine, [
      'CREATE TYPE i42',
      `CREATE FUNCTION i42_in(cstring) RETURNS i42 LANGUAGE internal IMMUTABLE STRICT AS 'int4in'`,
      `CREATE FUNCTION i42_out(i42) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out'`,
      `CREATE TYPE i42 (INPUT = i42_in, OUTPUT = i42_out, LIKE = int4, DEFAULT = 42, CATEGORY = 'x')`,
      `CREATE FUNCTION same(i42) RETURNS i42 LANGUAGE sql AS 'select $1'`,
      'CREATE TABLE t (a i42, b i42[] DEFAULT ARRAY[]::i42[])',
      `COMMENT ON TYPE i42 IS 'the answer'`,
      'CREATE TYPE later',
    ])
    expect(differences).toEqual([])
  })
})

test('what is no operator is refused', () => {
  expect(() => operator('near', { left: integer(), right: integer(), function: 'near' })).toThrow(SchemaError)
  expect(() => operator('near', { left: integer(), right: integer(), function: 'near' })).toThrow(/near cannot be the name of an operator/)
})

test('a dictionary that is undefined is refused', () => {
  expect(() => textSearchConfiguration('c', '"default"', { word: [undefined as never] })).toThrow(/dictionary for word of text search configuration public\.c/)
})
