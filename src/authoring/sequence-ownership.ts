import { attachedRef, refOf } from '../model/object-ref.js'
import type { QualifiedName, RelationPart, SchemaObject } from '../model/schema-object.js'

/** Identified by its sequence; `column` is the owner. */
export type SequenceOwnershipObject = SchemaObject<QualifiedName, { readonly column: RelationPart }>

export function sequenceOwnershipObject(sequence: QualifiedName, { schema, table, name }: RelationPart): SequenceOwnershipObject {
  const parent = refOf('sequence', sequence.schema, sequence.name)
  return {
    kind: 'sequence_ownership',
    ref: attachedRef('sequence_ownership', parent),
    parent,
    id: sequence,
    attrs: { column: { schema, table, name } },
  }
}
