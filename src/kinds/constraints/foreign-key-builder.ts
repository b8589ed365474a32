import type { ColumnReference } from '../../authoring/column-reference.js'
import type { ElementTarget } from '../../authoring/elements.js'
import { columnNameOf, type ColumnInput } from '../../authoring/index-column.js'
import { checkedQualifiedName, type NameInput } from '../../authoring/names.js'
import { SchemaError } from '../../errors.js'
import type { QualifiedName, RelationPart } from '../../model/schema-object.js'
import { type ConstraintAttrs, type ReferentialAction } from './attributes.js'
import { DeferrableBuilder } from './builder.js'

export interface ForeignKeyOptions {
  readonly onDelete?: ReferentialAction | 'no action'
  readonly onUpdate?: ReferentialAction | 'no action'
  readonly match?: 'full' | 'simple'
  /** The columns that ON DELETE SET NULL or SET DEFAULT sets, when not all (PostgreSQL 15). */
  readonly setColumns?: readonly ColumnInput[]
}

/** The referenced columns, given by a function, because their table may be declared further down. */
export type ColumnsReferenced = () => ColumnReference | readonly ColumnReference[]

export class ForeignKeyBuilder extends DeferrableBuilder {
  #columns: readonly string[] = []
  #target: ColumnsReferenced | { readonly table: QualifiedName; readonly columns: readonly string[] | undefined } | undefined

  /** The columns that refer, in the order of those they refer to. */
  on(...columns: readonly [ColumnInput, ...ColumnInput[]]): this {
    this.#columns = columns.map((column) => columnNameOf('a foreign key', column))
    this.use(...columns)
    return this
  }

  /**
   * The columns referred to: of a declared table by a function, of another one by names.
   *
   * @example foreignKey().on(t.team_id).references(() => teams.id, { onDelete: 'cascade' })
   * @example foreignKey().on(t.a, t.b).references({ schema: 'legacy', name: 'pairs' }, ['a', 'b'])
   */
  references(columns: ColumnsReferenced, options?: ForeignKeyOptions): this
  references(table: NameInput, columns: readonly string[], options?: ForeignKeyOptions): this
  references(target: ColumnsReferenced | NameInput, second?: readonly string[] | ForeignKeyOptions, third?: ForeignKeyOptions): this {
    const named = typeof target !== 'function'
    this.#target = named ? { table: checkedQualifiedName('table', target), columns: second as readonly string[] | undefined } : target
    const { onDelete, onUpdate, match, setColumns } = (named ? third : (second as ForeignKeyOptions | undefined)) ?? {}
    this.use(...(setColumns ?? []))
    return this.set({
      ...(match === 'full' && { match }),
      ...(onUpdate && onUpdate !== 'no action' && { onUpdate }),
      ...(onDelete && onDelete !== 'no action' && { onDelete }),
      ...(setColumns && { setColumns: setColumns.map((column) => columnNameOf('SET NULL of a foreign key', column)) }),
    })
  }

  /** Of a partition: PostgreSQL makes it for that one of the partitioned table; here it gets a name of its own. */
  inherited(from: RelationPart): this {
    return this.set({ inheritsFrom: [from] })
  }

  /** The last column of each side holds a period (PostgreSQL 18). */
  period(): this {
    return this.set({ period: true })
  }

  /** Rows that are there already are not checked. */
  notValid(): this {
    return this.set({ notValid: true })
  }

  /** Nothing is checked; it only tells readers and the planner (PostgreSQL 18). */
  notEnforced(): this {
    return this.set({ notEnforced: true })
  }

  protected attrsOn(table: ElementTarget): ConstraintAttrs {
    const fail = (problem: string, hint: string): never => {
      throw new SchemaError(`${this.label(table)} ${problem}`, { at: this.at, hint })
    }
    if (this.#columns.length === 0) fail('has no columns', 'say which: .on(t.team_id)')
    const target = this.#target ?? fail('refers to nothing', 'say to what: .references(() => teams.id)')
    if (typeof target !== 'function') {
      return { type: 'foreign_key', columns: this.#columns, references: { ...target.table, ...(target.columns && { columns: target.columns }) } }
    }
    const referenced = this.#resolve(target, table)
    const [first] = referenced
    if (referenced.some((column) => column.table.schema !== first!.table.schema || column.table.name !== first!.table.name)) {
      fail('refers to columns of several tables', 'a foreign key refers to one table')
    }
    if (referenced.length !== this.#columns.length) {
      fail(`has ${this.#columns.length} columns and refers to ${referenced.length}`, 'give as many on both sides')
    }
    this.use(...referenced)
    const { schema, name } = first!.table
    return { type: 'foreign_key', columns: this.#columns, references: { schema, name, columns: referenced.map((column) => column.name) } }
  }

  #resolve(target: ColumnsReferenced, table: ElementTarget): readonly ColumnReference[] {
    let columns: unknown
    try {
      columns = target()
    } catch (error) {
      if (error instanceof SchemaError) throw error
      columns = undefined
    }
    const list = (Array.isArray(columns) ? columns : [columns]) as readonly (ColumnReference | undefined)[]
    if (list.length === 0 || list.some((column) => typeof column?.name !== 'string' || !column.table)) {
      throw new SchemaError(`${this.label(table)} refers to something that is not a column of a declared table`, {
        at: this.at,
        hint: 'refer to a column, such as .references(() => teams.id); where files import each other, the table must be exported when the function runs',
      })
    }
    return list as readonly ColumnReference[]
  }
}

/**
 * Declares a foreign key. Without a name PostgreSQL chooses one: `orders_user_id_fkey`.
 *
 * @example foreignKey().on(t.user_id).references(() => users.id, { onDelete: 'cascade' })
 */
export function foreignKey(name?: string): ForeignKeyBuilder {
  return new ForeignKeyBuilder(name)
}
