import type { Declaration } from './declared.js'
import type { Ref } from '../model/schema-object.js'

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
