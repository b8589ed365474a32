import { declaredSettings, type SettingAttrs, type SettingId, type SettingsInput } from '../kinds/session-settings.js'
import { refOf, roleRef } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { AS_SQL, isSqlSource, type SqlSource } from '../sql/template.js'
import { checkedName, refuse } from './checks.js'

/** What `role` takes for a role: its name, or what declares it. */
export type RoleInput = string | (SqlSource & { readonly object: SchemaObject })

/** A role that another one is a member of. */
export type MembershipInput =
  | RoleInput
  | {
      readonly role: RoleInput
      /** May make others members, too. */
      readonly admin?: boolean
      /** Has the privileges of the role without SET ROLE; by default when the member has `inherit`. PostgreSQL 16 and later. */
      readonly inherit?: boolean
      /** May SET ROLE to it, which is the default. PostgreSQL 16 and later. */
      readonly set?: boolean
      /** Where that is not the role that runs migrations. PostgreSQL 16 and later, where several may grant the same. */
      readonly grantedBy?: RoleInput
    }

/** `target` is the member. */
interface MembershipId {
  readonly role: string
  readonly target: string
  readonly grantor?: string
}

/** `inherit` where it is not what the member's own attribute says. */
interface MembershipAttrs {
  readonly admin?: true
  readonly inherit?: boolean
  readonly set?: false
}

export type RoleMembership = SchemaObject<MembershipId, MembershipAttrs>

/** `target` is the role; `here`: only in the database at hand. */
export type RoleSetting = SchemaObject<SettingId & { readonly here?: true }, SettingAttrs>

export function membershipObject({ role, target, grantor }: MembershipId, { admin, inherit, set }: MembershipAttrs): RoleMembership {
  return {
    kind: 'role_membership',
    ref: refOf('role_membership', target, role, ...(grantor === undefined ? [] : [grantor])),
    parent: roleRef(target),
    id: { role, target, ...(grantor !== undefined && { grantor }) },
    attrs: { ...(admin && { admin }), ...(inherit !== undefined && { inherit }), ...(set === false && { set }) },
  }
}

export function roleSettingObject({ target, name, here, variable }: RoleSetting['id'], attrs: SettingAttrs): RoleSetting {
  return {
    kind: here ? 'role_database_setting' : 'role_setting',
    ref: refOf(here ? 'role_database_setting' : 'role_setting', target, name),
    parent: roleRef(target),
    id: { target, name, ...(here && { here }), ...(variable !== undefined && { variable }) },
    attrs,
  }
}

/** The name of a role, checked; PostgreSQL keeps names that begin with `pg_` for itself. */
export function roleName(input: RoleInput): string {
  const name = checkedName('role', typeof input === 'string' ? input : input?.object?.kind === 'role' && isSqlSource(input) ? input.object.id.target : undefined)
  if (name === 'public' || name === 'none') refuse(`a role cannot be called ${name}`, 'PostgreSQL has another meaning for this name: choose one of your own')
  return name
}

const MEMBERSHIP_KEYS = ['role', 'admin', 'inherit', 'set', 'grantedBy']

/** What `memberOf` says, as an object of the member. */
export function membershipOf(member: string, input: MembershipInput): RoleMembership {
  if (typeof input === 'string' || AS_SQL in input) return membershipObject({ role: roleName(input), target: member }, {})
  const unknown = Object.keys(input).find((key) => !MEMBERSHIP_KEYS.includes(key))
  if (unknown !== undefined) refuse(`a membership has no option ${JSON.stringify(unknown)}`, `its options are ${MEMBERSHIP_KEYS.join(', ')}`)
  const { role, admin, inherit, set, grantedBy } = input
  return membershipObject(
    { role: roleName(role), target: member, ...(grantedBy !== undefined && { grantor: roleName(grantedBy) }) },
    { ...(admin && { admin }), ...(inherit !== undefined && { inherit }), ...(set === false && { set }) },
  )
}

/** What `settings` or, in the database at hand, `settingsHere` says, as objects of a role. */
export function roleSettingsOf(role: string, settings: SettingsInput | undefined, here?: true): RoleSetting[] {
  return declaredSettings(settings).map(({ attrs, ...id }) => roleSettingObject({ target: role, ...id, ...(here && { here }) }, attrs))
}
