import { SchemaError } from '../../src/errors.js'
import { index, integer, materializedView, sql, table, uniqueIndex, view } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines, majors } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(majors)('on %s', (engine) => {
  test('pull writes materialized views that are in sync, filled or not', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE TABLE users (id integer PRIMARY KEY, name text)',
      'CREATE MATERIALIZED VIEW totals WITH (fillfactor = 70, toast.autovacuum_enabled = off) AS SELECT name, count(*) AS total FROM users GROUP BY name WITH NO DATA',
      'CREATE UNIQUE INDEX totals_name ON totals (name)',
      'CREATE INDEX ON totals (total DESC, lower(name))',
      'ALTER MATERIALIZED VIEW totals ALTER COLUMN name SET STATISTICS 50',
      "COMMENT ON MATERIALIZED VIEW totals IS 'every night'",
    ])
    expect(differences).toEqual([])
    expect(source).toContain("uniqueIndex('totals_name').on(t.name)")
  })
})

describe.each(dataEngines)('on %s', (engine) => {
  test('another query brings back indexes and what reads it', async () => {
    const users = table('users', { id: integer(), age: integer() })
    const totals = (query: ReturnType<typeof sql>) =>
      materializedView('totals', query, (t) => [uniqueIndex('totals_id').on(t.id), index('totals_down').on(t.id.desc())])
    const before = totals(sql`select id from ${users}`)
    const after = totals(sql`select id, age from ${users}`)
    const { up } = await databases.migration(
      engine,
      [users, before, view('v', sql`select id from ${before}`)],
      [users, after, view('v', sql`select id from ${after}`)],
    )
    expect(up.map((statement) => statement.split(/ AS\n| ON /)[0])).toEqual([
      'DROP VIEW public.v',
      'DROP MATERIALIZED VIEW public.totals',
      'CREATE MATERIALIZED VIEW public.totals',
      'CREATE INDEX totals_down',
      'CREATE UNIQUE INDEX totals_id',
      'CREATE VIEW public.v',
    ])
  })
})

test('its options are checked', () => {
  expect(() => materializedView('m', sql`select 1`, { tablespace: '' })).toThrow(SchemaError)
  expect(() => materializedView('m', undefined as never)).toThrow(/the query of materialized view public\.m is not SQL/)
})
