import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { isPlainPartition } from './partition-shorthand.js'
import { boundCode, relationCode } from './table-printing.js'
import { defineKind, PHASES } from './kind.js'

export interface PartitionAttrs {
  readonly parent: QualifiedName
  /** As PostgreSQL prints it: `FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`, `DEFAULT`. */
  readonly bound: string
}

/** The place of a table as a partition of another one. */
export type Partition = SchemaObject<QualifiedName, PartitionAttrs>

export function partitionObject(id: QualifiedName, attrs: PartitionAttrs): Partition {
  return { kind: 'partition', ref: refOf('partition', id.schema, id.name), parent: refOf('table', id.schema, id.name), id, attrs }
}

/** Attachments of partitions to their parents. The partition itself is a table like others. */
export const partitions = defineKind<Partition>({
  kind: 'partition',
  // After the partition's own indexes and constraints, so that PostgreSQL takes these for the parent's instead of making new ones.
  phase: PHASES.index + 0.5,
  catalog: 'pg_inherits',
  catalogQuery: () => `
    SELECT c.oid, 0, p.oid, pg_get_expr(c.relpartbound, c.oid)
    FROM pg_class c
    JOIN pg_inherits i ON i.inhrelid = c.oid
    JOIN pg_class p ON p.oid = i.inhparent
    WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f') AND c.oid >= 16384`,
  fromRow: ([child, , parent, bound], context) => {
    const table = context.objectAt('pg_class', child as number)
    const partitioned = context.objectAt('pg_class', parent as number)
    if (!table || !partitioned) return null
    return { object: partitionObject(table.id as QualifiedName, { parent: partitioned.id as QualifiedName, bound: bound as string }) }
  },
  dependencies: ({ parent, attrs }) => {
    const above = refOf('table', attrs.parent.schema, attrs.parent.name)
    return [
      { to: above, auto: false },
      // The table above chooses the names of its NOT NULL constraints, which the partition shares, while these are free.
      { from: parent!, to: above, auto: false, createOnly: true },
    ]
  },
  create: ({ id, attrs }) => [
    statement(
      `ALTER TABLE ONLY ${qualified(attrs.parent.schema, attrs.parent.name)} ATTACH PARTITION ${qualified(id.schema, id.name)} ${attrs.bound}`,
    ),
  ],
  drop: ({ id, attrs }) => [
    statement(`ALTER TABLE ${qualified(attrs.parent.schema, attrs.parent.name)} DETACH PARTITION ${qualified(id.schema, id.name)}`),
  ],
  alter: () => 'replace',
  address: () => null,
  print: ({ id, attrs }, printer) => {
    if (isPlainPartition(id, printer)) return { place: 'none', code: '' }
    return { place: 'suffix', code: `.partitionOf(${relationCode('table', attrs.parent, printer)}, ${boundCode(attrs.bound, printer)})` }
  },
})
