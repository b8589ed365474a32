import type { Ref, SchemaObject } from '../model/schema-object.js'

/** One difference between two schemas, holding whole objects, so that its inverse needs nothing else. */
export type Operation =
  | { readonly type: 'create'; readonly object: SchemaObject }
  | { readonly type: 'drop'; readonly object: SchemaObject }
  | { readonly type: 'alter'; readonly from: SchemaObject; readonly to: SchemaObject }
  | { readonly type: 'rename'; readonly from: SchemaObject; readonly to: SchemaObject }
  | SqlOperation

/** SQL by hand; a `down` of null: there is no way back. */
export interface SqlOperation {
  readonly type: 'sql'
  readonly up: string
  readonly down: string | null
}

/** The operation that undoes another one. `invert(invert(o))` equals `o` for all but irreversible SQL, whose inverse has no `up`. */
export function invert(operation: Operation): Operation {
  switch (operation.type) {
    case 'create':
      return { type: 'drop', object: operation.object }
    case 'drop':
      return { type: 'create', object: operation.object }
    case 'alter':
      return { type: 'alter', from: operation.to, to: operation.from }
    case 'rename':
      return { type: 'rename', from: operation.to, to: operation.from }
    case 'sql':
      return { type: 'sql', up: operation.down ?? '', down: operation.up }
  }
}

/** The operations that undo a list, in the order in which to undo them. */
export function invertAll(operations: readonly Operation[]): Operation[] {
  return operations.map(invert).reverse()
}

/** The ref an operation is about; null for hand-written SQL. */
export function subject(operation: Operation): Ref | null {
  switch (operation.type) {
    case 'create':
    case 'drop':
      return operation.object.ref
    case 'alter':
    case 'rename':
      return operation.to.ref
    case 'sql':
      return null
  }
}
