import { checkedName } from '../authoring/checks.js'
import { DeclaredObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

export interface AccessMethodAttributes {
  readonly type: 'index' | 'table'
  /** The handler function's name in SQL. */
  readonly handler: string
}

export type AccessMethodObject = SchemaObject<{ readonly name: string }, AccessMethodAttributes>

export function accessMethodObject(name: string, { type, handler }: AccessMethodAttributes): AccessMethodObject {
  return { kind: 'access_method', ref: refOf('access_method', name), parent: null, id: { name }, attrs: { type, handler } }
}

/** Access methods of tables and indexes. */
export const accessMethods: Kind = defineKind<AccessMethodObject>({
  kind: 'access_method',
  phase: PHASES.routine + 1,
  catalog: 'pg_am',
  catalogQuery: () => `
    SELECT a.oid, 0, a.amname, a.amtype::text, a.amhandler::regproc::text
    FROM pg_am a
    WHERE a.oid >= 16384
      AND NOT ${isMember('pg_am', 'a.oid')}`,
  fromRow: ([, , name, type, handler]) => ({
    object: accessMethodObject(name as string, { type: type === 'i' ? 'index' : 'table', handler: handler as string }),
  }),
  create: ({ id, attrs }) => [statement(`CREATE ACCESS METHOD ${quoteIdent(id.name)} TYPE ${attrs.type.toUpperCase()} HANDLER ${attrs.handler}`)],
  drop: ({ id }) => [statement(`DROP ACCESS METHOD ${quoteIdent(id.name)}`)],
  alter: () => 'replace',
  address: ({ id }) => `ACCESS METHOD ${quoteIdent(id.name)}`,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${printer.use('accessMethod')}(${printer.string(id.name)}, ${printer.literal(attrs)})`,
    variable: id.name,
  }),
})

/**
 * Declares an access method.
 *
 * @example export const heap2 = accessMethod('heap2', { type: 'table', handler: 'heap_tableam_handler' })
 */
export function accessMethod(name: string, options: { readonly type: 'index' | 'table'; readonly handler: NameSource }): DeclaredObject {
  const names = new NameReader(`access method ${checkedName('access method', name)}`)
  const handler = names.read('the handler', options.handler)
  return new DeclaredObject(accessMethods, accessMethodObject(name, { type: options.type, handler }), names.uses)
}
