import type { QualifiedName, Ref } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { AS_SQL, SqlText } from '../sql/template.js'
import { Indexable } from './index-column.js'

/** A column of a declared table, as `users.id` gives it; stands for its name in sql`…`, and sorts an index: `t.id.desc()`. */
export class ColumnReference<T = unknown> extends Indexable {
  /** Only for inference: the type of its values. */
  declare readonly $value: T

  constructor(
    readonly table: QualifiedName,
    readonly name: string,
    /** The declared object it belongs to: the column, or the table where the column has no declaration of its own. */
    readonly ref: Ref,
    readonly qualifier?: string,
  ) {
    super()
  }

  protected columnName(): string {
    return this.name
  }

  [AS_SQL](): SqlText {
    const name = quoteIdent(this.name)
    return new SqlText(this.qualifier === undefined ? name : `${quoteIdent(this.qualifier)}.${name}`, [this.ref])
  }
}
