import type { Operation } from '../operations/operation.js'
import { attributesText, type SchemaModel } from '../model/schema-model.js'

/**
 * The operations that turn one schema into another, in no particular order. Both models must come from the same engine version.
 *
 * @example diff(live, declared) // [{ type: 'create', object: … }]
 */
export function diff(from: SchemaModel, to: SchemaModel): Operation[] {
  const operations: Operation[] = []
  for (const object of to.objects.values()) {
    const old = from.get(object.ref)
    if (!old) operations.push({ type: 'create', object })
    else if (attributesText(old) !== attributesText(object)) operations.push({ type: 'alter', from: old, to: object })
  }
  for (const object of from.objects.values()) {
    if (!to.get(object.ref)) operations.push({ type: 'drop', object })
  }
  return operations
}
