import { checkedSql } from '../../authoring/checks.js'
import type { ColumnReference } from '../../authoring/column-reference.js'
import type { ElementTarget } from '../../authoring/elements.js'
import type { RelationPart, SchemaObject } from '../../model/schema-object.js'
import { quoteIdent } from '../../sql/identifiers.js'
import type { SqlSource, SqlText } from '../../sql/template.js'
import { type ConstraintAttrs } from './attributes.js'
import { ConstraintBuilder } from './builder.js'

export class CheckBuilder extends ConstraintBuilder {
  readonly #expression: SqlText
  #inherited = false

  constructor(name: string | undefined, expression: SqlSource) {
    super(name)
    this.#expression = checkedSql(`the condition of ${name === undefined ? 'a check' : `check ${quoteIdent(name)}`}`, expression)
    this.use(this.#expression)
  }

  /** Children of the table do not get it. */
  noInherit(): this {
    return this.set({ noInherit: true })
  }

  /** Rows that are there already are not checked. */
  notValid(): this {
    return this.set({ notValid: true })
  }

  /** Nothing is checked; it only tells readers and the planner (PostgreSQL 18). */
  notEnforced(): this {
    return this.set({ notEnforced: true })
  }

  /** Of a partition or a child: it has it from that one of its parent, which is not valid, but here all rows were checked. */
  inherited(from: RelationPart): this {
    this.#inherited = true
    return this.set({ inheritsFrom: [from] })
  }

  /** A column that its condition is about, although the text need not tell. */
  over(column: ColumnReference): this {
    this.use(column)
    return this
  }

  protected attrsOn(): ConstraintAttrs {
    return { type: 'check', expression: this.#expression.text }
  }

  protected override objectOn(table: ElementTarget): SchemaObject {
    return { ...super.objectOn(table), ...(this.#inherited && { validated: true }) } as SchemaObject
  }
}

/**
 * Declares a condition that every row meets. Without a name PostgreSQL chooses one: `orders_total_check`.
 *
 * @example check('orders_total_positive', sql`${t.total} >= 0`)
 */
export function check(name: string, expression: SqlSource): CheckBuilder
export function check(expression: SqlSource): CheckBuilder
export function check(first: string | SqlSource, second?: SqlSource): CheckBuilder {
  return typeof first === 'string' ? new CheckBuilder(first, second!) : new CheckBuilder(undefined, first)
}
