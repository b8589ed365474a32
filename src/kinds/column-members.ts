import type { Printer } from './kind.js'

/** Names of what a declared table has as its own: columns so named are only in its `columns`. The builder of tables fills it. */
export const tableMembers = new Set<string>()

/** A declared table's column: `users.id`, `users.columns.owner`. */
export function memberCode(table: string, column: string, printer: Printer): string {
  return printer.member(tableMembers.has(column) ? `${table}.columns` : table, column)
}
