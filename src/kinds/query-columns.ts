import { withoutSemicolon } from '../sql/scan.js'
import type { StorageParameters } from './storage-parameters.js'

/** A column of a view as its query makes it: name, type, and the collation where it is not the type's own. */
export type QueryColumn = readonly [name: string, type: string, collation?: string]

/** Columns of relations of one relkind, gathered by relation as `a(relation, names, types, collations)`. */
export const queryColumns = (relkind: 'v' | 'm'): string => `
    SELECT a.attrelid AS relation, array_agg(a.attname ORDER BY a.attnum) AS names,
           array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types,
           array_agg(CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END ORDER BY a.attnum) AS collations
    FROM pg_attribute a
    JOIN pg_class r ON r.oid = a.attrelid AND r.relkind = '${relkind}'
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid >= 16384
    GROUP BY a.attrelid`

/** A query may have no columns. */
export function readQueryColumns(names: readonly string[] | null, types: readonly string[], collations: readonly (string | null)[]): QueryColumn[] {
  return (names ?? []).map((name, index) => {
    const collation = collations[index]
    return collation ? [name, types[index]!, collation] : [name, types[index]!]
  })
}

/** A query as its author wrote it, with the column names that stand apart from it. */
export interface WrittenQuery {
  readonly definition: string
  readonly names?: readonly string[]
}

/** A query without the semicolon that ends it and the space around it. */
export function trimQuery(definition: string): string {
  return withoutSemicolon(definition).trimStart()
}

/** The `name=value` texts of pg_class.reloptions by name, sorted; undefined when there are none. */
export function readOptions(texts: readonly string[] | null): StorageParameters | undefined {
  if (!texts?.length) return undefined
  return Object.fromEntries([...texts].sort().map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]))
}
