import { checkedSql } from '../authoring/checks.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { checkColumnNames, printQueryElements, queryElementDeclarations, splitRest, type QueryElements, type QueryRest } from '../authoring/query-elements.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type Kind, type PrintedCode, type Printer } from './kind.js'
import { queryColumns, readOptions, readQueryColumns, trimQuery, type QueryColumn, type WrittenQuery } from './query-columns.js'
import { optionStatements, optionsText, type StorageParameters } from './storage-parameters.js'

interface ViewAttrs {
  /** As PostgreSQL derives them from the query; empty until it has seen it. */
  readonly columns: readonly QueryColumn[]
  readonly definition: string
  readonly options?: StorageParameters
  /** What stands in statements instead of `definition`, which is PostgreSQL's wording; never in a reflected object. */
  readonly written?: WrittenQuery
}

export type View = SchemaObject<QualifiedName, ViewAttrs>

function viewObject(schema: string, name: string, attrs: ViewAttrs): View {
  return { kind: 'view', ref: refOf('view', schema, name), parent: null, id: { schema, name }, attrs }
}

function createView({ id, attrs }: View, verb: 'CREATE' | 'CREATE OR REPLACE'): string {
  const { definition, names } = attrs.written ?? { definition: attrs.definition, names: undefined }
  const columns = names ? ` (${names.map(quoteIdent).join(', ')})` : ''
  const options = attrs.options ? ` WITH (${optionsText(attrs.options)})` : ''
  return `${verb} VIEW ${qualified(id.schema, id.name)}${columns}${options} AS\n${definition}`
}

/** PostgreSQL replaces a view in place when its columns stay and new ones follow them. */
function isContinuedBy(from: readonly QueryColumn[], to: readonly QueryColumn[]): boolean {
  return from.every((column, index) => JSON.stringify(column) === JSON.stringify(to[index]))
}

/** Views. Their columns are no objects of their own: the query makes them. */
export const views: Kind = defineKind<View>({
  kind: 'view',
  phase: PHASES.view,
  catalog: 'pg_class',
  holdsExpressions: () => true,
  occupies: ({ id }) => [`relation ${qualified(id.schema, id.name)}`, `type ${qualified(id.schema, id.name)}`],
  catalogQuery: () => `
    SELECT c.oid, 0, n.nspname, c.relname, c.reltype, t.typarray, pg_get_viewdef(c.oid, false), c.reloptions, a.names, a.types, a.collations
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = c.reltype
    LEFT JOIN (${queryColumns('v')}) a ON a.relation = c.oid
    WHERE c.relkind = 'v' AND c.oid >= 16384 AND c.relpersistence <> 't'
      AND NOT ${isMember('pg_class', 'c.oid')}
    ORDER BY 3, 4`,
  fromRow: (row) => {
    const [, , schema, name, rowType, arrayType, definition, options, names, types, collations] = row as [
      number, number, string, string, number, number, string, string[] | null, string[] | null, string[], (string | null)[],
    ]
    const columns = readQueryColumns(names, types, collations)
    const attrs: ViewAttrs = { columns, definition: trimQuery(definition), options: readOptions(options) }
    return { object: viewObject(schema, name, attrs), aliases: [['pg_type', rowType], ['pg_type', arrayType]] }
  },
  versionNeeds: ({ attrs }) => (attrs.options?.security_invoker ? [[15, 'security_invoker']] : []),
  create: (view) => [statement(createView(view, 'CREATE'))],
  drop: ({ id }) => [statement(`DROP VIEW ${qualified(id.schema, id.name)}`)],
  alter: (from, to, { authored }) => {
    const sameColumns = JSON.stringify(from.attrs.columns) === JSON.stringify(to.attrs.columns)
    if (sameColumns && from.attrs.definition === to.attrs.definition) {
      return { statements: optionStatements(`ALTER VIEW ${qualified(to.id.schema, to.id.name)}`, from.attrs.options, to.attrs.options) }
    }
    if (!isContinuedBy(from.attrs.columns, to.attrs.columns)) return 'replace'
    return { statements: [statement(createView(authored(to), 'CREATE OR REPLACE'))], elseReplace: true }
  },
  rename: (from, to) => [statement(`ALTER VIEW ${qualified(from.id.schema, from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  authored: (declared, reflected) => ({ ...reflected, attrs: { ...reflected.attrs, written: declared.attrs.written } }),
  address: ({ id }) => `VIEW ${qualified(id.schema, id.name)}`,
  hazards: goneFromCode,
  print: printView,
})

const OPTIONS = { securityBarrier: 'security_barrier', securityInvoker: 'security_invoker', checkOption: 'check_option' } as const

function printView({ ref, id, attrs }: View, printer: Printer): PrintedCode {
  const written = Object.entries(OPTIONS).flatMap(([key, name]) => {
    const value = attrs.options?.[name]
    return value === undefined ? [] : [[key, value === 'true' ? true : value]]
  })
  const parts = [
    printer.sql(attrs.definition),
    ...(written.length > 0 ? [printer.literal(Object.fromEntries(written))] : []),
    ...printQueryElements(ref, printer),
  ]
  return { place: 'export', code: `${declaringCall(printer, id, 'view', 'view')}, ${parts.join(', ')})`, variable: id.name }
}

export interface ViewOptions {
  /** Names for the columns, where the query does not give them. */
  readonly columns?: readonly string[]
  readonly securityBarrier?: boolean | string
  /** PostgreSQL 15 and newer. */
  readonly securityInvoker?: boolean | string
  readonly checkOption?: 'local' | 'cascaded'
}

/** A declared view. Stands for its name in sql`…`. */
export class ViewBuilder extends Declared implements SqlSource {
  protected readonly kind = views
  readonly object: View
  readonly #definition: SqlText
  readonly #parts: readonly Declaration[]

  constructor(id: QualifiedName, definition: SqlText, { columns, ...rest }: ViewOptions, elements: QueryElements | undefined) {
    super()
    this.#definition = definition
    const written = { definition: trimQuery(definition.text), ...(columns && { names: columns }) }
    const options = Object.entries(OPTIONS).flatMap(([key, name]) => {
      const value = rest[key as keyof typeof rest]
      return value === undefined ? [] : [`${name}=${value}`]
    })
    this.object = viewObject(id.schema, id.name, { columns: [], definition: written.definition, options: readOptions(options), written })
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
 * Declares a view: `public` for a bare name. The callback returns its triggers and rules. Throws SchemaError for a name that
 * PostgreSQL could not keep and for a query that is not SQL.
 *
 * @example
 * export const openOrders = view('open_orders', sql`select id, user_id from ${orders} where status = 'open'`, { securityBarrier: true })
 */
export function view(name: NameInput, definition: SqlSource, ...rest: QueryRest<ViewOptions>): ViewBuilder {
  const id = checkedQualifiedName('view', name)
  const { options, elements } = splitRest(rest)
  checkColumnNames(options.columns, `view ${qualified(id.schema, id.name)}`)
  return new ViewBuilder(id, checkedSql(`the query of view ${qualified(id.schema, id.name)}`, definition), options, elements)
}
