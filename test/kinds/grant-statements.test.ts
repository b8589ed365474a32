import { grantSql, grantSteps } from '../../src/kinds/grant-statements.js'
import type { PrivilegeAttrs } from '../../src/authoring/attachments.js'

const statements = (from: PrivilegeAttrs, to: PrivilegeAttrs, ownDefault = false) =>
  grantSteps(from, to, ownDefault).map((step) => grantSql(step, 'TABLE app.t', 'reader'))

test('only what differs is granted and revoked', () => {
  expect(statements({ privileges: ['INSERT', 'SELECT'] }, { privileges: ['DELETE', 'SELECT'] })).toEqual([
    'REVOKE INSERT ON TABLE app.t FROM reader',
    'GRANT DELETE ON TABLE app.t TO reader',
  ])
})

test('the grant option comes and goes without the privilege', () => {
  expect(statements({ privileges: ['SELECT'] }, { grantable: ['SELECT'] })).toEqual(['GRANT SELECT ON TABLE app.t TO reader WITH GRANT OPTION'])
  expect(statements({ grantable: ['SELECT'] }, { privileges: ['SELECT'] })).toEqual(['REVOKE GRANT OPTION FOR SELECT ON TABLE app.t FROM reader'])
})

test('what everyone has by default is taken away and given back', () => {
  expect(statements({}, { revoked: ['SELECT'] })).toEqual(['REVOKE SELECT ON TABLE app.t FROM reader'])
  expect(statements({ revoked: ['SELECT'] }, {})).toEqual(['GRANT SELECT ON TABLE app.t TO reader'])
})

test('an owner that loses its grant option keeps the privilege', () => {
  expect(statements({ grantable: ['SELECT'] }, {}, true)).toEqual(['REVOKE GRANT OPTION FOR SELECT ON TABLE app.t FROM reader'])
  expect(statements({ grantable: ['SELECT'] }, {}, false)).toEqual(['REVOKE SELECT ON TABLE app.t FROM reader'])
})

test('an owner has no privileges on columns by default', () => {
  expect(statements({ columns: { id: { grantable: ['SELECT'] } } }, {}, true)).toEqual(['REVOKE SELECT (id) ON TABLE app.t FROM reader'])
})

test('columns keep their privileges when those of the table are revoked', () => {
  const columns = { id: { privileges: ['SELECT'] }, 'E mail': { grantable: ['SELECT', 'UPDATE'] } }
  expect(statements({ privileges: ['SELECT'], columns }, { columns })).toEqual([
    'REVOKE SELECT ON TABLE app.t FROM reader',
    'GRANT SELECT (id) ON TABLE app.t TO reader',
    'GRANT SELECT ("E mail") ON TABLE app.t TO reader WITH GRANT OPTION',
  ])
})

test('nothing to do makes no statement', () => {
  const attrs = { privileges: ['SELECT'], columns: { id: { privileges: ['UPDATE'] } } }
  expect(statements(attrs, attrs)).toEqual([])
})
