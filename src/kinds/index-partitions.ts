import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { defineKind, PHASES, type Kind } from './kind.js'

export interface IndexPartitionAttrs {
  /** The index above, or the constraint that owns it, with its table. */
  readonly parent: RelationPart
  /** The partition: names of indexes may change places between two of them. */
  readonly table: string
}

/** The place of a partition's index below that of the partitioned table. */
export type IndexPartition = SchemaObject<RelationPart, IndexPartitionAttrs>

/** `index` is the index, or the constraint that owns it. */
export function indexPartitionObject(id: RelationPart, index: Ref, { parent }: Pick<IndexPartitionAttrs, 'parent'>): IndexPartition {
  return { kind: 'index_partition', ref: refOf('index_partition', id.schema, id.name), parent: index, id, attrs: { parent, table: id.table } }
}

/** Attachments of partitions' indexes, and of the indexes of their keys, to those of the partitioned table. */
export const indexPartitions: Kind = defineKind<IndexPartition>({
  kind: 'index_partition',
  phase: PHASES.indexAttachment,
  catalog: 'pg_inherits',
  catalogQuery: () => `
    SELECT h.inhrelid, 0, h.inhparent
    FROM pg_inherits h
    JOIN pg_class c ON c.oid = h.inhrelid
    WHERE c.relkind IN ('i', 'I') AND h.inhrelid >= 16384
    ORDER BY 1`,
  fromRow: ([index, , parent], context) => {
    const child = context.objectAt('pg_class', index as number)
    const above = context.objectAt('pg_class', parent as number)
    if (!child || !above) return null
    const { schema, table } = partOf(above)
    const object = indexPartitionObject(partOf(child), child.ref, { parent: partOf(above) })
    // ATTACH PARTITION takes only a whole index for one of the table further above.
    const dependencies = isExplicit(child) ? [{ from: refOf('partition', schema, table), to: object.ref, auto: false, createOnly: true as const }] : []
    return { object, dependencies }
  },
  dependencies: ({ id, attrs }) => [
    ...refsOf(attrs.parent).map((to) => ({ to, auto: true })),
    { to: refOf('partition', id.schema, id.table), auto: true },
  ],
  create: ({ id, attrs }) => [
    statement(`ALTER INDEX ${qualified(attrs.parent.schema, attrs.parent.name)} ATTACH PARTITION ${qualified(id.schema, id.name)}`),
  ],
  createsImplicitly: ({ id, attrs }, context, created) => {
    const above = refsOf(attrs.parent).find((ref) => context.object('to', ref))
    // Without a name as declared, it cannot be found; attaching once more what is attached already does nothing.
    const parent = (above && context.object('to', above)) as (SchemaObject & { readonly only?: true; readonly late?: true }) | undefined
    const partition = refOf('partition', id.schema, id.table)
    // An index without those of the partitions is created when these are partitions already.
    const comesLater = parent?.only === true && created(parent.ref)
    if (parent?.late && created(parent.ref)) return parent.ref
    if (created(partition)) return comesLater || !parent ? null : partition
    return parent && created(parent.ref) && !parent.only ? parent.ref : null
  },
  drop: () => [],
  dropsImplicitly: () => false,
  replacesParent: ({ id, attrs }, context) => {
    const [before, after] = (['from', 'to'] as const).map((side) => context.object(side, refOf('partition', id.schema, id.table)))
    const above = (partition: SchemaObject | undefined) => partition && qualified((partition.attrs.parent as QualifiedName).schema, (partition.attrs.parent as QualifiedName).name)
    if (before === undefined || above(before) !== above(after) || above(before) !== qualified(attrs.parent.schema, attrs.parent.table)) return false
    // PostgreSQL has no way to take it off an index that stays.
    return refsOf(attrs.parent).find((ref) => context.object('from', ref) && context.object('to', ref)) ?? true
  },
  alter: () => 'replace',
  address: () => null,
  // The code of the index says it.
  print: () => ({ place: 'none', code: '' }),
})

/** Whether the index is created on its own, instead of by PostgreSQL for the one above. */
function isExplicit(index: SchemaObject & { readonly explicit?: true }): boolean {
  return index.kind === 'index' ? index.explicit === true : !index.attrs.cloned
}

function partOf({ kind, id, attrs }: SchemaObject): RelationPart {
  return { schema: id.schema as string, table: (kind === 'index' ? attrs.table : id.table) as string, name: id.name as string }
}

function refsOf({ schema, table, name }: RelationPart): Ref[] {
  return [refOf('index', schema, name), refOf('constraint', schema, table, name)]
}
