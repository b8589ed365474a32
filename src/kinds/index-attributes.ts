import { refOf } from '../model/object-ref.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import type { IndexColumnAttrs } from './index-columns.js'
import type { StorageParameters } from './storage-parameters.js'

/** Identity of an index; a name of null lets PostgreSQL choose. */
export interface IndexName {
  readonly schema: string
  readonly name: string | null
}

export interface IndexAttrs {
  /** The table or materialized view, which lies in the same schema. */
  readonly table: string
  readonly unique?: true
  /** When it is not btree. */
  readonly method?: string
  readonly columns: readonly IndexColumnAttrs[]
  readonly include?: readonly string[]
  readonly nullsNotDistinct?: true
  readonly where?: string
  readonly with?: StorageParameters
  readonly tablespace?: string
  /** Statistics targets of expressions, by the number of their column. */
  readonly statistics?: { readonly [column: string]: number }
  /** It lacks the indexes of some partitions. */
  readonly invalid?: true
}

export interface Index extends SchemaObject<IndexName, IndexAttrs> {
  /** It is created without those of the partitions, which are created on their own and attached. Not compared. */
  readonly only?: true
  /** It is one of those that are created on their own; otherwise PostgreSQL makes it. Not compared. */
  readonly explicit?: true
  /** It is a part of an index of the partitioned table above. Not compared: its attachment is an object of its own. */
  readonly attached?: true
  /** In which order it got its storage parameters, where that is not the alphabet's. Not compared. */
  readonly parameterOrder?: readonly string[]
}

/** `ordinal` tells unnamed indexes apart. */
export function indexObject(id: IndexName, parent: Ref, attrs: IndexAttrs, ordinal = 0): Index {
  return { kind: 'index', ref: refOf('index', id.schema, id.name ?? { signature: `#${ordinal}` }), parent, id, attrs }
}
