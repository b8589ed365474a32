import { refOf } from '../model/object-ref.js'
import type { QualifiedName, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteLiteral } from '../sql/identifiers.js'
import type { Printer } from './kind.js'
import { defaultName } from './object-names.js'

type Reader = Pick<Printer, 'object' | 'children' | 'version'>

const SERIALS: Readonly<Record<string, string>> = { smallint: 'smallserial', integer: 'serial', bigint: 'bigserial' }

/**
 * The builder that makes a column exactly as it is, with its default, its sequence and the ownership of that: `serial` or one of its
 * siblings; undefined when there is more or less to it.
 *
 * @example serialBuilder({ schema: 'app', table: 'users', name: 'id' }, printer) // serial
 */
export function serialBuilder({ schema, table, name }: RelationPart, reader: Reader): string | undefined {
  const column = reader.object(refOf('column', schema, table, name))
  const relation = reader.object(refOf('table', schema, table))
  const sequenceName = defaultName(table, name, 'seq')
  const sequence = reader.object(refOf('sequence', schema, sequenceName))
  const builder = SERIALS[column?.attrs.type as string]
  if (!column || !relation || !sequence || !builder) return undefined
  const { type, notNull, inherited } = column.attrs as { type: string; notNull?: unknown; inherited?: true }
  // PostgreSQL 15 makes the sequence as its table is.
  const unlogged = relation.attrs.unlogged && reader.version.major >= 15
  const plain = { ...(type !== 'bigint' && { dataType: type }), ...(unlogged && { unlogged: true }) }
  const byDefault = reader.children(column.ref).find(({ kind }) => kind === 'column_default')?.attrs.expression
  const same =
    notNull === true &&
    !inherited &&
    !reader.object(refOf('partition', schema, table)) &&
    !relation.attrs.inherits &&
    !relation.attrs.ofType &&
    JSON.stringify(sequence.attrs) === JSON.stringify(plain) &&
    byDefault === `nextval(${quoteLiteral(qualified(schema, sequenceName))}::regclass)` &&
    isOnlyOwned(sequence, { schema, table, name }, reader)
  return same ? builder : undefined
}

/** Whether a `serial` column makes the sequence, so that it needs no code of its own. */
export function isMadeBySerial(sequence: QualifiedName, reader: Reader): boolean {
  const owned = reader.children(refOf('sequence', sequence.schema, sequence.name)).find(({ kind }) => kind === 'sequence_ownership')
  const column = owned?.attrs.column as RelationPart | undefined
  return (
    column !== undefined &&
    column.schema === sequence.schema &&
    defaultName(column.table, column.name, 'seq') === sequence.name &&
    serialBuilder(column, reader) !== undefined
  )
}

/** What else hangs on the sequence must be able to name it by itself. */
function isOnlyOwned({ ref }: SchemaObject, { schema, table, name }: RelationPart, reader: Reader): boolean {
  const children = reader.children(ref)
  const owner = children.find(({ kind }) => kind === 'sequence_ownership')?.attrs.column as RelationPart | undefined
  if (owner?.schema !== schema || owner.table !== table || owner.name !== name) return false
  return children.every(({ kind }) => ['sequence_ownership', 'comment', 'privilege'].includes(kind))
}
