import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { notNullName, type Column } from './column-ddl.js'
import type { Printer } from './kind.js'

interface PartOfTable {
  readonly schema: string
  readonly table: string
}

type Reader = Pick<Printer, 'object' | 'children' | 'version'>

const answers = new WeakMap<SchemaObject, boolean>()

/**
 * Whether CREATE TABLE … PARTITION OF makes a partition exactly as it is, so that its columns, and the checks and keys it has from
 * the partitioned table, need not be written down.
 */
export function isPlainPartition(table: QualifiedName | PartOfTable, reader: Reader): boolean {
  const object = reader.object(refOf('table', table.schema, 'table' in table ? table.table : table.name))
  if (!object) return false
  let answer = answers.get(object)
  if (answer === undefined) answers.set(object, (answer = decide(object, reader)))
  return answer
}

function decide({ ref, id, attrs }: SchemaObject, reader: Reader): boolean {
  const partition = reader.object(refOf('partition', id.schema, id.name))
  const parent = partition && (partition.attrs.parent as QualifiedName)
  if (!parent || partition.attrs.ownNotNull || attrs.ofType || attrs.inherits) return false
  const columns = columnsOf(ref, reader)
  const above = columnsOf(refOf('table', parent.schema, parent.name), reader)
  if (columns.length === 0 || columns.length !== above.length) return false
  return (
    columns.every((column, index) => isCopy(column, above[index]!, reader)) &&
    reader.children(ref).every((child) => !isAttachedByHand(child, reader))
  )
}

function columnsOf(table: string, { children }: Reader): Column[] {
  return (children(table) as Column[]).filter(({ kind }) => kind === 'column').sort((a, b) => a.position! - b.position!)
}

function isCopy(column: Column, above: Column, reader: Reader): boolean {
  const { statistics, options, identity, notNull } = column.attrs
  // A new partition has no rows that were not checked.
  if (typeof notNull === 'object' && notNull.notValid) return false
  if (column.id.name !== above.id.name || statistics !== undefined || options || identity) return false
  const hanging = reader.children(column.ref)
  return hanging.every(({ kind }) => kind === 'column_default') && looks(column, hanging, reader) === looks(above, reader.children(above.ref), reader)
}

function looks(column: Column, hanging: readonly SchemaObject[], { version }: Reader): string {
  const { type, collation, notNull, generated, storage, compression } = column.attrs
  const { noInherit } = typeof notNull === 'object' ? notNull : {}
  const name = version.major >= 18 ? notNullName(column, notNull) : null
  const required = notNull === undefined ? null : [name, noInherit]
  const byDefault = hanging.find(({ kind }) => kind === 'column_default')?.attrs.expression as string | undefined
  return JSON.stringify([type, collation, required, generated, storage, compression, byDefault])
}

/** An index or key that was there before and became the partitioned table's, by a name or in a way PostgreSQL would not choose. */
function isAttachedByHand({ kind, id, attrs, explicit }: SchemaObject & { readonly explicit?: true }, { object }: Reader): boolean {
  if (kind !== 'index' && kind !== 'constraint') return false
  if (id.name === null || !object(refOf('index_partition', id.schema, id.name))) return false
  return kind === 'index' ? explicit === true : !attrs.cloned
}
