import type { IndexColumn } from '../authoring/index-column.js'
import { quoteIdent } from '../sql/identifiers.js'
import { optionsText, type StorageParameters } from './storage-parameters.js'

/** A column of an index, or an expression with the parentheses it needs there. */
export interface IndexColumnAttrs {
  readonly name?: string
  readonly expression?: string
  /** As SQL names it, when it is not that of the column. */
  readonly collation?: string
  /** As SQL names it, when it is not the default of the column's type. */
  readonly opclass?: string
  readonly parameters?: StorageParameters
  readonly desc?: true
  /** When it is not the default: last, or first where `desc`. */
  readonly nulls?: 'first' | 'last'
}

/** `lower(email) COLLATE "C" text_pattern_ops DESC NULLS LAST`. */
export function columnText({ name, expression, collation, opclass, parameters, desc, nulls }: IndexColumnAttrs): string {
  return [
    name === undefined ? expression! : quoteIdent(name),
    ...(collation ? [`COLLATE ${collation}`] : []),
    ...(opclass ? [`${opclass}${parameters ? ` (${optionsText(parameters)})` : ''}`] : []),
    ...(desc ? ['DESC'] : []),
    ...(nulls ? [`NULLS ${nulls.toUpperCase()}`] : []),
  ].join(' ')
}

/** The attributes of a declared column. */
export function declaredColumn({ column, source, options }: IndexColumn): IndexColumnAttrs {
  const { collation, opclass, parameters, desc, nulls } = options
  const entries = Object.entries(parameters ?? {}).map(([name, value]) => [name, String(value)] as const)
  return {
    ...(column === undefined ? { expression: isParenthesised(source.text) ? source.text : `(${source.text})` } : { name: column }),
    ...(collation && { collation }),
    ...(opclass && { opclass }),
    ...(entries.length > 0 && { parameters: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) }),
    ...(desc && { desc: true as const }),
    ...(nulls && nulls !== (desc ? 'first' : 'last') && { nulls }),
  }
}

export function indexColumnText(column: IndexColumn): string {
  return columnText(declaredColumn(column))
}

/** A plain call of a function needs no parentheses; every other expression may have one pair more. */
function isParenthesised(text: string): boolean {
  return /^[a-z_][a-z0-9_.]*\([^()'"]*\)$/.test(text.trim())
}
