import { attachedRef, refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'

/** `target` is the extension. */
export type ExtensionVersionObject = SchemaObject<{ readonly name: string; readonly target: string }, { readonly version: string }>

export function extensionVersion(name: string, version: string): ExtensionVersionObject {
  const target = refOf('extension', name)
  return { kind: 'extension_version', ref: attachedRef('extension_version', target), parent: target, id: { name, target }, attrs: { version } }
}
