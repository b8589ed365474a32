import { isRegExp } from 'node:util/types'
import { describeRef, refOf } from '../model/object-ref.js'
import type { SchemaObject, UnmanagedObject } from '../model/schema-object.js'

/** Objects that are alike: every member that is given must fit. */
export interface ObjectPattern {
  /** As it stands before the colon of a ref: `table`, `materialized_view`, `index`. */
  readonly kind?: string | readonly string[]
  /** The schema an object lies in, with `*` for any characters. Alone it also means the schema itself. */
  readonly schema?: string | RegExp
  /** The name without the schema, with `*` for any characters. */
  readonly name?: string | RegExp
}

/** Where an object was found: in the database, or in what `schema.ts` declares. */
export type Side = 'database' | 'schema'

/** Whether an object is meant; asked for every object that is not part of one left out. */
export type ObjectPredicate = (object: SchemaObject, side: Side) => boolean

export type ObjectChoice = readonly ObjectPattern[] | ObjectPredicate

/** Which objects take part, beside what `manage` says. */
export class Filter {
  readonly #include: ObjectChoice | undefined
  readonly #exclude: ObjectChoice | undefined

  constructor({ include, exclude }: { readonly include?: ObjectChoice | undefined; readonly exclude?: ObjectChoice | undefined }) {
    this.#include = include
    this.#exclude = exclude
  }

  /** Functions decide: what they say next time, and whether they say the same of both sides, is not known. */
  get isFree(): boolean {
    return typeof this.#include === 'function' || typeof this.#exclude === 'function'
  }

  /** Stands for all patterns, and for functions as far as they are known. */
  get key(): string {
    return JSON.stringify([this.#include, this.#exclude], (_, value: unknown) => (typeof value === 'function' ? 'a function' : isRegExp(value) ? { pattern: String(value) } : value))
  }

  /** `schema`: that it lies in. A part is included where its whole is, and can be left out by itself. */
  leavesOut(object: SchemaObject, schema: string | null, side: Side): boolean {
    const { kind, ref } = object
    const name = typeof object.id.name === 'string' ? object.id.name : describeRef(ref).name
    const isSchema = ref === refOf('schema', name)
    const means = (choice: ObjectChoice) =>
      typeof choice === 'function' ? choice(object, side) : choice.some((pattern) => fits(pattern, { kind, name, schema: isSchema && isWholeSchema(pattern) ? name : schema }))
    if (this.#exclude && means(this.#exclude)) return true
    if (!this.#include || (object.parent !== null && typeof this.#include !== 'function')) return false
    return !means(this.#include)
  }

  /** The same for what no kind manages, as far as patterns tell. */
  leavesOutUnmanaged({ type, identity, schema: within }: UnmanagedObject): boolean {
    const schema = within ?? null
    const parts = { kind: type.replaceAll(' ', '_'), name: identity, schema }
    const among = (choice: ObjectChoice | undefined) => typeof choice === 'object' && choice.some((pattern) => fits(pattern, parts))
    return among(this.#exclude) || (typeof this.#include === 'object' && !among(this.#include))
  }
}

function isWholeSchema({ kind, name }: ObjectPattern): boolean {
  return kind === undefined && name === undefined
}

function fits(pattern: ObjectPattern, { kind, name, schema }: { kind: string; name: string; schema: string | null }): boolean {
  if (pattern.kind !== undefined && ![pattern.kind].flat().includes(kind)) return false
  if (pattern.schema !== undefined && (schema === null || !matcher(pattern.schema)(schema))) return false
  return pattern.name === undefined || matcher(pattern.name)(name)
}

const known = new Map<string, RegExp>()

function matcher(pattern: string | RegExp): (text: string) => boolean {
  // One with the flag g goes on where it stopped the last time.
  if (isRegExp(pattern)) return (text) => text.search(pattern) >= 0
  let compiled = known.get(pattern)
  if (!compiled) known.set(pattern, (compiled = globPattern(pattern)))
  return (text) => compiled.test(text)
}

/** A text in which `*` stands for any characters. */
export function globPattern(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('.*')}$`, 's')
}

/** Why a value is no choice of objects; undefined when it is one. */
export function mistakeInChoice(value: unknown): string | undefined {
  if (typeof value === 'function') return undefined
  if (!Array.isArray(value)) return 'a list of patterns or a function'
  const isText = (each: unknown) => typeof each === 'string'
  const members: Record<keyof ObjectPattern, (member: unknown) => boolean> = {
    kind: (kind) => [kind].flat().every(isText),
    schema: (schema) => isText(schema) || isRegExp(schema),
    name: (name) => isText(name) || isRegExp(name),
  }
  const isPattern = (pattern: unknown) =>
    typeof pattern === 'object' && pattern !== null && Object.entries(pattern).every(([name, member]) => Object.hasOwn(members, name) && (member === undefined || members[name as keyof ObjectPattern](member)))
  return value.every(isPattern) ? undefined : 'a list of patterns such as { kind, schema, name }'
}
