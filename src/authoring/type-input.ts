import type { ColumnAttrs } from '../kinds/columns.js'
import type { Printer } from '../kinds/kind.js'
import type { Ref } from '../model/schema-object.js'
import type { SqlSource } from '../sql/template.js'
import { checkedSql, refuse } from './checks.js'
import type { ColumnBuilder, Input } from './column-builder.js'

/** How builders take a type: as a column of it (`text()`, `orderStatus()`), or as SQL names it. */
export type TypeInput<T = unknown> = ColumnBuilder<T, boolean, Input> | SqlSource | string

/** What can be said about a type where it is not the type of a table's column. */
export interface TypeParts {
  readonly type: string
  readonly collation?: string
  readonly comment?: string
  readonly uses: readonly Ref[]
}

/**
 * The parts of a type. Throws SchemaError for a column of which more was said than its type, collation and comment; `what` names
 * the object that is declared.
 */
export function typeParts(what: string, input: TypeInput<any>): TypeParts {
  if (typeof input === 'string' || !('columnDeclarations' in input)) {
    const { text, uses } = checkedSql(`the type of ${what}`, input, true)
    return { type: text, uses }
  }
  const [column, ...more] = input.columnDeclarations({ schema: 'public', name: 'type', ref: '' }, 'type', 1)
  const { type, collation, ...rest } = column!.object.attrs as ColumnAttrs
  const comment = more.find(({ object }) => object.kind === 'comment')
  if (Object.keys(rest).length > 0 || more.some((declaration) => declaration !== comment)) {
    refuse(`${what} takes a type, but more is said about it`, 'leave out everything but the type, its collation and its comment')
  }
  return {
    type: type!,
    ...(collation && { collation }),
    ...(comment && { comment: (comment.object.attrs as { text: string }).text }),
    uses: column!.uses,
  }
}

/** The argument of `.collate()`: the bare name where that is enough. */
export function collationCode(collation: string, printer: Printer): string {
  const bare = /^(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_]*))$/.exec(collation)
  return bare ? printer.string((bare[1] ?? bare[2]!).replaceAll('""', '"')) : printer.sql(collation)
}
