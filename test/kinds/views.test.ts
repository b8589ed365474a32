import { SchemaError } from '../../src/errors.js'
import { integer, schema, sql, table, view } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes views that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE TABLE users (id integer PRIMARY KEY, name varchar(20), email text COLLATE "C")',
      "CREATE VIEW active WITH (security_barrier, check_option = local) AS SELECT * FROM users WHERE name <> 'a\\b`${x}'",
      'CREATE VIEW "V w" ("A,b", c) AS SELECT id, count(*) FROM active GROUP BY id',
      'CREATE RECURSIVE VIEW numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 10',
      "ALTER VIEW active ALTER COLUMN name SET DEFAULT 'x'",
      "COMMENT ON VIEW active IS 'those who may'",
      "COMMENT ON COLUMN active.email IS 'as written'",
    ])
    expect(differences).toEqual([])
    expect(source).toContain("{ securityBarrier: true, checkOption: 'local' }")
    expect(source).toContain(".comment('those who may')")
  })

  test('a view is replaced in place when its columns stay', async () => {
    const users = table('users', { id: integer(), age: integer() })
    const { up, down } = await databases.migration(
      engine,
      [users, view('v', sql`select id from ${users}`)],
      [users, view('v', sql`select id, age from ${users}`)],
    )
    expect(up).toEqual([expect.stringMatching(/^CREATE OR REPLACE VIEW public\.v AS/)])
    expect(down).toEqual(['DROP VIEW public.v', expect.stringMatching(/^CREATE VIEW public\.v AS/)])
  })
})

test('a query may end with a semicolon or a comment', () => {
  const definition = (text: string) => (view('v', sql.raw(text)).object.attrs as { definition: string }).definition
  expect(definition('  select 1 ;\n')).toBe('select 1')
  expect(definition('select 1 -- one')).toBe('select 1 -- one\n')
})

test('views mention what they select from', () => {
  const app = schema('app')
  const users = app.table('users', { id: integer() })
  const [declaration] = app.view('v', sql`select id from ${users}`).declarations()
  expect(declaration!.uses).toEqual(['table:app.users'])
})

test.each([
  ['an empty name', () => view('', sql`select 1`), /view has an empty name/],
  ['a name that PostgreSQL would cut', () => view('v'.repeat(64), sql`select 1`), /longer than 63 bytes/],
  ['a query that is a string', () => view('v', 'select 1' as never), /the query of view public\.v is not SQL/],
  ['an empty query', () => view('v', sql` `), /the query of view public\.v is empty/],
  ['a column named twice', () => view('v', sql`select 1, 2`, { columns: ['a', 'a'] }), /two columns named a/],
])('%s is refused at its place', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
  try {
    declare()
  } catch (error) {
    expect((error as SchemaError).at?.file).toContain('views.test.ts')
    expect((error as SchemaError).hint).toBeTruthy()
  }
})
