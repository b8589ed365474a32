import type { AlterTableType } from 'libpg-query'
import type { Rule, TableCommand } from '../rule.js'
import type { State } from '../state.js'
import { all, joined, nameOf, objectName, type NodeOf } from '../syntax.js'

const ROW_SECURITY: readonly AlterTableType[] = ['AT_EnableRowSecurity', 'AT_DisableRowSecurity', 'AT_ForceRowSecurity', 'AT_NoForceRowSecurity']

/** Rules about who may do what. */
export const privilegeRules: readonly Rule[] = [
  {
    rule: 'grant',
    code: 'privilege-change',
    severity: 'advice',
    what: 'GRANT on objects that were there before, ALTER DEFAULT PRIVILEGES; a hazard to PUBLIC or WITH GRANT OPTION',
    why: 'the role can do more than before',
    instead: 'make sure that it is meant, and say so in an ignore',
    statements: {
      GrantStmt: (grant, state) => {
        const objects = (grant.objects ?? []).map(objectName).filter((name) => isOldObject(grant, name, state))
        const isWide = grant.grant_option || all('RoleSpec', grant.grantees).some(({ roletype }) => roletype === 'ROLESPEC_PUBLIC')
        return grant.is_grant && objects.length > 0 && { object: objects.join(', '), ...(isWide && { severity: 'hazard' as const }) }
      },
      AlterDefaultPrivilegesStmt: () => ({ object: 'default privileges' }),
    },
  },
  {
    rule: 'revoke',
    code: 'privilege-change',
    severity: 'hazard',
    what: 'REVOKE',
    why: 'running code of the role fails where it used the privilege',
    instead: 'deploy code that does without it first',
    statements: {
      GrantStmt: (grant, state) => {
        const objects = (grant.objects ?? []).map(objectName).filter((name) => isOldObject(grant, name, state))
        return !grant.is_grant && objects.length > 0 && { object: objects.join(', ') }
      },
    },
  },
  {
    rule: 'change-owner',
    code: 'privilege-change',
    severity: 'hazard',
    what: 'OWNER TO, REASSIGN OWNED',
    why: 'the former owner loses every right on it that is not granted; functions of the owner run with other rights',
    instead: 'grant the former owner what running code needs, in the same transaction',
    statements: {
      AlterOwnerStmt: ({ object }, state) => object !== undefined && !['function', 'type', 'schema', 'sequence'].some((kind) => state.isMade(kind, objectName(object).replace(/\(.*$/, ''))) && { object: objectName(object) },
      ReassignOwnedStmt: ({ roles }) => ({ object: all('RoleSpec', roles).map(({ rolename }) => rolename).join(', ') }),
    },
    commands: { AT_ChangeOwner: ({ table }) => ({ object: table }) },
  },
  {
    rule: 'change-role',
    code: 'privilege-change',
    severity: 'hazard',
    what: 'ALTER ROLE, DROP ROLE, GRANT or REVOKE of a membership',
    why: 'the role can do more or less than before, in every database of the server',
    instead: 'make sure that it is meant, and say so in an ignore',
    statements: {
      AlterRoleStmt: ({ role }, state) => !state.isMade('role', role?.rolename ?? '') && { object: role?.rolename ?? '' },
      DropRoleStmt: ({ roles }) => ({ object: all('RoleSpec', roles).map(({ rolename }) => rolename).join(', ') }),
      GrantRoleStmt: ({ granted_roles, grantee_roles }, state) => {
        const grantees = all('RoleSpec', grantee_roles).map(({ rolename = '' }) => rolename)
        return !grantees.every((role) => state.isMade('role', role)) && { object: `${all('AccessPriv', granted_roles).map(({ priv_name }) => priv_name).join(', ')}: ${grantees.join(', ')}` }
      },
    },
  },
  {
    rule: 'row-security',
    code: 'privilege-change',
    severity: 'hazard',
    what: 'ENABLE, DISABLE, FORCE ROW LEVEL SECURITY; ALTER POLICY, DROP POLICY; CREATE POLICY AS RESTRICTIVE',
    why: 'roles see and change other rows than before: without a policy for them, none at all',
    instead: 'create the policies first; make sure that every role of running code has one',
    statements: {
      AlterPolicyStmt: ({ table, policy_name }, state) => state.isOld(nameOf(table)) && { object: `${policy_name} on ${nameOf(table)}` },
      CreatePolicyStmt: ({ table, policy_name, permissive }, state) => state.isOld(nameOf(table)) && { object: `${policy_name} on ${nameOf(table)}`, ...(permissive && { severity: 'advice' as const, message: 'roles may see and change more rows than before' }) },
      DropStmt: ({ removeType, objects = [] }, state) =>
        removeType === 'OBJECT_POLICY'
          ? objects.map(objectName).flatMap((name) => {
              const table = name.split('.').slice(0, -1).join('.')
              return isMadeAgain(name, state) || !state.isOld(table) ? [] : [{ object: `${name.split('.').at(-1)} on ${table}` }]
            })
          : undefined,
    },
    commands: Object.fromEntries(ROW_SECURITY.map((type) => [type, ({ table }: TableCommand) => ({ object: table })])),
  },
]

function isOldObject({ objtype }: NodeOf<'GrantStmt'>, name: string, state: State): boolean {
  if (objtype === 'OBJECT_TABLE') return state.isOld(name) && !state.isMade('view', name)
  const kind = { OBJECT_SEQUENCE: 'sequence', OBJECT_SCHEMA: 'schema', OBJECT_FUNCTION: 'function', OBJECT_TYPE: 'type' }[objtype as string]
  return kind === undefined || !state.isMade(kind, name.replace(/\(.*$/, ''))
}

function isMadeAgain(policy: string, state: State): boolean {
  return state.restOfTransaction().some(({ type, node }) => {
    if (type !== 'CreatePolicyStmt') return false
    const { table, policy_name } = node as NodeOf<'CreatePolicyStmt'>
    return joined([nameOf(table), policy_name]) === policy
  })
}
