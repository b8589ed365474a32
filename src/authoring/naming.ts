import { createHash } from 'node:crypto'
import { SchemaError } from '../errors.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref } from '../model/schema-object.js'
import { cutName, MAX_NAME_BYTES } from '../sql/identifiers.js'
import { checkedName } from './checks.js'

/** What a name can be made from. */
export interface NameParts {
  readonly schema: string
  readonly table: string
  /** Its columns in their order; of a check those it mentions, and `expr` for an expression of an index. */
  readonly columns: readonly string[]
  /** Of a foreign key. */
  readonly referencedSchema?: string
  readonly referencedTable?: string
  readonly referencedColumns?: readonly string[]
  /** Of an index. */
  readonly unique?: boolean
}

/** A text with `{schema}`, `{table}`, `{columns}`, and for foreign keys `{referencedSchema}`, `{referencedTable}`, `{referencedColumns}`; or a function. */
export type NameTemplate = string | ((parts: NameParts) => string)

/** The names of what `schema.ts` gives none. For what is left out here PostgreSQL chooses. */
export interface NamingConvention {
  readonly primaryKey?: NameTemplate
  readonly unique?: NameTemplate
  readonly foreignKey?: NameTemplate
  readonly index?: NameTemplate
  readonly check?: NameTemplate
}

const NAMED: readonly (keyof NamingConvention)[] = ['primaryKey', 'unique', 'foreignKey', 'index', 'check']
const PARTS: readonly (keyof NameParts)[] = ['schema', 'table', 'columns', 'referencedSchema', 'referencedTable', 'referencedColumns']

let inForce: NamingConvention = {}

/** Does work, which must not wait for anything, under a naming convention. */
export function withNaming<T>(naming: NamingConvention | undefined, work: () => T): T {
  const before = inForce
  inForce = naming ?? {}
  try {
    return work()
  } finally {
    inForce = before
  }
}

/** The name that the convention in force gives; undefined where PostgreSQL chooses. One too long for PostgreSQL ends in a hash of the whole. */
export function nameByConvention(what: keyof NamingConvention, parts: NameParts): string | undefined {
  const template = inForce[what]
  if (template === undefined) return undefined
  const name: unknown = typeof template === 'string' ? filled(template, parts) : template(parts)
  if (typeof name !== 'string') throw new SchemaError(`the naming convention for ${what} gives no name`, { hint: 'let its function return a string' })
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return checkedName(what, name)
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${cutName(name, MAX_NAME_BYTES - hash.length - 1)}_${hash}`
}

/** A part that is empty goes with the underscore before it. */
function filled(template: string, parts: NameParts): string {
  return template.replace(/(_?)\{(\w+)\}/g, (_, before: string, part: keyof NameParts) => {
    const value = parts[part]
    const text = Array.isArray(value) ? value.join('_') : ((value as string | undefined) ?? '')
    return text === '' ? '' : before + text
  })
}

/** The names of a table's columns among refs, each once. */
export function columnsAmong(refs: readonly Ref[], { schema, name }: QualifiedName): string[] {
  const before = refOf('column', schema, name, 'x').slice(0, -1)
  const own = [...new Set(refs)].filter((ref) => ref.startsWith(before)).map((ref) => ref.slice(before.length))
  return own.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
}

/** Why a value is no naming convention; undefined when it is one. */
export function mistakeInNaming(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `an object of templates for ${NAMED.join(', ')}`
  for (const [what, template] of Object.entries(value)) {
    if (!(NAMED as readonly string[]).includes(what)) return `an object of templates for ${NAMED.join(', ')}, of which ${what} is none`
    if (typeof template === 'function' || template === undefined) continue
    if (typeof template !== 'string') return `an object whose ${what} is a template or a function`
    const unknown = unknownPart(template)
    if (unknown !== undefined) return `an object of templates; {${unknown}} in that of ${what} is no part of a name`
  }
  return undefined
}

/** The first part that a template names and that there is not. */
function unknownPart(template: string): string | undefined {
  return [...template.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]!).find((part) => !(PARTS as readonly string[]).includes(part))
}
