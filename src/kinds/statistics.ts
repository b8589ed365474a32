import { checkedName, checkedSql, refuse } from '../authoring/checks.js'
import type { ElementTarget } from '../authoring/elements.js'
import { RelationElement } from '../authoring/relation-element.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement } from '../sql/statement.js'
import type { SqlSource, SqlText } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

const KINDS = { d: 'ndistinct', f: 'dependencies', m: 'mcv' } as const

export type StatisticsKind = (typeof KINDS)[keyof typeof KINDS]

export interface StatisticsAttributes {
  readonly table: QualifiedName
  /** Columns by name, then expressions. */
  readonly on: string
  /** Where it is not all of them. */
  readonly kinds?: readonly StatisticsKind[]
  readonly target?: number
}

export type StatisticsObject = SchemaObject<QualifiedName, StatisticsAttributes>

export function statisticsObject(id: QualifiedName, parent: Ref, { table, on, kinds, target }: StatisticsAttributes): StatisticsObject {
  return {
    kind: 'statistics',
    ref: refOf('statistics', id.schema, id.name),
    parent,
    id,
    attrs: {
      table: { schema: table.schema, name: table.name },
      on,
      ...(kinds && kinds.length < 3 && { kinds: [...kinds].sort() }),
      ...(target !== undefined && { target }),
    },
  }
}

/** Extended statistics. */
export const statisticsKind: Kind = defineKind<StatisticsObject>({
  kind: 'statistics',
  phase: PHASES.statistics,
  catalog: 'pg_statistic_ext',
  // PostgreSQL makes them again when a column gets another type.
  followsAlteration: () => true,
  holdsExpressions: ({ attrs }) => attrs.on.includes('('),
  catalogQuery: () => `
    SELECT s.oid, 0, n.nspname, s.stxname, s.stxrelid, tn.nspname, t.relname, pg_get_statisticsobjdef_columns(s.oid), s.stxkind::text[],
           nullif(s.stxstattarget, -1), c.columns
    FROM pg_statistic_ext s
    JOIN pg_namespace n ON n.oid = s.stxnamespace
    JOIN pg_class t ON t.oid = s.stxrelid
    JOIN pg_namespace tn ON tn.oid = t.relnamespace
    LEFT JOIN (
      SELECT k.oid, array_agg(quote_ident(a.attname) ORDER BY a.attnum) AS columns
      FROM (SELECT x.oid, x.stxrelid, unnest(x.stxkeys) AS attnum FROM pg_statistic_ext x WHERE x.oid >= 16384) k
      JOIN pg_attribute a ON a.attrelid = k.stxrelid AND a.attnum = k.attnum
      GROUP BY k.oid
    ) c ON c.oid = s.oid
    WHERE s.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_statistic_ext', 's.oid')}`,
  fromRow: ([, , schema, name, relation, tableSchema, table, on, letters, target, columns], context) => {
    const parent = context.objectAt('pg_class', relation as number)
    if (!parent) return null
    const kinds = (letters as string[]).flatMap((letter) => KINDS[letter as 'd'] ?? [])
    const attributes = {
      table: { schema: tableSchema as string, name: table as string },
      on: byName(on as string, (columns as string[] | null) ?? []),
      // A single expression has no kinds to choose from.
      ...(kinds.length > 0 && { kinds }),
      ...(target !== null && { target: target as number }),
    }
    return { object: statisticsObject({ schema: schema as string, name: name as string }, parent.ref, attributes) }
  },
  create: ({ id, attrs }) => [
    statement(
      `CREATE STATISTICS ${qualified(id.schema, id.name)}${attrs.kinds ? ` (${attrs.kinds.join(', ')})` : ''} ON ${attrs.on} FROM ${qualified(attrs.table.schema, attrs.table.name)}`,
    ),
    ...(attrs.target === undefined ? [] : [setTarget(id, attrs.target)]),
  ],
  drop: ({ id }) => [statement(`DROP STATISTICS ${qualified(id.schema, id.name)}`)],
  alter: (from, to) => {
    const { target: old, ...before } = from.attrs
    const { target, ...after } = to.attrs
    if (JSON.stringify(before) !== JSON.stringify(after)) return 'replace'
    return { statements: old === target ? [] : [setTarget(to.id, target ?? -1)] }
  },
  recognizedWhenRenamed: true,
  rename: (from, to) => renameQualified('STATISTICS', from.id, to.id),
  address: ({ id }) => `STATISTICS ${qualified(id.schema, id.name)}`,
  print: ({ id, attrs }, printer) => {
    const options = {
      schema: id.schema === attrs.table.schema ? undefined : id.schema,
      kinds: attrs.kinds,
      target: attrs.target,
    }
    const further = Object.values(options).some((value) => value !== undefined) ? `, ${printer.literal(options)}` : ''
    return { place: 'element', code: `${printer.use('statistics')}(${printer.string(id.name)}, ${printer.sql(attrs.on)}${further})` }
  },
})

/** PostgreSQL lists the columns in the order they have in the table, which is no part of the statistics. */
function byName(on: string, columns: readonly string[]): string {
  return [...columns].sort().join(', ') + on.slice(columns.join(', ').length)
}

function setTarget(id: QualifiedName, target: number) {
  return statement(`ALTER STATISTICS ${qualified(id.schema, id.name)} SET STATISTICS ${target}`)
}

/** Options of declared statistics. */
export interface StatisticsOptions {
  /** Where they do not lie in the schema of their table. */
  readonly schema?: string
  /** All of them without. */
  readonly kinds?: readonly StatisticsKind[]
  readonly target?: number
}

class StatisticsElement extends RelationElement {
  protected readonly kind = statisticsKind
  readonly #on: SqlText

  constructor(
    readonly name: string,
    on: SqlSource,
    readonly options: StatisticsOptions,
  ) {
    super()
    this.#on = checkedSql(`what statistics ${name} are on`, on)
  }

  protected objectOn(table: ElementTarget): StatisticsObject {
    const { schema = table.schema, kinds, target } = this.options
    return statisticsObject(
      { schema, name: this.name },
      table.ref,
      { table: { schema: table.schema, name: table.name }, on: this.#on.text, ...(kinds && { kinds }), ...(target !== undefined && { target }) },
    )
  }

  protected uses(): readonly Ref[] {
    return this.#on.uses
  }
}

/**
 * Extended statistics of a table: on several columns, or on expressions in parentheses.
 *
 * @throws SchemaError for an unknown kind
 * @example table('places', { city: text(), zip: text() }, (t) => [statistics('places_city_zip', sql`${t.city}, ${t.zip}`, { kinds: ['dependencies'] })])
 */
export function statistics(name: string, on: SqlSource, options: StatisticsOptions = {}): RelationElement {
  const unknown = options.kinds?.find((kind) => !Object.values(KINDS).includes(kind))
  if (unknown !== undefined) refuse(`there are no statistics of kind ${String(unknown)}`, `take ${Object.values(KINDS).join(', ')}`)
  if (options.schema !== undefined) checkedName('schema', options.schema)
  return new StatisticsElement(checkedName('statistics', name), on, options)
}
