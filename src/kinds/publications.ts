import { checkedName, checkedSql, refuse } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import type { SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { changesReplication } from './change-hazards.js'
import { defineKind, PHASES } from './kind.js'

/** One table of a publication. */
interface PublishedTable extends QualifiedName {
  readonly columns?: readonly string[]
  /** Row filter, in parentheses as PostgreSQL prints it. */
  readonly where?: string
}

interface PublicationAttrs {
  readonly allTables?: true
  readonly tables?: readonly PublishedTable[]
  readonly schemas?: readonly string[]
  /** Where they are not all four. */
  readonly publish?: readonly string[]
  readonly viaRoot?: true
  readonly generatedColumns?: 'stored'
}

export type PublicationObject = SchemaObject<{ readonly name: string }, PublicationAttrs>

const ACTIONS = ['insert', 'update', 'delete', 'truncate'] as const

function publicationObject(name: string, { allTables, tables, schemas, publish, viaRoot, generatedColumns }: PublicationAttrs): PublicationObject {
  const byName = (a: PublishedTable, b: PublishedTable) => (qualified(a.schema, a.name) < qualified(b.schema, b.name) ? -1 : 1)
  const attrs: PublicationAttrs = {
    ...(allTables && { allTables }),
    ...(tables?.length && { tables: [...tables].sort(byName) }),
    ...(schemas?.length && { schemas: [...schemas].sort() }),
    ...(publish && publish.length < ACTIONS.length && { publish: ACTIONS.filter((action) => publish.includes(action)) }),
    ...(viaRoot && { viaRoot }),
    ...(generatedColumns && { generatedColumns }),
  }
  return { kind: 'publication', ref: refOf('publication', name), parent: null, id: { name }, attrs }
}

/** Publications with the tables and schemas they are made of. */
export const publications = defineKind<PublicationObject>({
  kind: 'publication',
  phase: PHASES.publication,
  catalog: 'pg_publication',
  holdsExpressions: ({ attrs }) => attrs.tables?.some(({ where }) => where !== undefined) ?? false,
  catalogQuery: ({ major }) => `
    SELECT p.oid, 0, p.pubname, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
           ${major >= 18 ? "p.pubgencols = 's'" : 'false'}, t.tables, ${major >= 15 ? 's.schemas' : 'NULL'}
    FROM pg_publication p
    LEFT JOIN (
      SELECT r.prpubid, json_agg(json_build_object('schema', n.nspname, 'name', c.relname,
        'columns', ${major >= 15 ? `(SELECT json_agg(a.attname ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))` : 'NULL'},
        'where', ${major >= 15 ? 'pg_get_expr(r.prqual, r.prrelid)' : 'NULL'},
        'filters', ${
          major >= 15
            ? `CASE WHEN r.prqual IS NOT NULL THEN (
          SELECT json_agg(a.attname) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
          WHERE d.classid = 'pg_publication_rel'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.prrelid AND d.deptype = 'n') END`
            : 'NULL'
        })) AS tables
      FROM pg_publication_rel r
      JOIN pg_class c ON c.oid = r.prrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      GROUP BY 1) t ON t.prpubid = p.oid
    ${
      major >= 15
        ? `LEFT JOIN (
      SELECT s.pnpubid, json_agg(n.nspname) AS schemas
      FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid
      GROUP BY 1) s ON s.pnpubid = p.oid`
        : ''
    }
    WHERE p.oid >= 16384
      AND NOT ${isMember('pg_publication', 'p.oid')}
    ORDER BY 3`,
  fromRow: (row) => {
    const [, , name, allTables, insert, update, del, truncate, viaRoot, generated, tables, schemas] = row as [
      number, number, string, boolean, boolean, boolean, boolean, boolean, boolean, boolean,
      (QualifiedName & { columns: string[] | null; where: string | null; filters: string[] | null })[] | null, string[] | null,
    ]
    const kept = [insert, update, del, truncate]
    const object = publicationObject(name, {
      ...(allTables && { allTables: true }),
      tables: tables?.map((table) => publishedTable(table, table.columns ?? undefined, table.where ?? undefined)),
      schemas: schemas ?? undefined,
      publish: ACTIONS.filter((_, index) => kept[index]),
      ...(viaRoot && { viaRoot: true }),
      ...(generated && { generatedColumns: 'stored' }),
    })
    // PostgreSQL records what a row filter refers to for the table's place in the publication.
    const filters = (tables ?? []).flatMap(({ schema, name, filters }) => (filters ?? []).map((column) => ({ to: refOf('column', schema, name, column), auto: false })))
    return { object, dependencies: filters }
  },
  dependencies: tableRefs,
  versionNeeds: ({ attrs: { schemas, tables = [], generatedColumns } }) => [
    ...(schemas ? [[15, 'a publication of schemas'] as const] : []),
    ...(tables.some(({ columns }) => columns) ? [[15, 'a list of columns of a publication'] as const] : []),
    ...(tables.some(({ where }) => where) ? [[15, 'a row filter of a publication'] as const] : []),
    ...(generatedColumns ? [[18, 'publish_generated_columns'] as const] : []),
  ],
  create: ({ id, attrs }) => {
    const members = memberList((attrs.tables ?? []).map(tableText), attrs.schemas ?? [])
    const targets = attrs.allTables ? ['FOR ALL TABLES'] : members.length > 0 ? [`FOR ${members.join(', ')}`] : []
    const parameters = parameterList({}, attrs)
    return [statement([`CREATE PUBLICATION ${quoteIdent(id.name)}`, ...targets, ...(parameters ? [`WITH (${parameters})`] : [])].join(' '))]
  },
  drop: ({ id }) => [statement(`DROP PUBLICATION ${quoteIdent(id.name)}`)],
  alter: (from, to) => {
    if (from.attrs.allTables !== to.attrs.allTables) return 'replace'
    const alter = (text: string) => statement(`ALTER PUBLICATION ${quoteIdent(to.id.name)} ${text}`)
    const parameters = parameterList(from.attrs, to.attrs)
    return { statements: [...membersChange(from.attrs, to.attrs).map(alter), ...(parameters ? [alter(`SET (${parameters})`)] : [])] }
  },
  rename: (from, to) => [statement(`ALTER PUBLICATION ${quoteIdent(from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  address: ({ id }) => `PUBLICATION ${quoteIdent(id.name)}`,
  hazards: changesReplication,
  print: ({ id, attrs }, printer) => {
    const tables = attrs.tables?.map(({ schema, name, columns, where }) => {
      const text = printer.string(qualified(schema, name))
      if (!columns && where === undefined) return text
      const more = [columns && `columns: ${printer.literal(columns)}`, where !== undefined && `where: ${printer.sql(where)}`].filter(Boolean)
      return `{ table: ${text}, ${more.join(', ')} }`
    })
    const members = [
      attrs.allTables ? `tables: 'all'` : tables && `tables: [${tables.join(', ')}]`,
      attrs.schemas && `schemas: ${printer.literal(attrs.schemas)}`,
      attrs.publish && `publish: ${printer.literal(attrs.publish)}`,
      attrs.viaRoot && 'viaRoot: true',
      attrs.generatedColumns && `generatedColumns: 'stored'`,
    ].filter(Boolean)
    const options = members.length > 0 ? `, { ${members.join(', ')} }` : ''
    return { place: 'export', code: `${printer.use('publication')}(${printer.string(id.name)}${options})`, variable: id.name }
  },
})

function publishedTable({ schema, name }: QualifiedName, columns: readonly string[] | undefined, where: string | undefined): PublishedTable {
  return { schema, name, ...(columns?.length && { columns: [...columns].sort() }), ...(where !== undefined && { where }) }
}

/** Dropping a table takes it out of its publications, it does not drop them. */
function tableRefs({ attrs }: PublicationObject): { to: Ref; auto: boolean }[] {
  return [
    ...(attrs.tables ?? []).flatMap(({ schema, name, columns }) => [
      refOf('table', schema, name),
      ...(columns ?? []).map((column) => refOf('column', schema, name, column)),
    ]),
    ...(attrs.schemas ?? []).map((schema) => refOf('schema', schema)),
  ].map((to) => ({ to, auto: false }))
}

function tableText({ schema, name, columns, where }: PublishedTable): string {
  const list = columns ? ` (${columns.map(quoteIdent).join(', ')})` : ''
  return `ONLY ${qualified(schema, name)}${list}${where === undefined ? '' : ` WHERE ${/^\(.*\)$/s.test(where) ? where : `(${where})`}`}`
}

/** `TABLE ONLY a, ONLY b`, then `TABLES IN SCHEMA c`: PostgreSQL 14 takes the word TABLE only once. */
function memberList(tables: readonly string[], schemas: readonly string[]): string[] {
  return [
    ...tables.map((table, index) => (index === 0 ? `TABLE ${table}` : table)),
    ...schemas.map((schema) => `TABLES IN SCHEMA ${quoteIdent(schema)}`),
  ]
}

/** A table whose columns or filter change is taken out and put in again: PostgreSQL has no other way for one table. */
function membersChange(from: PublicationAttrs, to: PublicationAttrs): string[] {
  const before = new Map((from.tables ?? []).map((table) => [tableText(table), `ONLY ${qualified(table.schema, table.name)}`]))
  const after = (to.tables ?? []).map(tableText)
  const missing = (list: readonly string[] = [], other: readonly string[] = []) => list.filter((name) => !other.includes(name))
  const gone = memberList(
    [...before].flatMap(([text, name]) => (after.includes(text) ? [] : [name])),
    missing(from.schemas, to.schemas),
  )
  const added = memberList(
    after.filter((text) => !before.has(text)),
    missing(to.schemas, from.schemas),
  )
  return [...(gone.length > 0 ? [`DROP ${gone.join(', ')}`] : []), ...(added.length > 0 ? [`ADD ${added.join(', ')}`] : [])]
}

function parameterList(from: PublicationAttrs, to: PublicationAttrs): string {
  const publish = (attrs: PublicationAttrs) => (attrs.publish ?? ACTIONS).join(', ')
  return [
    ...(publish(from) === publish(to) ? [] : [`publish = ${quoteLiteral(publish(to))}`]),
    ...(from.viaRoot === to.viaRoot ? [] : [`publish_via_partition_root = ${to.viaRoot === true}`]),
    ...(from.generatedColumns === to.generatedColumns ? [] : [`publish_generated_columns = ${to.generatedColumns ?? 'none'}`]),
  ].join(', ')
}

/** A table by its declaration or by its name with schema, as SQL. */
type TableName = string | { readonly object: SchemaObject<QualifiedName> }

export interface PublicationOptions {
  /** The tables, some with a list of columns or a row filter (PostgreSQL 15); `'all'`: every table of the database. */
  readonly tables?: 'all' | readonly (TableName | { readonly table: TableName; readonly columns?: readonly string[]; readonly where?: SqlSource })[]
  /** Every table of these schemas (PostgreSQL 15). */
  readonly schemas?: readonly string[]
  /** Default: all four. */
  readonly publish?: readonly (typeof ACTIONS)[number][]
  /** Changes of partitions appear as changes of their root. */
  readonly viaRoot?: boolean
  /** Stored generated columns are published (PostgreSQL 18). */
  readonly generatedColumns?: 'stored'
}

class Publication extends Declared {
  protected readonly kind = publications
  readonly object: PublicationObject
  readonly #uses: Ref[] = []

  constructor(name: string, options: PublicationOptions) {
    super()
    const tables = options.tables === 'all' ? [] : (options.tables ?? [])
    this.object = publicationObject(name, {
      ...(options.tables === 'all' && { allTables: true }),
      tables: tables.map((entry) => this.#table(entry)),
      schemas: options.schemas?.map((schema) => checkedName('schema', schema)),
      publish: options.publish,
      ...(options.viaRoot && { viaRoot: true }),
      ...(options.generatedColumns && { generatedColumns: options.generatedColumns }),
    })
  }

  #table(entry: Exclude<PublicationOptions['tables'], 'all' | undefined>[number]): PublishedTable {
    if (typeof entry === 'string' || 'object' in entry) return publishedTable(this.#nameOf(entry), undefined, undefined)
    const where = entry.where === undefined ? undefined : checkedSql('the row filter of a publication', entry.where)
    this.#uses.push(...(where?.uses ?? []))
    return publishedTable(this.#nameOf(entry.table), entry.columns, where?.text)
  }

  #nameOf(table: TableName): QualifiedName {
    if (typeof table !== 'string') {
      this.#uses.push(table.object.ref)
      return { schema: table.object.id.schema, name: table.object.id.name }
    }
    const parts = [...table.matchAll(/"((?:[^"]|"")*)"|([^".]+)/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!)
    if (parts.length > 2 || parts.length === 0) refuse(`${JSON.stringify(table)} is not the name of a table`, "write it with its schema: 'app.users'")
    return parts.length === 1 ? { schema: 'public', name: parts[0]! } : { schema: parts[0]!, name: parts[1]! }
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }
}

/**
 * Declares a publication.
 *
 * @example export const changes = publication('changes', { tables: [users, { table: orders, where: sql`total > 0` }] })
 */
export function publication(name: string, options: PublicationOptions = {}): Publication {
  if (options.tables === 'all' && options.schemas?.length) refuse('a publication of all tables takes no schemas', 'leave schemas out')
  return new Publication(checkedName('publication', name), options)
}
