import { SchemaError } from '../errors.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import type { Declaration } from './declared.js'
import { callerPosition } from './position.js'

/** The relation that a table element belongs to, known when the table is declared. */
export interface ElementTarget {
  readonly schema: string
  readonly name: string
  readonly ref: Ref
}

/** What a table's callback returns a list of: constraints, indexes, triggers, policies; given their table when it is declared. */
export interface TableElement {
  elementDeclarations(table: ElementTarget): Declaration[]
}

/** A declared table or view, or the name of a table as SQL writes it; a bare name is one in `public`. */
export type TableSource = string | { readonly object: SchemaObject<QualifiedName> }

/** The relation that is named. Throws SchemaError for a text that is no name of one. */
export function elementTarget(table: TableSource): ElementTarget {
  if (typeof table !== 'string') return { schema: table.object.id.schema, name: table.object.id.name, ref: table.object.ref }
  const [, first, second] = NAME.exec(table) ?? []
  if (first === undefined) {
    throw new SchemaError(`${JSON.stringify(table)} is not the name of a table`, { at: callerPosition(), hint: "write it as SQL does: 'app.users', or 'app.\"Users\"'" })
  }
  const [schema, name] = second === undefined ? ['public', identifier(first)] : [identifier(first), identifier(second)]
  return { schema, name, ref: refOf('table', schema, name) }
}

const PART = '("(?:[^"]|"")+"|[\\p{L}_][\\p{L}\\p{N}_$]*)'
const NAME = new RegExp(`^${PART}(?:\\.${PART})?$`, 'u')

function identifier(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase()
}
