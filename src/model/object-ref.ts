import { qualified, quoteIdent } from '../sql/identifiers.js'
import type { Ref, SchemaObject } from './schema-object.js'

/**
 * The ref of an object from its kind and the parts of its name; the only place where refs are made. A routine's last part is
 * its name with argument types, given as `{ signature }` and kept as it is.
 *
 * @example refOf('column', 'app', 'users', 'email') // column:app.users.email
 */
export function refOf(kind: string, ...parts: (string | { signature: string })[]): Ref {
  return `${kind}:${parts.map((part) => (typeof part === 'string' ? quoteIdent(part) : part.signature)).join('.')}`
}

/** The ref of a role, which objects of many kinds name. */
export function roleRef(name: string): Ref {
  return refOf('role', name)
}

/** The ref of an object attached to another one: its comment, its owner, the privileges of one role on it. */
export function attachedRef(kind: string, target: Ref, ...parts: string[]): Ref {
  return `${kind}:${[target, ...parts.map(quoteIdent)].join(' ')}`
}

/** The ref that an object of a schema or a relation would have under another name. */
export function renamedRef({ kind, id }: SchemaObject, name: string): Ref {
  const { schema, table, args } = id as { schema?: string; table?: string; args?: string }
  if (schema !== undefined && typeof args === 'string') return refOf(kind, { signature: `${qualified(schema, name)}(${args})` })
  return refOf(kind, ...[schema, table, name].filter((part) => part !== undefined))
}

/** Kind and name of a ref, for people: `{ kind: 'column', name: 'app.users.email' }`. */
export function describeRef(ref: Ref): { kind: string; name: string } {
  const colon = ref.indexOf(':')
  return { kind: ref.slice(0, colon), name: ref.slice(colon + 1) }
}
