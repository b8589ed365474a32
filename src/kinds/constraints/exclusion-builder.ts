import { checkedName, checkedSql } from '../../authoring/checks.js'
import type { ElementTarget } from '../../authoring/elements.js'
import { columnNameOf, indexColumnOf, type ColumnInput, type IndexColumnInput } from '../../authoring/index-column.js'
import { SchemaError } from '../../errors.js'
import { quoteIdent } from '../../sql/identifiers.js'
import type { SqlSource } from '../../sql/template.js'
import { indexColumnText } from '../index-columns.js'
import { declaredParameters, optionsText, type DeclaredParameters, type StorageParameters } from '../storage-parameters.js'
import { type ConstraintAttrs } from './attributes.js'
import { IndexedBuilder } from './builder.js'

export class ExcludeBuilder extends IndexedBuilder {
  #method = 'gist'
  #elements: readonly string[] = []
  #include: readonly string[] = []
  #where: string | undefined
  #parameters: StorageParameters | undefined
  #definition: string | undefined

  constructor(name: string | undefined, definition: SqlSource | undefined) {
    super(name)
    if (definition === undefined) return
    const source = checkedSql('an exclusion constraint', definition)
    this.use(source)
    this.#definition = source.text
  }

  /** The access method of its index; `gist` by default. */
  using(method: string): this {
    this.#method = checkedName('access method', method)
    return this
  }

  /**
   * Pairs of a column or expression and the operator: two rows are in conflict when all of them are true.
   *
   * @example exclude().on([t.room, '='], [t.during, '&&'])
   */
  on(...elements: readonly [column: IndexColumnInput, operator: string][]): this {
    this.#elements = elements.map(([column, operator]) => `${indexColumnText(indexColumnOf('an exclusion constraint', column))} WITH ${operator}`)
    this.use(...elements.map(([column]) => column))
    return this
  }

  /** Further columns that its index holds. */
  include(...columns: readonly ColumnInput[]): this {
    this.#include = columns.map((column) => columnNameOf('the INCLUDE of a constraint', column))
    this.use(...columns)
    return this
  }

  /** Only rows that meet a condition take part. */
  where(condition: SqlSource): this {
    const source = checkedSql('the condition of an exclusion constraint', condition)
    this.use(source)
    this.#where = source.text
    return this
  }

  /** Storage parameters of its index. */
  with(parameters: DeclaredParameters): this {
    this.#parameters = declaredParameters(parameters)
    return this
  }

  /** Tablespace of its index. */
  tablespace(name: string): this {
    return this.set({ tablespace: checkedName('tablespace', name) })
  }

  protected attrsOn(table: ElementTarget): ConstraintAttrs {
    if (this.#definition !== undefined) return { type: 'exclude', definition: this.#definition }
    if (this.#elements.length === 0) {
      throw new SchemaError(`${this.label(table)} excludes nothing`, { at: this.at, hint: "say what: .on([t.room, '='], [t.during, '&&'])" })
    }
    const definition = [
      `EXCLUDE USING ${quoteIdent(this.#method)} (${this.#elements.join(', ')})`,
      ...(this.#include.length > 0 ? [`INCLUDE (${this.#include.map(quoteIdent).join(', ')})`] : []),
      ...(this.#parameters ? [`WITH (${optionsText(this.#parameters)})`] : []),
      ...(this.#where === undefined ? [] : [`WHERE (${this.#where})`]),
    ].join(' ')
    return { type: 'exclude', definition }
  }
}

/**
 * Declares that no two rows are in conflict by some operators, such as overlapping periods of one room. `definition` is an
 * alternative to the methods: the whole of it as SQL, from EXCLUDE on. Without a name PostgreSQL chooses one.
 *
 * @example exclude('no_double_booking').using('gist').on([t.room, '='], [t.during, '&&']).where(sql`not ${t.cancelled}`)
 */
export function exclude(name?: string, definition?: SqlSource): ExcludeBuilder {
  return new ExcludeBuilder(name, definition)
}
