import { doublePrecision, rangeType, table } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes range types that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE SCHEMA app',
      'CREATE TYPE app.floatrange AS RANGE (subtype = float8, subtype_diff = float8mi)',
      'CREATE TYPE "Words" AS RANGE (subtype = text, subtype_opclass = text_pattern_ops, collation = "C", multirange_type_name = app.many)',
      'CREATE TABLE t (a app.floatrange, b app.floatmultirange, c app.many[])',
    ])
    expect(differences).toEqual([])
    expect(source).toContain("{ subtypeDiff: 'float8mi' }")
    expect(source).toContain("multirange: { schema: 'app', name: 'many' }")
  })

  test('rows keep ranges and multiranges when the type is made anew', async () => {
    const declared = (subtypeDiff?: string) => {
      const spans = rangeType('floatrange', doublePrecision(), subtypeDiff === undefined ? {} : { subtypeDiff })
      return [spans, table('t', { one: spans(), many: spans.multirange() })]
    }
    const { up, down } = await databases.migration(engine, declared(), declared('float8mi'))
    const database = await databases.holding(engine, declared())
    await database.executeAll([`INSERT INTO t VALUES ('[1,2)', '{[1,2),[5,6)}')`, ...up, ...down])
    expect(await database.query('SELECT one::text, many::text FROM t')).toEqual([['[1,2)', '{[1,2),[5,6)}']])
    expect(await database.query(`SELECT proname FROM pg_proc WHERE proname LIKE '%\\_\\_old%'`)).toEqual([])
  })
})
