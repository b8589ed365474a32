import type { Printer } from './kind.js'

/** What a declared table has as its own, so that columns of these names are only in its `columns`. */
export const TABLE_MEMBERS: ReadonlySet<string> = new Set(
  `accessMethod at attach columnComment columns comment constructor declarations formerly grant inherits kind object ofType onServer owner parts partition partitionBy
  partitionByHash partitionByList partitionByRange partitionOf replicaIdentity revoke revokeFromOwner rowLevelSecurity tablespace unlogged uses with
  __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ __proto__ hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString
  toString valueOf`.split(/\s+/),
)

/** A declared table's column: `users.id`, `users.columns.owner`. */
export function memberCode(table: string, column: string, printer: Printer): string {
  return printer.member(TABLE_MEMBERS.has(column) || column.startsWith('$') ? `${table}.columns` : table, column)
}
