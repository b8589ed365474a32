import { refOf } from '../model/object-ref.js'
import type { QualifiedName } from '../model/schema-object.js'
import { isPlainlyInherited } from './column-printing.js'
import type { Column } from './column-ddl.js'
import type { Printer } from './kind.js'
import { isPlainPartition } from './partition-shorthand.js'

interface PartOfTable {
  readonly schema: string
  readonly table: string
}

/** A column as the elements of its table name it: `t.id`, or `'id'` where the code of the table does not list the column. */
export function columnCode(name: string, table: PartOfTable, printer: Printer): string {
  return isListed(name, table, printer) ? printer.member('t', name) : printer.string(name)
}

/** Whether the callback of a table knows a column by its type. */
export function isListed(name: string, { schema, table }: PartOfTable, printer: Printer): boolean {
  const column = printer.object(refOf('column', schema, table, name)) as Column | undefined
  if (!column) return true
  if (isPlainlyInherited(column, printer)) return false
  if (!isPlainPartition(column.id, printer)) return true
  const above = printer.object(refOf('partition', schema, table))!.attrs.parent as QualifiedName
  return printer.variable(refOf('table', above.schema, above.name)) !== undefined
}
