import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'

/** What a base type is made of; functions and types by their names in SQL, and only what is not PostgreSQL's default. */
export interface BaseTypeAttributes {
  readonly input: string
  readonly output: string
  readonly receive?: string
  readonly send?: string
  readonly typmodIn?: string
  readonly typmodOut?: string
  readonly analyze?: string
  readonly subscript?: string
  /** Bytes; absent for a length that varies. */
  readonly length?: number
  readonly passedByValue?: true
  readonly alignment?: 'char' | 'int2' | 'double'
  readonly storage?: 'external' | 'extended' | 'main'
  readonly category?: string
  readonly preferred?: true
  readonly default?: string
  readonly element?: string
  readonly delimiter?: string
  readonly collatable?: true
}

export type BaseTypeObject = SchemaObject<QualifiedName, BaseTypeAttributes>

/** In the order in which attributes are compared and written. */
export const BASE_TYPE_ATTRIBUTES = [
  'input', 'output', 'receive', 'send', 'typmodIn', 'typmodOut', 'analyze', 'subscript', 'length', 'passedByValue', 'alignment', 'storage',
  'category', 'preferred', 'default', 'element', 'delimiter', 'collatable',
] as const satisfies readonly (keyof BaseTypeAttributes)[]

export function baseTypeObject(id: QualifiedName, attributes: BaseTypeAttributes): BaseTypeObject {
  const attrs = Object.fromEntries(BASE_TYPE_ATTRIBUTES.flatMap((key) => (attributes[key] === undefined ? [] : [[key, attributes[key]]])))
  return {
    kind: 'base_type',
    ref: refOf('base_type', id.schema, id.name),
    parent: refOf('shell_type', id.schema, id.name),
    id,
    attrs: attrs as unknown as BaseTypeAttributes,
  }
}

export type ShellTypeObject = SchemaObject<QualifiedName, Record<string, never>>

export function shellTypeObject(id: QualifiedName): ShellTypeObject {
  return { kind: 'shell_type', ref: refOf('shell_type', id.schema, id.name), parent: null, id, attrs: {} }
}
