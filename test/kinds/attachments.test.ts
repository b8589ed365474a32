import { SchemaError } from '../../src/errors.js'
import { grantAddress, targetOf } from '../../src/authoring/attachments.js'
import { comment, defaultPrivileges, enumType, extension, manage, privilegesOn, schema, secret, userMapping } from '../../src/schema.js'

const refs = (declared: { declarations(): { object: { ref: string; attrs: unknown } }[] }) =>
  declared.declarations().map(({ object }) => [object.ref, object.attrs])

test('what is said about one role in several calls is one object', () => {
  const app = schema('app').grant('reader', ['usage']).grant(['reader', 'writer'], ['create'], { withGrantOption: true }).comment('all of it').owner('boss')
  expect(refs(app)).toEqual([
    ['schema:app', {}],
    ['comment:schema:app', { text: 'all of it' }],
    ['owner:schema:app', { role: 'boss' }],
    ['privilege:schema:app reader', { privileges: ['USAGE'], grantable: ['CREATE'] }],
    ['privilege:schema:app writer', { grantable: ['CREATE'] }],
  ])
})

test('things without a builder are addressed as SQL does', () => {
  expect(refs(comment('INDEX app.users_pkey', 'small'))).toEqual([['comment:index:app.users_pkey', { text: 'small' }]])
  expect(refs(privilegesOn('FUNCTION public.f(integer)').revoke('public', ['execute']))).toEqual([
    ['privilege:function:public.f(integer) public', { revoked: ['EXECUTE'] }],
  ])
  expect(refs(defaultPrivileges({ role: 'boss', schema: 'app', on: 'tables' }).grant('reader', ['select']))).toEqual([
    ['default_privilege:boss.app.tables.reader', { privileges: ['SELECT'] }],
  ])
})

test('GRANT has fewer names for objects than COMMENT ON', () => {
  expect(grantAddress('MATERIALIZED VIEW app.m')).toBe('TABLE app.m')
  expect(grantAddress('SERVER archive')).toBe('FOREIGN SERVER archive')
  expect(grantAddress('AGGREGATE app.total(*)')).toBe('FUNCTION app.total()')
  expect(grantAddress('AGGREGATE app.nth(integer ORDER BY text)')).toBe('FUNCTION app.nth(integer, text)')
  expect(grantAddress('TRIGGER t ON app.users')).toBeNull()
  expect(targetOf('FOREIGN DATA WRAPPER "My files"')).toBe('foreign_data_wrapper:"My files"')
})

test.each([
  ['an unknown privilege', () => schema('app').grant('reader', ['read' as never]), /no privilege "read"/],
  ['no privilege at all', () => schema('app').grant('reader', []), /no privileges are named/],
  ['privileges where there are none', () => extension('citext').grant('reader', ['usage']), /extension citext cannot have privileges/],
  ['an empty comment', () => enumType('status', ['a']).comment(''), /comment must be a text/],
  ['a comment with NUL', () => enumType('status', ['a']).comment('a\0b'), /comment must be a text/],
  ['a role without a name', () => schema('app').owner(''), /empty name/],
  ['an address without a kind', () => comment('app.users', 'x'), /does not say what it is about/],
  ['default privileges for something else', () => defaultPrivileges({ role: 'boss', on: 'views' as never }), /not for "views"/],
  ['a password in schema.ts', () => userMapping('archive', 'app', { password: 'hunter2' }), /is a secret/],
  ['a secret that is no variable', () => secret('archive_password'), /cannot come from the environment variable/],
  ['an unknown setting of the scope', () => manage({ schema: 'app' } as never), /no setting "schema"/],
  ['a wrong value for the scope', () => manage({ privileges: 'some' as never }), /cannot take "some" for privileges/],
])('%s is refused at its place', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
  try {
    declare()
  } catch (error) {
    expect((error as SchemaError).at?.file).toContain('attachments.test.ts')
    expect((error as SchemaError).hint).toBeTruthy()
    expect((error as SchemaError).message).not.toContain('hunter2')
  }
})
