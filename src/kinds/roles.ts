import { checkedName, refuse } from '../authoring/checks.js'
import type { Declaration } from '../authoring/declared.js'
import { NamedObject } from '../authoring/declared-object.js'
import { membershipOf, roleName, roleSettingsOf, type MembershipInput, type RoleMembership, type RoleSetting } from '../authoring/role-parts.js'
import { roleRef } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { closest } from '../suggest.js'
import { defineKind, PHASES, type Kind, type Printer } from './kind.js'
import { printSettings, type SettingsInput } from './session-settings.js'

/** What CREATE ROLE does not do by itself. `validUntil` as PostgreSQL prints a time in UTC. */
interface RoleAttrs {
  readonly superuser?: true
  readonly inherit?: false
  readonly createRole?: true
  readonly createDb?: true
  readonly login?: true
  readonly replication?: true
  readonly bypassRls?: true
  readonly connectionLimit?: number
  readonly validUntil?: string
}

export type RoleObject = SchemaObject<{ readonly target: string }, RoleAttrs>

/** Attributes that are said with one word, and with NO before it. */
const FLAGS = {
  superuser: 'SUPERUSER',
  inherit: 'INHERIT',
  createRole: 'CREATEROLE',
  createDb: 'CREATEDB',
  login: 'LOGIN',
  replication: 'REPLICATION',
  bypassRls: 'BYPASSRLS',
} as const

type Flag = keyof typeof FLAGS
const FLAG_NAMES = Object.keys(FLAGS) as Flag[]

function roleObject(name: string, attrs: Partial<Record<Flag, boolean>> & Pick<RoleAttrs, 'connectionLimit' | 'validUntil'>): RoleObject {
  const flags = FLAG_NAMES.filter((flag) => attrs[flag] !== undefined && attrs[flag] !== isDefault(flag))
  return {
    kind: 'role',
    ref: roleRef(name),
    parent: null,
    id: { target: name },
    attrs: {
      ...Object.fromEntries(flags.map((flag) => [flag, attrs[flag]])),
      ...(attrs.connectionLimit !== undefined && attrs.connectionLimit !== -1 && { connectionLimit: attrs.connectionLimit }),
      ...(attrs.validUntil !== undefined && attrs.validUntil !== 'infinity' && { validUntil: attrs.validUntil }),
    },
  }
}

/** What CREATE ROLE does where nothing is said. */
function isDefault(flag: Flag): boolean {
  return flag === 'inherit'
}

/**
 * Roles of the server but those of PostgreSQL itself: predefined ones, the superuser that initdb made (called `postgres` by
 * custom, also where the provider of the server keeps the real one), and the one that reads. Passwords are never read.
 */
export const roles: Kind = defineKind<RoleObject>({
  kind: 'role',
  phase: PHASES.role,
  catalog: 'pg_authid',
  concern: 'roles',
  mayComeAlong: true,
  catalogQuery: () => `
    SELECT r.oid, 0, r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolreplication, r.rolbypassrls,
           r.rolconnlimit, CASE WHEN isfinite(r.rolvaliduntil) THEN r.rolvaliduntil::text END
    FROM pg_roles r
    WHERE ${isUsers('r')}
    ORDER BY 3`,
  fromRow: ([, , name, superuser, inherit, createRole, createDb, login, replication, bypassRls, limit, until]) => {
    const flags = { superuser, inherit, createRole, createDb, login, replication, bypassRls } as Record<Flag, boolean>
    return { object: roleObject(name as string, { ...flags, connectionLimit: limit as number, ...(until !== null && { validUntil: until as string }) }) }
  },
  create: ({ id, attrs }) => [statement([`CREATE ROLE ${quoteIdent(id.target)}`, ...clauses({}, attrs)].join(' '))],
  drop: ({ id }) => [statement(`DROP ROLE ${quoteIdent(id.target)}`)],
  alter: (from, to) => ({ statements: [statement([`ALTER ROLE ${quoteIdent(to.id.target)}`, ...clauses(from.attrs, to.attrs)].join(' '))] }),
  rename: (from, to) => [statement(`ALTER ROLE ${quoteIdent(from.id.target)} RENAME TO ${quoteIdent(to.id.target)}`)],
  address: ({ id }) => `ROLE ${quoteIdent(id.target)}`,
  dropLoses: ({ attrs }) => (attrs.login ? 'its password is gone, if it has one' : undefined),
  print: ({ ref, id, attrs }, printer) => {
    const members = [
      ...Object.entries(attrs).map(([key, value]) => `${key}: ${printer.literal(value)}`),
      ...list('memberOf', printer.children(ref).filter((child): child is RoleMembership => child.kind === 'role_membership').map((one) => membershipCode(one, printer))),
      ...settingsCode('settings', 'role_setting', ref, printer),
      ...settingsCode('settingsHere', 'role_database_setting', ref, printer),
    ]
    const options = members.length > 0 ? `, { ${members.join(', ')} }` : ''
    return { place: 'export', code: `${printer.use('role')}(${printer.string(id.target)}${options})`, variable: id.target }
  },
})

/** The condition under which a row of pg_roles is a role that somebody made. */
function isUsers(row: string): string {
  return `${row}.oid >= 16384 AND ${row}.rolname <> current_user AND ${row}.rolname <> 'postgres' AND ${row}.rolname !~ '^pg_'`
}

function clauses(from: RoleAttrs, to: RoleAttrs): string[] {
  const said = (flag: Flag, attrs: RoleAttrs) => attrs[flag] ?? isDefault(flag)
  const changed = FLAG_NAMES.filter((flag) => said(flag, from) !== said(flag, to)).map((flag) => `${said(flag, to) ? '' : 'NO'}${FLAGS[flag]}`)
  const limit = from.connectionLimit === to.connectionLimit ? [] : [`CONNECTION LIMIT ${to.connectionLimit ?? -1}`]
  const until = from.validUntil === to.validUntil ? [] : [`VALID UNTIL ${quoteLiteral(to.validUntil ?? 'infinity')}`]
  return [...changed, ...limit, ...until]
}

function list(key: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`${key}: [${items.join(', ')}]`]
}

function membershipCode({ id, attrs }: RoleMembership, printer: Printer): string {
  const named = (name: string) => printer.variable(roleRef(name)) ?? printer.string(name)
  const options = Object.entries(attrs).map(([key, value]) => `${key}: ${printer.literal(value)}`)
  if (id.grantor !== undefined) options.push(`grantedBy: ${named(id.grantor)}`)
  return options.length === 0 ? named(id.role) : `{ role: ${named(id.role)}, ${options.join(', ')} }`
}

function settingsCode(key: string, kind: string, ref: string, printer: Printer): string[] {
  const settings = printer.children(ref).filter((child): child is RoleSetting => child.kind === kind)
  if (settings.length === 0) return []
  return [`${key}: ${printSettings(settings, printer)}`]
}

export interface RoleOptions {
  readonly superuser?: boolean
  /** Has the privileges of the roles it is a member of without SET ROLE, which is the default. */
  readonly inherit?: boolean
  readonly createRole?: boolean
  readonly createDb?: boolean
  readonly login?: boolean
  readonly replication?: boolean
  readonly bypassRls?: boolean
  /** How many connections it may have at once. */
  readonly connectionLimit?: number
  /** When its password ends: a time as PostgreSQL reads it. */
  readonly validUntil?: string | Date
  /** Roles that it is a member of. */
  readonly memberOf?: readonly MembershipInput[]
  /** What ALTER ROLE … SET sets; lists of names, such as search_path, as an array. */
  readonly settings?: SettingsInput
  /** The same for this database alone: ALTER ROLE … IN DATABASE … SET. */
  readonly settingsHere?: SettingsInput
}

const OPTIONS = [...FLAG_NAMES, 'connectionLimit', 'validUntil', 'memberOf', 'settings', 'settingsHere']

/** A declared role; in sql`…` it stands for its name. */
export class Role extends NamedObject {
  declare readonly object: RoleObject
  readonly #parts: readonly Declaration[]

  constructor(name: string, { memberOf, settings, settingsHere, validUntil, ...attrs }: RoleOptions) {
    const until = validUntil instanceof Date ? validUntil.toISOString() : validUntil
    super(roles, roleObject(name, { ...attrs, ...(until !== undefined && { validUntil: until }) }), [], quoteIdent(name))
    const parts = [
      ...(memberOf ?? []).map((one) => membershipOf(name, one)),
      ...roleSettingsOf(name, settings),
      ...roleSettingsOf(name, settingsHere, true),
    ]
    this.#parts = parts.map((object) => ({ object, at: this.at, uses: [] }))
  }

  protected override parts(): readonly Declaration[] {
    return this.#parts
  }
}

/**
 * Declares a role of the server; `manage` must name it among its `roles`. Passwords have no place here: they are neither read nor
 * changed.
 *
 * @throws SchemaError for an unknown option, or a name that PostgreSQL keeps for itself
 * @example
 * export const reader = role('app_reader')
 * export const app = role('app', { login: true, memberOf: [reader], settings: { search_path: ['app', 'public'] } })
 */
export function role(name: string, options: RoleOptions = {}): Role {
  checkedName('role', name)
  roleName(name)
  if (name.startsWith('pg_')) refuse(`a role cannot be called ${name}`, 'PostgreSQL keeps names that begin with pg_ for itself')
  for (const key of Object.keys(options)) {
    if (OPTIONS.includes(key)) continue
    if (/password/i.test(key)) refuse('a role has no password in schema.ts', 'set it by hand, with \\password in psql: it must stand in no file')
    const near = closest(key, OPTIONS)
    refuse(`a role has no option ${JSON.stringify(key)}`, near ? `did you mean ${near}?` : `its options are ${OPTIONS.join(', ')}`)
  }
  const { connectionLimit: limit } = options
  if (limit !== undefined && (!Number.isInteger(limit) || limit < -1)) refuse(`the connection limit of role ${name} is no whole number`, 'give a number, or leave it out')
  return new Role(name, options)
}
