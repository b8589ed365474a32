import { refOf } from '../model/object-ref.js'
import type { QualifiedName } from '../model/schema-object.js'
import { attach, declareNotNull, detach, detachConcurrently, isSamePlace, type Partition, type PartitionAttrs } from './partition-ddl.js'
import { isPlainPartition } from './partition-shorthand.js'
import { boundCode, relationCode } from './table-printing.js'
import { defineKind, PHASES, type AlterContext } from './kind.js'

export function partitionObject(id: QualifiedName, attrs: PartitionAttrs): Partition {
  return { kind: 'partition', ref: refOf('partition', id.schema, id.name), parent: refOf('table', id.schema, id.name), id, attrs }
}

/** Attachments of partitions to their parents. The partition itself is a table like others. */
export const partitions = defineKind<Partition>({
  kind: 'partition',
  // After the partition's own indexes and constraints, so that PostgreSQL takes these for the parent's instead of making new ones.
  phase: PHASES.index + 0.5,
  catalog: 'pg_inherits',
  catalogQuery: ({ major }) => `
    SELECT c.oid, 0, p.oid, pg_get_expr(c.relpartbound, c.oid), ${major >= 18 ? OWN_NOT_NULL : 'NULL'}
    FROM pg_class c
    JOIN pg_inherits i ON i.inhrelid = c.oid
    JOIN pg_class p ON p.oid = i.inhparent
    WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f') AND c.oid >= 16384`,
  fromRow: ([child, , parent, bound, ownNotNull], context) => {
    const table = context.objectAt('pg_class', child as number)
    const partitioned = context.objectAt('pg_class', parent as number)
    if (!table || !partitioned) return null
    const attrs = { parent: partitioned.id as QualifiedName, bound: bound as string, ...(ownNotNull !== null && { ownNotNull: ownNotNull as string[] }) }
    return { object: partitionObject(table.id as QualifiedName, attrs) }
  },
  dependencies: ({ parent, attrs }) => {
    const above = refOf('table', attrs.parent.schema, attrs.parent.name)
    return [
      { to: above, auto: false },
      // The table above chooses the names of its NOT NULL constraints, which the partition shares, while these are free.
      { from: parent!, to: above, auto: false, createOnly: true },
    ]
  },
  create: ({ id, attrs }) => attach(id, attrs),
  drop: ({ ref, id, attrs }, context) => {
    const above = refOf('table', attrs.parent.schema, attrs.parent.name)
    // One that comes back at another place must not be gone for others meanwhile.
    const goesAlone = context?.inUse(above) && context.inUse(refOf('table', id.schema, id.name)) && !context.object('to', ref)
    return [goesAlone ? detachConcurrently(id, attrs) : detach(id, attrs)]
  },
  alter: (from, to, context) => {
    if (!isSamePlace(from.attrs, to.attrs)) return 'replace'
    const { gained, lost } = ownNotNullChanges(from, to, context)
    // PostgreSQL gives up a declaration of NOT NULL of a partition only when it is attached.
    return { statements: lost ? [detach(from.id, from.attrs), ...attach(to.id, to.attrs)] : gained.map((column) => declareNotNull(to.id, column)) }
  },
  address: () => null,
  print: ({ id, attrs }, printer) => {
    if (isPlainPartition(id, printer)) return { place: 'none', code: '' }
    const own = attrs.ownNotNull ? `, ${printer.literal({ ownNotNull: attrs.ownNotNull })}` : ''
    return { place: 'suffix', code: `.partitionOf(${relationCode('table', attrs.parent, printer)}, ${boundCode(attrs.bound, printer)}${own})` }
  },
})

const OWN_NOT_NULL = `(SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_constraint nn JOIN pg_attribute a ON a.attrelid = nn.conrelid AND a.attnum = nn.conkey[1]
      WHERE nn.conrelid = c.oid AND nn.contype = 'n' AND nn.conislocal AND nn.coninhcount > 0)`

/** What does not follow from the changes of the columns of the partition and of the table above. */
function ownNotNullChanges(from: Partition, to: Partition, context: AlterContext): { gained: readonly string[]; lost: boolean } {
  const [before, after] = [from.attrs.ownNotNull ?? [], to.attrs.ownNotNull ?? []]
  const required = (side: 'from' | 'to', { schema, name }: QualifiedName, column: string) =>
    context.object(side, refOf('column', schema, name, column))?.attrs.notNull !== undefined
  return {
    gained: after.filter((column) => !before.includes(column) && !(required('from', from.id, column) && !required('from', from.attrs.parent, column))),
    lost: before.some((column) => !after.includes(column) && required('to', to.id, column) && required('to', to.attrs.parent, column)),
  }
}
