import { columnDefaultObject, columnDefaults, type ColumnDefault } from '../kinds/column-defaults.js'
import { columnObject, columns, type Column, type ColumnAttrs } from '../kinds/columns.js'
import type { RelationPart, Ref } from '../model/schema-object.js'
import type { SqlSource } from '../sql/template.js'
import { checkedName, checkedSql } from './checks.js'
import { settingsAttrs, type ColumnSettings } from './column-settings.js'
import { Declared, type Declaration } from './declared.js'
import { checkedQualifiedName, type NameInput } from './names.js'

class ViewColumnDefault extends Declared {
  protected readonly kind = columnDefaults
  readonly object: ColumnDefault
  readonly #column: Column
  readonly #uses: readonly Ref[]

  constructor(id: RelationPart, expression: string, uses: readonly Ref[]) {
    super()
    this.object = columnDefaultObject(id, { expression, apart: 'VIEW' })
    this.#column = columnObject(id, { relation: 'VIEW' }, undefined, 'view')
    this.#uses = uses
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }

  protected override parts(): readonly Declaration[] {
    return [{ object: this.#column, at: this.at, uses: [] }]
  }
}

class ViewColumn extends Declared {
  protected readonly kind = columns
  readonly object: Column

  constructor(id: RelationPart, attrs: ColumnAttrs) {
    super()
    this.object = columnObject(id, { ...attrs, relation: 'MATERIALIZED VIEW' }, undefined, 'materialized_view')
  }
}

/**
 * The default of a view's column, which INSERT into the view uses.
 *
 * @example export const openOrdersStatus = columnDefault('open_orders', 'status', sql`'open'`)
 */
export function columnDefault(view: NameInput, column: string, expression: SqlSource): Declared {
  const { text, uses } = checkedSql(`the default of column ${column}`, expression)
  return new ViewColumnDefault(columnId('view', view, column), text, uses)
}

/**
 * How PostgreSQL stores a materialized view's column and what it keeps about it.
 *
 * @example export const totalsStatistics = columnSettings('totals', 'amount', { statistics: 500 })
 */
export function columnSettings(materializedView: NameInput, column: string, settings: ColumnSettings): Declared {
  return new ViewColumn(columnId('materialized view', materializedView, column), settingsAttrs(settings).attrs)
}

function columnId(what: string, relation: NameInput, column: string): RelationPart {
  const { schema, name } = checkedQualifiedName(what, relation)
  return { schema, table: name, name: checkedName('column', column) }
}
