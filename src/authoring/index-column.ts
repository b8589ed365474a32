import type { Ref } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { AS_SQL, isSqlSource, SqlText, type SqlSource } from '../sql/template.js'
import { refuse } from './checks.js'

/** How an index sorts a column and which operators it has for it. */
export interface IndexColumnOptions {
  readonly collation?: string
  readonly opclass?: string
  readonly parameters?: Readonly<Record<string, string | number | boolean>>
  readonly desc?: boolean
  readonly nulls?: 'first' | 'last'
}

/** What can be said about a column where an index is declared on it. Every method gives back a new one. */
export abstract class Indexable implements SqlSource {
  /** Name of the column; undefined for an expression. */
  protected abstract columnName(): string | undefined
  protected indexOptions(): IndexColumnOptions {
    return {}
  }
  abstract [AS_SQL](): SqlText

  /** Smallest first, as is the default. */
  asc(): IndexColumn {
    return this.#with({ desc: false })
  }

  /** Largest first; NULL before all others unless `nullsLast()` says otherwise. */
  desc(): IndexColumn {
    return this.#with({ desc: true })
  }

  nullsFirst(): IndexColumn {
    return this.#with({ nulls: 'first' })
  }

  nullsLast(): IndexColumn {
    return this.#with({ nulls: 'last' })
  }

  /**
   * The operator class, as SQL names it, and its parameters.
   *
   * @example t.title.op('gist_trgm_ops', { siglen: 32 })
   */
  op(opclass: string, parameters?: IndexColumnOptions['parameters']): IndexColumn {
    return this.#with({ opclass, ...(parameters && { parameters }) })
  }

  /**
   * A collation other than the column's, as SQL names it.
   *
   * @example t.code.collate('"C"')
   */
  collate(collation: string): IndexColumn {
    return this.#with({ collation })
  }

  #with(options: IndexColumnOptions): IndexColumn {
    return new IndexColumn(this[AS_SQL](), this.columnName(), { ...this.indexOptions(), ...options })
  }
}

/** A column or an expression as an index holds it. */
export class IndexColumn extends Indexable {
  constructor(
    readonly source: SqlText,
    readonly column: string | undefined,
    readonly options: IndexColumnOptions = {},
  ) {
    super()
  }

  protected columnName(): string | undefined {
    return this.column
  }

  protected override indexOptions(): IndexColumnOptions {
    return this.options
  }

  [AS_SQL](): SqlText {
    return this.source
  }
}

/** How builders take a column of their table: a reference from the table's callback, or its name. */
export type ColumnInput = string | (SqlSource & { readonly name: string })

/** How index builders take a column or an expression. */
export type IndexColumnInput = ColumnInput | SqlSource

/**
 * The name of a column. Throws SchemaError for anything that is none, such as a property that the table does not have; `what` says
 * who asks.
 */
export function columnNameOf(what: string, input: ColumnInput | undefined): string {
  const name: unknown = typeof input === 'string' ? input : (input as { name?: unknown } | undefined)?.name
  if (typeof name !== 'string' || name === '') refuse(`${what} names a column that does not exist`, 'use a column of the table, such as t.id, or its name')
  return name
}

/** A column or an expression of an index. Throws SchemaError as `columnNameOf`. */
export function indexColumnOf(what: string, input: IndexColumnInput | undefined): IndexColumn {
  if (isSqlSource(input)) {
    if ('source' in input) return input as IndexColumn
    return new IndexColumn(input[AS_SQL](), 'name' in input ? String(input.name) : undefined)
  }
  const name = columnNameOf(what, input as ColumnInput | undefined)
  return new IndexColumn(new SqlText(quoteIdent(name)), name)
}

/** An expression with what an index says about it, as columns have methods for. Needed only where one of these is used. */
export function expression(source: SqlSource): IndexColumn {
  return new IndexColumn(source[AS_SQL](), undefined)
}

/** The declared objects behind a column reference. */
export function usesOf(input: unknown): readonly Ref[] {
  return isSqlSource(input) ? input[AS_SQL]().uses : []
}
