import type { Database } from '../../src/database/database.js'
import { manage, type ManageOptions } from '../../src/authoring/manage.js'
import type { Declared } from '../../src/authoring/declared.js'
import { prepareRoles } from '../../src/database/scratch-roles.js'
import { reflect } from '../../src/reflector/reflect.js'
import { scopeOf } from '../../src/reflector/scope.js'
import { defaultPrivileges, schema } from '../../src/schema.js'
import { freshServerDatabase, majors } from '../support/servers.js'

const DDL = `
  CREATE SCHEMA app; CREATE SCHEMA other; CREATE SCHEMA autogen;
  CREATE TABLE autogen.autogen_version (revision text PRIMARY KEY); COMMENT ON TABLE autogen.autogen_version IS 'ours';
  CREATE TABLE other.countries (code text PRIMARY KEY);
  CREATE TABLE app.users (id integer PRIMARY KEY, country text REFERENCES other.countries);
  CREATE TABLE app.quiet (id integer);
  CREATE VIEW other.names AS SELECT id FROM app.users;
  CREATE FUNCTION app.noted() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION app.noted();
  ALTER EVENT TRIGGER noted DISABLE;
  CREATE PUBLICATION abroad FOR TABLE other.countries;
  CREATE CAST (text AS xid) WITH INOUT;
  GRANT SELECT ON app.users, app.quiet TO scope_reader;
  ALTER TABLE app.quiet OWNER TO scope_owner;
  ALTER DEFAULT PRIVILEGES FOR ROLE scope_owner IN SCHEMA app GRANT SELECT ON TABLES TO scope_reader;
  ALTER DEFAULT PRIVILEGES FOR ROLE scope_owner GRANT SELECT ON TABLES TO scope_reader;`

let database: Database

beforeAll(async () => {
  database = await freshServerDatabase(majors.at(-1)!)
  await prepareRoles(database, ['scope_reader', 'scope_owner'])
  await database.executeAll(DDL.split(';').map((text) => text.trim()).filter(Boolean))
})
afterAll(() => database.close())

async function inScope(options: ManageOptions | undefined, ...declared: Declared[]): Promise<string[]> {
  const objects = declared.flatMap((one) => one.declarations()).map(({ object }) => object)
  const model = await reflect(database, scopeOf(options && manage(options), objects, { versionSchema: 'autogen' }))
  return [...model.objects.keys()]
}

test('without a statement: public and the schemas that are named, and what of the database needs them', async () => {
  const found = await inScope(undefined, schema('app'))
  expect(found).toEqual(expect.arrayContaining(['schema:public', 'schema:app', 'table:app.users', 'column:app.users.id', 'event_trigger:noted']))
  expect(found.filter((ref) => /other|autogen|publication|privilege|owner/.test(ref))).toEqual([])
})

test('a foreign key out of scope stays, and what it refers to is known', async () => {
  expect(await inScope(undefined, schema('app'))).toContain('constraint:app.users.users_country_fkey')
  const scope = scopeOf(undefined, [schema('app').object], { versionSchema: 'autogen' })
  const around = [...scope.surroundings(await reflect(database)).objects.keys()]
  expect(around).toEqual(expect.arrayContaining(['schema:other', 'table:other.countries', 'column:other.countries.code']))
  expect(around).not.toContain('view:other.names')
})

test('privileges and owners only of what declares some', async () => {
  const app = schema('app')
  const users = app.table('users', {}).grant('scope_writer', ['select'])
  const quiet = app.table('quiet', {}).owner('scope_reader')
  const found = await inScope(undefined, app, users, quiet)
  expect(found.filter((ref) => /^(privilege|owner)/.test(ref))).toEqual(['owner:table:app.quiet', 'privilege:table:app.users scope_reader'])
})

test('default privileges only where some are declared', async () => {
  const app = schema('app')
  const ours = defaultPrivileges({ role: 'scope_owner', schema: 'app', on: 'tables' }).grant('scope_writer', ['select'])
  expect((await inScope(undefined, app, ours)).filter((ref) => ref.startsWith('default'))).toEqual(['default_privilege:scope_owner.app.tables.scope_reader'])
  expect((await inScope({ privileges: 'none' }, app, ours)).filter((ref) => ref.startsWith('default'))).toEqual([])
})

test('everything is everything but the tables of this tool', async () => {
  const found = await inScope({ schemas: 'all', privileges: 'all', owners: true })
  expect(found).toEqual(
    expect.arrayContaining([
      'view:other.names', 'publication:abroad', 'privilege:table:app.users scope_reader', 'owner:table:app.quiet',
      'default_privilege:scope_owner.tables.scope_reader',
    ]),
  )
  expect(found.filter((ref) => ref.includes('autogen'))).toEqual([])
})

test('no privileges and no owners when told so', async () => {
  const found = await inScope({ schemas: 'all', privileges: 'none', owners: false }, schema('app').grant('scope_reader', ['usage']))
  expect(found.filter((ref) => /privilege|owner/.test(ref))).toEqual([])
})

test('a schema for this tool that holds something else belongs to the user', async () => {
  await database.executeAll(['BEGIN', 'CREATE TABLE autogen.mine (id integer)'])
  const scope = scopeOf(manage({ schemas: 'all' }), [], { versionSchema: 'autogen' })
  const { reflectWithin } = await import('../../src/reflector/reflect.js')
  const found = [...(await reflectWithin(database, scope)).objects.keys()]
  await database.executeAll(['ROLLBACK'])
  expect(found).toEqual(expect.arrayContaining(['schema:autogen', 'table:autogen.mine']))
  expect(found).not.toContain('table:autogen.autogen_version')
})

test('what nobody manages is named, within the schemas', async () => {
  const model = await reflect(database, scopeOf(manage({ schemas: ['app'] }), [], { versionSchema: 'autogen' }))
  expect(model.unmanaged.every(({ schema }) => schema === undefined || schema === 'app')).toBe(true)
})

test('privileges that are compared do not need the owner, which is not', async () => {
  const quiet = schema('app').table('quiet', {}).grant('scope_reader', ['select'])
  const scope = scopeOf(manage({ schemas: 'all' }), quiet.declarations().map(({ object }) => object), { versionSchema: 'autogen' })
  const model = await reflect(database)
  expect([...scope.restrict(model).objects.keys()]).toContain('privilege:table:app.quiet scope_reader')
  expect([...scope.surroundings(model).objects.keys()]).not.toContain('owner:table:app.quiet')
})

test('roles only where they are named, whatever the schemas; not even read otherwise', async () => {
  const roles = async (options: ManageOptions) => (await inScope(options)).filter((ref) => ref.startsWith('role'))
  expect(await roles({ schemas: 'all' })).toEqual([])
  expect(await roles({ schemas: ['app'], roles: ['scope_reader', 'postgres'] })).toEqual(['role:scope_reader'])
  expect(await roles({ schemas: ['app'], roles: 'all' })).toEqual(expect.arrayContaining(['role:scope_reader', 'role:scope_owner']))
})
