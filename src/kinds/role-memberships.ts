import { membershipObject, type RoleMembership } from '../authoring/role-parts.js'
import { refOf, roleRef } from '../model/object-ref.js'
import { dollarQuote, quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { changesRights } from './change-hazards.js'
import { defineKind, PHASES, type AlterContext, type Kind, type VersionNeed } from './kind.js'

/**
 * Memberships of roles in roles, parts of the member. Before PostgreSQL 16 there is one of each, and who granted it is of no consequence.
 * Since then every grantor has its own, as with privileges; a superuser grants in the name of the one that initdb made.
 */
export const roleMemberships: Kind = defineKind<RoleMembership>({
  kind: 'role_membership',
  phase: PHASES.membership,
  catalog: 'pg_auth_members',
  concern: 'roles',
  catalogQuery: ({ major }) => `
    SELECT m.member, 0, r.rolname, t.rolname, m.admin_option,
           ${major >= 16 ? `CASE WHEN g.oid >= 16384 AND g.rolname NOT IN (current_user, 'postgres') THEN g.rolname END, nullif(m.inherit_option, t.rolinherit), m.set_option` : 'NULL, NULL::bool, true'}
    FROM pg_auth_members m
    JOIN pg_roles r ON r.oid = m.roleid
    JOIN pg_roles t ON t.oid = m.member
    LEFT JOIN pg_roles g ON g.oid = m.grantor
    WHERE m.member >= 16384
    ORDER BY 4, 3, 6 NULLS FIRST`,
  fromRow: ([oid, , role, member, admin, grantor, inherit, set], { objectAt }) => {
    if (!objectAt('pg_authid', oid as number)) return null
    const id = { role: role as string, target: member as string, ...(grantor !== null && { grantor: grantor as string }) }
    return {
      object: membershipObject(id, { ...(admin === true && { admin }), ...(inherit !== null && { inherit: inherit as boolean }), ...(set === false && { set }) }),
    }
  },
  dependencies: ({ id }) => [
    { to: roleRef(id.role), auto: true },
    ...(id.grantor === undefined ? [] : [{ to: roleRef(id.grantor), auto: false }, { to: refOf('role_membership', id.grantor, id.role), auto: false }]),
  ],
  versionNeeds: ({ id, attrs }) => {
    const needs: VersionNeed[] = []
    if (attrs.inherit !== undefined) needs.push([16, 'the option inherit of a membership'])
    if (attrs.set === false) needs.push([16, 'the option set of a membership'])
    if (id.grantor !== undefined) needs.push([16, 'a membership of one grantor among several'])
    return needs
  },
  roles: ({ id }) => [id.role, ...(id.grantor === undefined ? [] : [id.grantor])],
  create: (object, _parts, _fragments, context) => {
    const { admin, inherit, set } = object.attrs
    const grant =
      inherit === undefined && set === undefined
        ? statement(`GRANT ${membership(object, 'TO')}${admin ? ' WITH ADMIN OPTION' : ''}${grantedBy(object)}`)
        : grantWith(object, [admin && 'ADMIN TRUE', inherit !== undefined && option('INHERIT', inherit), set === false && 'SET FALSE'])
    return [grantorMay(object, context) ? grant : { ...grant, scratch: withGrantor(object, grant) }]
  },
  drop: (object) => [statement(`REVOKE ${membership(object, 'FROM')}${grantedBy(object)}`)],
  alter: (from, to, context) => {
    const [before, after] = [from.attrs, to.attrs]
    const inherit = before.inherit === after.inherit ? undefined : (after.inherit ?? inheritsByItself(to, context))
    const options = [
      after.admin && !before.admin && 'ADMIN TRUE',
      inherit !== undefined && option('INHERIT', inherit),
      before.set !== after.set && option('SET', after.set ?? true),
    ]
    const given = options.filter((one) => one !== false && one !== undefined)
    return {
      statements: [
        ...(before.admin && !after.admin ? [statement(`REVOKE ADMIN OPTION FOR ${membership(to, 'FROM')}${grantedBy(to)}`)] : []),
        ...(given.length === 0 ? [] : given.length === 1 && given[0] === 'ADMIN TRUE' ? [statement(`GRANT ${membership(to, 'TO')} WITH ADMIN OPTION${grantedBy(to)}`)] : [grantWith(to, given)]),
      ],
    }
  },
  address: () => null,
  hazards: changesRights,
  print: () => ({ place: 'none', code: '' }),
})

function membership({ id }: RoleMembership, word: 'TO' | 'FROM'): string {
  return `${quoteIdent(id.role)} ${word} ${quoteIdent(id.target)}`
}

function grantedBy({ id }: RoleMembership): string {
  return id.grantor === undefined ? '' : ` GRANTED BY ${quoteIdent(id.grantor)}`
}

/** Whether scratch, too, has what lets the grantor grant: it does not where that role, or what it is a member of, takes no part. */
function grantorMay({ id }: RoleMembership, context: AlterContext | undefined): boolean {
  return id.grantor === undefined || context?.object('to', refOf('role_membership', id.grantor, id.role))?.attrs.admin === true
}

function withGrantor({ id }: RoleMembership, { sql }: Statement): string {
  return `DO ${dollarQuote(`BEGIN\n  GRANT ${quoteIdent(id.role)} TO ${quoteIdent(id.grantor!)} WITH ADMIN OPTION;\n  ${sql};\nEND`)}`
}

function option(name: string, value: boolean): string {
  return `${name} ${value ? 'TRUE' : 'FALSE'}`
}

function grantWith(object: RoleMembership, options: readonly (string | false | undefined)[]) {
  return statement(`GRANT ${membership(object, 'TO')} WITH ${options.filter(Boolean).join(', ')}${grantedBy(object)}`)
}

/** What a membership says about inheriting where nothing is said. */
function inheritsByItself({ id }: RoleMembership, context: AlterContext): boolean {
  return context.object('to', roleRef(id.target))?.attrs.inherit !== false
}
