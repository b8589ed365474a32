import { SchemaError } from '../../src/errors.js'
import { extensionDependency } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { engines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

test.each(engines)('pull on %s writes what goes with an extension', async (engine) => {
  const { source, differences } = await pulled(databases, engine, [
    'CREATE EXTENSION hstore',
    'CREATE TABLE things (id integer PRIMARY KEY)',
    'CREATE AGGREGATE total(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = $$0$$)',
    'CREATE PROCEDURE "Odd name"() LANGUAGE sql AS $$SELECT 1$$',
    'ALTER ROUTINE total() DEPENDS ON EXTENSION hstore',
    'ALTER PROCEDURE "Odd name"() DEPENDS ON EXTENSION hstore',
    'ALTER INDEX things_pkey DEPENDS ON EXTENSION hstore',
  ])
  expect(differences).toEqual([])
  expect(source).toContain("extensionDependency('INDEX public.things_pkey', 'hstore')")
})

test('what cannot go with an extension is refused at once', () => {
  expect(() => extensionDependency('TABLE app.users', 'hstore')).toThrow(SchemaError)
})
