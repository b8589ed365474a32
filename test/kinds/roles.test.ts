import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { elaborate } from '../../src/declaration/elaborate.js'
import { loadSchema } from '../../src/declaration/load.js'
import { diff } from '../../src/differ/diff.js'
import { SchemaError } from '../../src/errors.js'
import { renderSchemaFile } from '../../src/generator/schema-file.js'
import type { Operation } from '../../src/operations/operation.js'
import { reflect } from '../../src/reflector/reflect.js'
import { everythingAndRoles } from '../../src/reflector/scope.js'
import { databaseSettings, defaultPrivileges, foreignDataWrapper, foreignServer, integer, policy, role, secret, sql, table, userMapping } from '../../src/schema.js'
import { Clusters } from '../support/clusters.js'
import { dataEngines, majors, type Engine } from '../support/servers.js'

const clusters = new Clusters()
afterEach(() => clusters.close())

const MANAGE = { schemas: 'all', privileges: 'all', owners: true, roles: 'all', databaseSettings: true } as const

async function pulled(engine: Engine, statements: readonly string[]): Promise<{ source: string; differences: Operation[] }> {
  const database = await clusters.open(engine)
  await database.executeAll(statements)
  const live = await reflect(database, everythingAndRoles)
  const source = renderSchemaFile(live, { manage: MANAGE })
  const folder = mkdtempSync(path.join(tmpdir(), 'pulled-'))
  try {
    writeFileSync(path.join(folder, 'schema.ts'), source)
    const { declarations, scope } = await loadSchema(['schema.ts'], { cwd: folder })
    return { source, differences: diff(live, await elaborate(await clusters.open(engine), declarations, { manage: scope })) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes roles, memberships and settings that are in sync, and no secret', async () => {
    const { source, differences } = await pulled(engine, [
      'CREATE ROLE reader',
      `CREATE ROLE "Odd 'R"" %s" NOINHERIT`,
      `CREATE ROLE app LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS CONNECTION LIMIT 5 VALID UNTIL '2030-01-01' PASSWORD 'hunter2'`,
      `CREATE ROLE forever VALID UNTIL 'infinity'`,
      'GRANT reader TO app WITH ADMIN OPTION',
      `GRANT pg_monitor, reader TO "Odd 'R"" %s"`,
      `ALTER ROLE app SET search_path = app, "$user", "Odd ""one"`,
      `ALTER ROLE app SET statement_timeout = '5min'`,
      `ALTER ROLE app SET "app.api_key" = 'hunter3'`,
      `DO $$BEGIN EXECUTE format($x$ALTER ROLE "Odd 'R"" %%s" IN DATABASE %I SET work_mem = '8MB'$x$, current_database()); END$$`,
      `DO $$BEGIN EXECUTE format($x$ALTER DATABASE %I SET "app.note" = 'it''s 100%% \\ ok'$x$, current_database()); END$$`,
      `DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = '''', public', current_database()); END$$`,
      `COMMENT ON ROLE app IS 'the application'`,
    ])
    expect(differences).toEqual([])
    expect(source).not.toContain('hunter')
    expect(source).toContain(`'app.api_key': secret('APP_APP_API_KEY'),\n    search_path: ['app', '$user', 'Odd "one'],\n    statement_timeout: '5min',`)
    expect(source).toContain(`memberOf: [{ role: reader, admin: true }]`)
    expect(source).toContain(`.comment('the application')`)
    expect(source).toContain(`export const forever = role('forever')`)
    expect(source).toContain(`databaseSettings({ search_path: ['', 'public'] })`)
  })

  test('attributes are altered in place', async () => {
    const { up, down } = await clusters.migration(
      engine,
      [role('app', { login: true, connectionLimit: 5, inherit: false })],
      [role('app', { superuser: true, createDb: true, validUntil: '2030-01-01 00:00:00+00' }).comment('ours')],
    )
    expect(up).toEqual([
      `ALTER ROLE app SUPERUSER INHERIT CREATEDB NOLOGIN CONNECTION LIMIT -1 VALID UNTIL '2030-01-01 00:00:00+00'`,
      "COMMENT ON ROLE app IS 'ours'",
    ])
    expect(down).toEqual(['COMMENT ON ROLE app IS NULL', `ALTER ROLE app NOSUPERUSER NOINHERIT NOCREATEDB LOGIN CONNECTION LIMIT 5 VALID UNTIL 'infinity'`])
  })

  test('a role is renamed with everything that is said of it', async () => {
    const parts = { memberOf: ['pg_monitor'], settings: { work_mem: '8MB' } }
    const { up, down } = await clusters.migration(engine, [role('old', parts)], [role('New one', parts).renamedFrom('old')])
    expect(up).toEqual(['ALTER ROLE old RENAME TO "New one"'])
    expect(down).toEqual(['ALTER ROLE "New one" RENAME TO old'])
  })

  test('memberships and settings come and go by themselves', async () => {
    const reader = role('reader')
    const { up, down } = await clusters.migration(
      engine,
      [reader, role('app', { memberOf: [reader], settings: { search_path: ['app'], work_mem: '8MB' } })],
      [reader, role('app', { memberOf: [{ role: reader, admin: true }, 'pg_monitor'], settings: { search_path: ['app', '$user'] }, settingsHere: { lock_timeout: '1s' } })],
    )
    expect(up.toSorted()).toEqual([
      'ALTER ROLE app RESET work_mem',
      'ALTER ROLE app SET search_path = app, "$user"',
      `DO $$BEGIN\n  EXECUTE format('ALTER ROLE app IN DATABASE %I SET lock_timeout = ''1s''', current_database());\nEND$$`,
      'GRANT pg_monitor TO app',
      'GRANT reader TO app WITH ADMIN OPTION',
    ])
    expect(down).toContain('REVOKE ADMIN OPTION FOR reader FROM app')
    expect(down).toContain('REVOKE pg_monitor FROM app')
    expect(down).toContain(`ALTER ROLE app SET work_mem = '8MB'`)
  })

  test('settings of the database are those of the one at hand', async () => {
    const { up, down } = await clusters.migration(
      engine,
      [databaseSettings({ work_mem: '8MB' })],
      [databaseSettings({ search_path: ['app', 'Odd %I'], 'app.token': secret('TOKEN') })],
    )
    expect(up).toContain(`DO $$BEGIN\n  EXECUTE format('ALTER DATABASE %I SET search_path = app, "Odd %%I"', current_database());\nEND$$`)
    expect(up.join()).toContain(`EXECUTE format('ALTER DATABASE %I SET app.token = %L',\n    current_database(),\n    current_setting('autogen.secret.TOKEN'));`)
    expect(down).toContain(`DO $$BEGIN\n  EXECUTE format('ALTER DATABASE %I RESET app.token', current_database());\nEND$$`)
  })

  test('roles come before what names them, and go after it', async () => {
    const app = role('app')
    const reader = role('reader', { memberOf: [app] })
    const t = (named: boolean) => {
      const items = table('items', { id: integer() }, () => (named ? [policy('own', { to: ['app'], using: sql`true` })] : []))
      return named ? items.owner('app').grant('reader', ['select']) : items
    }
    const fdw = foreignDataWrapper('wrapper')
    const archive = foreignServer('archive', { wrapper: 'wrapper' })
    const { up, down } = await clusters.migration(
      engine,
      [t(false), fdw, archive],
      [reader, app, t(true), fdw, archive, userMapping('archive', 'app'), defaultPrivileges({ role: 'app', on: 'tables' }).grant('reader', ['select'])],
    )
    expect(up.slice(0, 3)).toEqual(['CREATE ROLE app', 'CREATE ROLE reader', 'GRANT app TO reader'])
    expect(down.slice(-2).toSorted()).toEqual(['DROP ROLE app', 'DROP ROLE reader'])
  })
})

const since16 = majors.filter((major) => major >= 16)

test.each(since16)('options and grantors of memberships on %i', async (major) => {
  const { source, differences } = await pulled(major, [
    'CREATE ROLE reader',
    'CREATE ROLE app',
    'CREATE ROLE other',
    'CREATE ROLE quiet NOINHERIT',
    'GRANT reader TO app WITH ADMIN OPTION',
    'GRANT reader TO other',
    'GRANT reader TO other WITH SET FALSE GRANTED BY app',
    'GRANT reader TO quiet WITH INHERIT TRUE',
  ])
  expect(differences).toEqual([])
  expect(source).toContain(`memberOf: [reader, { role: reader, set: false, grantedBy: app }]`)
  expect(source).toContain(`memberOf: [{ role: reader, inherit: true }]`)

  const [reader, app] = [role('reader'), role('app', { memberOf: [{ role: 'reader', admin: true }] })]
  const { up, down } = await clusters.migration(
    major,
    [reader, app, role('other', { memberOf: [{ role: reader, grantedBy: app }, { role: 'app', inherit: false }] })],
    [reader, role('app'), role('other', { inherit: false, memberOf: [{ role: reader, set: false }, { role: 'app', admin: true }] })],
  )
  expect(up.indexOf('REVOKE reader FROM other GRANTED BY app')).toBeLessThan(up.indexOf('REVOKE reader FROM app'))
  expect(up).toContain('GRANT reader TO other WITH SET FALSE')
  expect(up).toContain('GRANT app TO other WITH ADMIN TRUE, INHERIT FALSE')
  expect(down.indexOf('GRANT reader TO app WITH ADMIN OPTION')).toBeLessThan(down.indexOf('GRANT reader TO other GRANTED BY app'))
})

test.each(majors.filter((major) => major < 16))('what %i does not have is refused', async (major) => {
  const database = await clusters.open(major)
  const declarations = [role('app', { memberOf: [{ role: 'pg_monitor', inherit: false, set: false }] })].flatMap((one) => one.declarations())
  await expect(elaborate(database, declarations)).rejects.toMatchObject({
    message: `role membership app.pg_monitor: the option inherit of a membership needs PostgreSQL 16 or later, and the database is ${major}`,
    at: { file: import.meta.filename },
  })
})

test('roles that only scratch made are no objects', async () => {
  const database = await clusters.open('pglite')
  const owned = [table('items', { id: integer() }).owner('somebody')].flatMap((one) => one.declarations())
  const model = await elaborate(database, owned, { manage: { roles: ['app'] }, commit: true })
  expect([...model.objects.keys()].filter((ref) => ref.startsWith('role'))).toEqual([])
  expect((await reflect(database, everythingAndRoles)).get('role:somebody')).toBeUndefined()
})

test.each([
  ['a password', () => role('app', { password: 'x' } as object), /no password/],
  ['an unknown option', () => role('app', { canLogin: true } as object), /no option "canLogin"/],
  ['a predefined name', () => role('pg_mine'), /cannot be called pg_mine/],
  ['a name with a meaning', () => role('public'), /cannot be called public/],
  ['a secret in clear', () => databaseSettings({ 'app.jwt_secret': 'x' }), /is a secret/],
  ['a secret that would be read', () => role('app', { settings: { work_mem: secret('X') } }), /not taken for a secret/],
  ['an unknown option of a membership', () => role('app', { memberOf: [{ role: 'a', amin: true } as never] }), /no option "amin"/],
])('%s is refused', (_, build, message) => {
  expect(build).toThrow(SchemaError)
  expect(build).toThrow(message)
})

test('a role that manage does not name is refused, with what to write', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'roles-'))
  const load = async (scope: string) => {
    writeFileSync(path.join(folder, 'schema.ts'), `import { manage, role } from 'pg-autogen/schema'\n${scope}\nexport const app = role('app')\n`)
    return loadSchema(['schema.ts'], { cwd: folder })
  }
  try {
    await expect(load('')).rejects.toMatchObject({ at: { line: 3 }, hint: 'export const scope = manage({ …, roles: ["app"] })' })
    await expect(load(`export const scope = manage({ roles: ['other'] })`)).rejects.toMatchObject({ hint: 'export const scope = manage({ …, roles: ["other", "app"] })' })
    await expect(load(`export const scope = manage({ roles: 'all' })`)).resolves.toBeDefined()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
