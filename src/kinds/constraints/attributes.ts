import { refOf } from '../../model/object-ref.js'
import type { QualifiedName, Ref, RelationPart, SchemaObject } from '../../model/schema-object.js'
import type { StorageParameters } from '../storage-parameters.js'

export type ConstraintType = 'primary_key' | 'unique' | 'exclude' | 'check' | 'foreign_key'
export type ReferentialAction = 'restrict' | 'cascade' | 'set null' | 'set default'

/** Identity of a constraint; a name of null lets PostgreSQL choose. */
export interface ConstraintName {
  readonly schema: string
  readonly table: string
  readonly name: string | null
}

export interface ConstraintAttrs {
  readonly type: ConstraintType
  readonly columns?: readonly string[]
  readonly include?: readonly string[]
  /** The whole of an exclusion constraint: `EXCLUDE USING gist (room WITH =)`. */
  readonly definition?: string
  /** The condition of a check. */
  readonly expression?: string
  readonly references?: QualifiedName & { readonly columns?: readonly string[] }
  readonly match?: 'full' | 'partial'
  readonly onUpdate?: ReferentialAction
  readonly onDelete?: ReferentialAction
  /** The columns that ON DELETE SET NULL and SET DEFAULT set, when not all (PostgreSQL 15). */
  readonly setColumns?: readonly string[]
  /** The last column holds a period: WITHOUT OVERLAPS of a key, PERIOD of a foreign key (PostgreSQL 18). */
  readonly period?: true
  readonly nullsNotDistinct?: true
  readonly noInherit?: true
  readonly deferrable?: true
  readonly initiallyDeferred?: true
  readonly notValid?: true
  readonly notEnforced?: true
  /** Storage parameters of its index. */
  readonly with?: StorageParameters
  /** Tablespace of its index. */
  readonly tablespace?: string
  /** Its index lacks those of some partitions. */
  readonly invalid?: true
  /** PostgreSQL made it for the key of the partitioned table above, as opposed to one that was there and was attached. */
  readonly cloned?: true
  /** The constraints of parents whose child it is. */
  readonly inheritsFrom?: readonly RelationPart[]
  /** The table itself declares it too. */
  readonly local?: true
}

export interface Constraint extends SchemaObject<ConstraintName, ConstraintAttrs> {
  /** None of its children on partitions is made by PostgreSQL: they are created on their own and attached. Not compared. */
  readonly only?: true
  /** Its table is a partition. Not compared. */
  readonly ofPartition?: true
  /** Its index is a part of an index of the partitioned table above. Not compared: its attachment is an object of its own. */
  readonly attached?: true
  /** Its index looks like one that is such a part, so that it is created after that one is attached. Not compared. */
  readonly late?: true
  /** Names from which PostgreSQL makes that of an exclusion constraint of a partition. Not compared. */
  readonly over?: readonly string[]
  /** Only as declared: PostgreSQL makes it for a check of a parent that is not valid, and here it is. */
  readonly validated?: true
}

/** `ordinal` tells the unnamed constraints of a table apart. */
export function constraintObject(id: ConstraintName, attrs: ConstraintAttrs, ordinal = 0): Constraint {
  return {
    kind: 'constraint',
    ref: refOf('constraint', id.schema, id.table, id.name ?? { signature: `#${ordinal}` }),
    parent: refOf('table', id.schema, id.table),
    id,
    attrs,
  }
}

/** Ref of the attachment of an index, or of a constraint's index, to that of the partitioned table above. */
export function indexPartitionRef(schema: string, index: string): Ref {
  return refOf('index_partition', schema, index)
}

export function partitionRef({ schema, table }: { readonly schema: string; readonly table: string }): Ref {
  return refOf('partition', schema, table)
}
