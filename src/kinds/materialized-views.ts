import { checkedName, checkedSql } from '../authoring/checks.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { checkColumnNames, printQueryElements, queryElementDeclarations, splitRest, type QueryElements, type QueryRest } from '../authoring/query-elements.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type Kind, type PrintedCode, type Printer } from './kind.js'
import { queryColumns, readOptions, readQueryColumns, trimQuery, type QueryColumn, type WrittenQuery } from './query-columns.js'
import { optionStatements, optionsText, type StorageParameters } from './storage-parameters.js'

interface MaterializedViewAttrs {
  /** As PostgreSQL derives them from the query; empty until it has seen it. */
  readonly columns: readonly QueryColumn[]
  readonly definition: string
  readonly accessMethod?: string
  readonly tablespace?: string
  /** Storage parameters, those of its TOAST table as `toast.…`. */
  readonly with?: StorageParameters
  /** What stands in statements instead of `definition`, which is PostgreSQL's wording; never in a reflected object. */
  readonly written?: WrittenQuery
}

export type MaterializedView = SchemaObject<QualifiedName, MaterializedViewAttrs>

function materializedViewObject(schema: string, name: string, attrs: MaterializedViewAttrs): MaterializedView {
  return { kind: 'materialized_view', ref: refOf('materialized_view', schema, name), parent: null, id: { schema, name }, attrs }
}

function createMaterializedView({ id, attrs }: MaterializedView): Statement[] {
  const { definition, names } = attrs.written ?? { definition: attrs.definition, names: undefined }
  const clauses = [
    ...(attrs.accessMethod ? [`USING ${quoteIdent(attrs.accessMethod)}`] : []),
    ...(attrs.with ? [`WITH (${optionsText(attrs.with)})`] : []),
    ...(attrs.tablespace ? [`TABLESPACE ${quoteIdent(attrs.tablespace)}`] : []),
  ]
  const columns = names ? ` (${names.map(quoteIdent).join(', ')})` : ''
  const head = [`CREATE MATERIALIZED VIEW ${qualified(id.schema, id.name)}${columns}`, ...clauses].join(' ')
  const text = `${head} AS\n${definition}`
  // Where the query cannot run yet, the view is made all the same.
  return [statement(text, [`-- its query cannot run yet: REFRESH MATERIALIZED VIEW fills it\n${text}\nWITH NO DATA`])]
}

/** Materialized views. Their rows are state, not schema: a new one is filled from its query. */
export const materializedViews: Kind = defineKind<MaterializedView>({
  kind: 'materialized_view',
  phase: PHASES.materializedView,
  catalog: 'pg_class',
  holdsExpressions: () => true,
  occupies: ({ id }) => [`relation ${qualified(id.schema, id.name)}`, `type ${qualified(id.schema, id.name)}`],
  catalogQuery: () => `
    SELECT c.oid, 0, n.nspname, c.relname, c.reltype, t.typarray, pg_get_viewdef(c.oid, false), NULLIF(am.amname, 'heap'), s.spcname,
           c.reloptions, toast.reloptions, a.names, a.types, a.collations
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = c.reltype
    LEFT JOIN (${queryColumns('m')}) a ON a.relation = c.oid
    LEFT JOIN pg_am am ON am.oid = c.relam
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
    WHERE c.relkind = 'm' AND c.oid >= 16384
      AND NOT ${isMember('pg_class', 'c.oid')}
    ORDER BY 3, 4`,
  fromRow: (row) => {
    const [, , schema, name, rowType, arrayType, definition, method, space, options, toast, names, types, collations] = row as [
      number, number, string, string, number, number, string, string | null, string | null, string[] | null, string[] | null,
      string[] | null, string[] | null, (string | null)[] | null,
    ]
    const columns = readQueryColumns(names ?? [], types ?? [], collations ?? [])
    const parameters = readOptions([...(options ?? []), ...(toast ?? []).map((option) => `toast.${option}`)])
    const attrs: MaterializedViewAttrs = {
      columns,
      definition: trimQuery(definition),
      ...(method && { accessMethod: method }),
      ...(space && { tablespace: space }),
      ...(parameters && { with: parameters }),
    }
    return { object: materializedViewObject(schema, name, attrs), aliases: [['pg_type', rowType], ['pg_type', arrayType]] }
  },
  create: createMaterializedView,
  drop: ({ id }) => [statement(`DROP MATERIALIZED VIEW ${qualified(id.schema, id.name)}`)],
  alter: (from, to, { version }) => {
    const [before, after] = [from.attrs, to.attrs]
    if (before.definition !== after.definition || JSON.stringify(before.columns) !== JSON.stringify(after.columns)) return 'replace'
    if (before.accessMethod !== after.accessMethod && version.major < 15) return 'replace'
    const alter = `ALTER MATERIALIZED VIEW ${qualified(to.id.schema, to.id.name)}`
    return {
      statements: [
        ...(before.accessMethod !== after.accessMethod ? [statement(`${alter} SET ACCESS METHOD ${quoteIdent(after.accessMethod ?? 'heap')}`)] : []),
        ...(before.tablespace !== after.tablespace ? [statement(`${alter} SET TABLESPACE ${quoteIdent(after.tablespace ?? 'pg_default')}`)] : []),
        ...optionStatements(alter, before.with, after.with),
      ],
    }
  },
  rename: (from, to) => [
    statement(`ALTER MATERIALIZED VIEW ${qualified(from.id.schema, from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`),
  ],
  authored: (declared, reflected) => ({ ...reflected, attrs: { ...reflected.attrs, written: declared.attrs.written } }),
  address: ({ id }) => `MATERIALIZED VIEW ${qualified(id.schema, id.name)}`,
  hazards: goneFromCode,
  print: printMaterializedView,
})

function printMaterializedView({ ref, id, attrs }: MaterializedView, printer: Printer): PrintedCode {
  const { accessMethod: using, tablespace, with: parameters } = attrs
  const parts = [
    printer.sql(attrs.definition),
    ...(using || tablespace || parameters ? [printer.literal({ using, tablespace, with: parameters })] : []),
    ...printQueryElements(ref, printer),
  ]
  const call = declaringCall(printer, id, 'materializedView', 'materializedView')
  return { place: 'export', code: `${call}, ${parts.join(', ')})`, variable: id.name }
}

export interface MaterializedViewOptions {
  /** Names for the columns, where the query does not give them. */
  readonly columns?: readonly string[]
  /** Table access method, `heap` by default. */
  readonly using?: string
  readonly tablespace?: string
  /** Storage parameters, such as `fillfactor`; those of its TOAST table as `toast.…`. */
  readonly with?: Readonly<Record<string, string | number | boolean>>
}

/** A declared materialized view. Stands for its name in sql`…`. */
export class MaterializedViewBuilder extends Declared implements SqlSource {
  protected readonly kind = materializedViews
  readonly object: MaterializedView
  readonly #definition: SqlText
  readonly #parts: readonly Declaration[]

  constructor(id: QualifiedName, definition: SqlText, options: MaterializedViewOptions, elements: QueryElements | undefined) {
    super()
    this.#definition = definition
    const written = { definition: trimQuery(definition.text), ...(options.columns && { names: options.columns }) }
    const parameters = readOptions(Object.entries(options.with ?? {}).map(([name, value]) => `${name}=${value}`))
    this.object = materializedViewObject(id.schema, id.name, {
      columns: [],
      definition: written.definition,
      ...(options.using !== undefined && { accessMethod: checkedName('access method', options.using) }),
      ...(options.tablespace !== undefined && { tablespace: checkedName('tablespace', options.tablespace) }),
      ...(parameters && { with: parameters }),
      written,
    })
    this.#parts = queryElementDeclarations(this.object, elements)
  }

  protected override uses(): readonly Ref[] {
    return this.#definition.uses
  }

  protected override parts(): readonly Declaration[] {
    return this.#parts
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.object.id.schema, this.object.id.name), [this.object.ref])
  }
}

/**
 * Declares a materialized view: `public` for a bare name. The callback returns its indexes. Throws SchemaError for a name that
 * PostgreSQL could not keep and for a query that is not SQL.
 *
 * @example
 * export const totals = materializedView('totals', sql`select user_id, sum(total) as total from ${orders} group by 1`, (t) => [
 *   uniqueIndex('totals_user').on(t.user_id),
 * ])
 */
export function materializedView(name: NameInput, definition: SqlSource, ...rest: QueryRest<MaterializedViewOptions>): MaterializedViewBuilder {
  const id = checkedQualifiedName('materialized view', name)
  const { options, elements } = splitRest(rest)
  const text = qualified(id.schema, id.name)
  checkColumnNames(options.columns, `materialized view ${text}`)
  return new MaterializedViewBuilder(id, checkedSql(`the query of materialized view ${text}`, definition), options, elements)
}
