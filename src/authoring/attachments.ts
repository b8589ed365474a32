import { SchemaError, type SourcePosition } from '../errors.js'
import { attachedRef } from '../model/object-ref.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { checkedName } from './checks.js'
import { callerPosition } from './position.js'

/** What every attached object is identified by: its target, and how SQL addresses that. */
export interface AttachedId {
  readonly target: Ref
  readonly on: string
}

/**
 * A comment. `column` is the name of a column that is no object of its own. `default` is the text to go back to: extensions and
 * the schema `public` come with one, and a text of null says that it was taken away.
 */
export type Comment = SchemaObject<AttachedId & { readonly column?: string; readonly default?: string }, { readonly text: string | null }>

/** An owner other than the role that runs migrations. `default` is the owner to go back to where that is not this role. */
export type Owner = SchemaObject<AttachedId & { readonly default?: string }, { readonly role: string }>

/** What one role may do beyond, or short of, what PostgreSQL lets it do by default. Privileges in upper case, sorted. */
export interface Grants {
  readonly privileges?: readonly string[]
  /** Those it may grant to others. */
  readonly grantable?: readonly string[]
}

export interface PrivilegeAttrs extends Grants {
  /** Privileges that it has by default and was deprived of. */
  readonly revoked?: readonly string[]
  readonly columns?: { readonly [column: string]: Grants }
}

/** The grantee that stands for every role. */
export const PUBLIC = 'public'

/** The grantee that stands for whoever owns the target. PostgreSQL reserves names that begin so, as it does `public`. */
export const TARGET_OWNER = 'pg_owner'

/** The privileges of one role on one object, granted by its owner or by `grantor`. `owner` is absent when it is the role that runs migrations. */
export type Privilege = SchemaObject<
  AttachedId & { readonly grantee: string; readonly grantor?: string; readonly owner?: string },
  PrivilegeAttrs
>

export function commentObject(
  target: Ref,
  on: string,
  text: string | null,
  parent: Ref | null = target,
  more: { readonly column?: string; readonly default?: string } = {},
): Comment {
  return { kind: 'comment', ref: attachedRef('comment', target), parent, id: { target, on, ...more }, attrs: { text } }
}

export function ownerObject(target: Ref, on: string, role: string, byDefault?: string): Owner {
  const id = { target, on, ...(byDefault !== undefined && { default: byDefault }) }
  return { kind: 'owner', ref: attachedRef('owner', target), parent: target, id, attrs: { role } }
}

export function privilegeObject(id: Privilege['id'], attrs: PrivilegeAttrs, parent: Ref | null = id.target): Privilege {
  const parts = id.grantor === undefined ? [id.grantee] : [id.grantee, id.grantor]
  return { kind: 'privilege', ref: attachedRef('privilege', id.target, ...parts), parent, id, attrs: normalGrants(attrs) }
}

/** Attributes in their only order, without what is empty. */
export function normalGrants({ privileges, grantable, revoked, columns }: PrivilegeAttrs): PrivilegeAttrs {
  const list = (key: string, names: readonly string[] | undefined) => (names?.length ? { [key]: [...new Set(names)].sort() } : {})
  const named = Object.entries(columns ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...list('privileges', privileges),
    ...list('grantable', grantable),
    ...list('revoked', revoked),
    ...(named.length > 0 && {
      columns: Object.fromEntries(named.map(([column, grants]) => [column, { ...list('privileges', grants.privileges), ...list('grantable', grants.grantable) }])),
    }),
  }
}

/**
 * A ref for a target that is not an object of the model, from how SQL addresses it.
 *
 * @example targetOf('SEQUENCE app.users_id_seq') // sequence:app.users_id_seq
 */
export function targetOf(on: string): Ref {
  const [, words, name] = ADDRESS.exec(on) ?? []
  if (!words || !name) {
    throw new SchemaError(`${JSON.stringify(on)} does not say what it is about`, {
      at: callerPosition(),
      hint: "write the kind of object in capitals, then its name: 'SEQUENCE app.users_id_seq'",
    })
  }
  return `${words.toLowerCase().replaceAll(' ', '_')}:${name}`
}

const ADDRESS = /^([A-Z]+(?: [A-Z]+)*) (.*)$/s

/** Whether SQL addresses an object as what a catalog holds: the functions behind a range type are rows of pg_proc, but a part of the type. */
export function isAddressIn(catalog: string, on: string): boolean {
  if (catalog === 'pg_proc') return /^(FUNCTION|PROCEDURE|AGGREGATE) /.test(on)
  return catalog !== 'pg_type' || /^(TYPE|DOMAIN) /.test(on)
}

/** The ref of the schema in which a target lies; undefined when it lies in none. */
export function schemaIn(target: Ref): Ref | undefined {
  const [, schema] = /^[a-z_]+:("(?:[^"]|"")*"|[^".(]+)\./.exec(target) ?? []
  return schema === undefined ? undefined : `schema:${schema}`
}

/** How GRANT addresses what COMMENT ON addresses as `on`; null for what has no privileges of its own. */
export function grantAddress(on: string): string | null {
  const [, words = '', name = ''] = ADDRESS.exec(on) ?? []
  const type = GRANT_WORDS[words]
  if (type === undefined) return null
  return `${type} ${words === 'AGGREGATE' ? argumentsOnly(name) : name}`
}

const GRANT_WORDS: Record<string, string> = {
  TABLE: 'TABLE',
  VIEW: 'TABLE',
  'MATERIALIZED VIEW': 'TABLE',
  'FOREIGN TABLE': 'TABLE',
  SEQUENCE: 'SEQUENCE',
  FUNCTION: 'FUNCTION',
  AGGREGATE: 'FUNCTION',
  PROCEDURE: 'PROCEDURE',
  SCHEMA: 'SCHEMA',
  TYPE: 'TYPE',
  DOMAIN: 'DOMAIN',
  LANGUAGE: 'LANGUAGE',
  'FOREIGN DATA WRAPPER': 'FOREIGN DATA WRAPPER',
  SERVER: 'FOREIGN SERVER',
  'FOREIGN SERVER': 'FOREIGN SERVER',
}

/** GRANT takes an aggregate's arguments without the ORDER BY and the `*` that DROP AGGREGATE and COMMENT ON AGGREGATE want. */
function argumentsOnly(signature: string): string {
  return signature.replace(/\(\*\)$/, '()').replace(/\(ORDER BY /, '(').replace(/(VARIADIC .*) ORDER BY \1\)$/, '$1)').replace(/ ORDER BY /, ', ')
}

const PRIVILEGES = ['all', 'select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger', 'maintain', 'usage', 'execute', 'create'] as const

/** A privilege as builders take it; `all` stands for every one that the object has. */
export type PrivilegeName = (typeof PRIVILEGES)[number]

export interface GrantOptions {
  /** The role may grant them to others. */
  readonly withGrantOption?: boolean
  /** Only on these columns. */
  readonly columns?: readonly string[]
  /** The role that grants them, where that is not the owner. */
  readonly grantedBy?: string
}

/** Privileges checked, in upper case. */
export function checkPrivileges(names: PrivilegeName | readonly PrivilegeName[]): string[] {
  const list = typeof names === 'string' ? [names] : [...names]
  const unknown = list.find((name) => !PRIVILEGES.includes(name))
  if (unknown !== undefined || list.length === 0) {
    throw new SchemaError(unknown === undefined ? 'no privileges are named' : `there is no privilege ${JSON.stringify(unknown)}`, {
      at: callerPosition(),
      hint: `the privileges are ${PRIVILEGES.join(', ')}`,
    })
  }
  return list.map((name) => name.toUpperCase())
}

export function checkRole(role: string): string {
  return checkedName('role', role)
}

/** A text that PostgreSQL can keep as a comment; null is no comment at all. */
export function checkText(text: string | null): string | null {
  if (text === null || (typeof text === 'string' && text !== '' && !text.includes('\0'))) return text
  throw new SchemaError('a comment must be a text, not empty and without NUL characters', {
    at: callerPosition(),
    hint: 'leave the call out: PostgreSQL keeps no empty comments',
  })
}

/** Grants collected from several calls: one object for each role. */
export class GrantBook {
  readonly #grants = new Map<string, { grantee: string; grantor: string | undefined; attrs: PrivilegeAttrs; at: SourcePosition | undefined }>()

  add(grantee: string, grantor: string | undefined, attrs: PrivilegeAttrs): void {
    const key = JSON.stringify([grantee, grantor])
    const earlier = this.#grants.get(key)
    this.#grants.set(key, { grantee, grantor, attrs: earlier ? joinGrants(earlier.attrs, attrs) : attrs, at: earlier?.at ?? callerPosition() })
  }

  /** The privileges on a target that GRANT addresses as `on`. */
  objects(target: Ref, on: () => string, owner: string | undefined, parent: Ref | null = target): { object: Privilege; at: SourcePosition | undefined }[] {
    return [...this.#grants.values()].map(({ grantee, grantor, attrs, at }) => {
      const id = { target, on: on(), grantee, ...(grantor !== undefined && { grantor }), ...(owner !== undefined && { owner }) }
      return { object: privilegeObject(id, attrs, parent), at }
    })
  }
}

function joinGrants(earlier: PrivilegeAttrs, further: PrivilegeAttrs): PrivilegeAttrs {
  const both = (a: readonly string[] = [], b: readonly string[] = []) => [...a, ...b]
  const columns: Record<string, Grants> = { ...earlier.columns }
  for (const [column, grants] of Object.entries(further.columns ?? {})) {
    columns[column] = {
      privileges: both(columns[column]?.privileges, grants.privileges),
      grantable: both(columns[column]?.grantable, grants.grantable),
    }
  }
  return {
    privileges: both(earlier.privileges, further.privileges),
    grantable: both(earlier.grantable, further.grantable),
    revoked: both(earlier.revoked, further.revoked),
    columns,
  }
}

/** What one call of `grant` declares. */
export function grantsOf(privileges: PrivilegeName | readonly PrivilegeName[], { withGrantOption, columns }: GrantOptions): PrivilegeAttrs {
  const names = checkPrivileges(privileges)
  const grants: Grants = withGrantOption ? { grantable: names } : { privileges: names }
  if (!columns) return grants
  return { columns: Object.fromEntries(columns.map((column) => [checkedName('column', column), grants])) }
}
