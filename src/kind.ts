/** What a project needs to define kinds of objects of its own ("pg-autogen/kind"). */
import { DeclaredObject } from './authoring/declared-object.js'
import type { Kind } from './kinds/kind.js'
import type { Ref, SchemaObject } from './model/schema-object.js'

export { defineKind, PHASES } from './kinds/kind.js'
export type { AlterContext, Alteration, Kind, PrintedCode, Printer, Reflected, ReflectContext, VersionNeed } from './kinds/kind.js'
export type { Row, ServerVersion } from './database/database.js'
export { attachedRef, refOf } from './model/object-ref.js'
export type { Dependency, Json, Ref, SchemaObject } from './model/schema-object.js'
export { qualified, quoteIdent, quoteLiteral } from './sql/identifiers.js'
export { outsideTransaction, statement, type Statement } from './sql/statement.js'
export type { DeclaredObject } from './authoring/declared-object.js'

/**
 * What a builder of a kind returns, for `schema.ts` to export. `uses`: the refs of other declared objects that it mentions.
 *
 * @example export const currency = (code: string, name: string) => declare(currencies, currencyObject(code, name))
 */
export function declare<O extends SchemaObject>(kind: Kind, object: O, uses: readonly Ref[] = []): DeclaredObject {
  return new DeclaredObject(kind, object, uses)
}
