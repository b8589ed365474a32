import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { columnHead, columnSettings, isInherited, setNotNull, type Column, type NotNull } from './column-ddl.js'
import { isMember } from './extension-members.js'
import { alterOptions, optionsClause, readOptionsAttrs, secretsAlone, withoutSecrets, type OptionsAttrs, type SecretSource, type SecretVariables } from './foreign-options.js'
import { isDemanded, notNullsOfNewChild, standIn } from './inherited-not-null.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type AlterContext } from './kind.js'
import { bridgeTable } from './table-bridge.js'
import { printTable } from './table-printing.js'
import { optionStatements, optionsText, type StorageParameters } from './storage-parameters.js'

export interface TableAttrs {
  readonly unlogged?: true
  /** Strategy and key as pg_get_partkeydef prints them: `RANGE (created_at)`. */
  readonly partitionBy?: string
  /** Parents of plain inheritance, in their order. */
  readonly inherits?: readonly QualifiedName[]
  readonly ofType?: QualifiedName
  /** The rows are those of a foreign server. */
  readonly foreign?: { readonly server: string } & OptionsAttrs
  readonly accessMethod?: string
  readonly tablespace?: string
  /** Storage parameters, those of its TOAST table as `toast.…`. */
  readonly with?: StorageParameters
  readonly rowSecurity?: true
  readonly forceRowSecurity?: true
  /** Only as declared: a partition that takes its columns from this parent. */
  readonly partitionOf?: { readonly parent: QualifiedName; readonly bound: string }
}

export interface Table extends SchemaObject<QualifiedName, TableAttrs> {
  /** Where the values of its secret options come from. Not compared. */
  readonly variables?: SecretVariables
}

export function tableObject(id: QualifiedName, attrs: TableAttrs): Table {
  return { kind: 'table', ref: refOf('table', id.schema, id.name), parent: null, id, attrs }
}

/** What the catalogs say about a table only when it is not PostgreSQL's default. */
interface Extras {
  readonly unlogged?: boolean | null
  readonly key?: string | null
  readonly inherits?: QualifiedName[] | null
  readonly type?: QualifiedName | null
  readonly foreign?: { readonly server: string; readonly options: string[] | null } | null
  readonly method?: string | null
  readonly space?: string | null
  readonly options?: string[] | null
  readonly toast?: string[] | null
  readonly security?: boolean | null
  readonly force?: boolean | null
}

/** Tables, partitioned tables, partitions and foreign tables. */
export const tables = defineKind<Table>({
  kind: 'table',
  phase: PHASES.table,
  catalog: 'pg_class',
  occupies: ({ id }) => [`relation ${qualified(id.schema, id.name)}`, `type ${qualified(id.schema, id.name)}`],
  catalogQuery: () => `
    SELECT c.oid, 0, n.nspname, c.relname, c.reltype, t.typarray,
      CASE WHEN c.relpersistence = 'u' OR c.relkind IN ('p', 'f') OR c.reloptions IS NOT NULL OR toast.reloptions IS NOT NULL OR am.amname <> 'heap'
          OR c.reltablespace <> 0 OR c.reloftype <> 0 OR c.relrowsecurity OR c.relforcerowsecurity OR i.parents IS NOT NULL
        THEN json_build_object(
          'unlogged', c.relpersistence = 'u', 'key', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, 'inherits', i.parents,
          'type', CASE WHEN c.reloftype <> 0 THEN json_build_object('schema', on_.nspname, 'name', o.typname) END,
          'foreign', CASE WHEN c.relkind = 'f' THEN json_build_object('server', fs.srvname, 'options', ${withoutSecrets('ft.ftoptions')}) END,
          'method', NULLIF(am.amname, 'heap'), 'space', s.spcname, 'options', c.reloptions, 'toast', toast.reloptions,
          'security', c.relrowsecurity, 'force', c.relforcerowsecurity) END
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = c.reltype
    LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
    LEFT JOIN pg_am am ON am.oid = c.relam
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid
    LEFT JOIN pg_foreign_server fs ON fs.oid = ft.ftserver
    LEFT JOIN pg_type o ON o.oid = c.reloftype AND c.reloftype <> 0
    LEFT JOIN pg_namespace on_ ON on_.oid = o.typnamespace
    LEFT JOIN (
      SELECT i.inhrelid, json_agg(json_build_object('schema', pn.nspname, 'name', p.relname) ORDER BY i.inhseqno) AS parents
      FROM pg_inherits i
      JOIN pg_class p ON p.oid = i.inhparent AND p.relkind IN ('r', 'f')
      JOIN pg_namespace pn ON pn.oid = p.relnamespace
      GROUP BY i.inhrelid) i ON i.inhrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND c.oid >= 16384
      AND NOT ${isMember('pg_class', 'c.oid')}
    ORDER BY 3, 4`,
  fromRow: ([, , schema, name, rowType, arrayType, extras]) => ({
    object: tableObject({ schema: schema as string, name: name as string }, extras ? attrsOf(extras as Extras) : {}),
    aliases: [
      ['pg_type', rowType as number],
      ['pg_type', arrayType as number],
    ],
  }),
  dependencies: ({ attrs }) => [
    ...(attrs.foreign ? [{ to: refOf('foreign_server', attrs.foreign.server), auto: false }] : []),
    ...(attrs.inherits ?? []).map((parent) => ({ to: refOf('table', parent.schema, parent.name), auto: false })),
    ...(attrs.partitionOf ? [{ to: refOf('table', attrs.partitionOf.parent.schema, attrs.partitionOf.parent.name), auto: true }] : []),
    ...(attrs.ofType ? [{ to: refOf('composite_type', attrs.ofType.schema, attrs.ofType.name), auto: false }] : []),
  ],
  create: createTable,
  drop: (table) => [statement(`DROP ${table.attrs.foreign ? 'FOREIGN TABLE' : 'TABLE'} ${nameOf(table)}`)],
  alter: (from, to, context) => {
    const { version } = context
    const [before, after] = [from.attrs, to.attrs]
    if (before.partitionBy !== after.partitionBy || before.foreign?.server !== after.foreign?.server) return 'replace'
    if (same(before, after)) return { statements: [] }
    const alter = (text: string) => statement(`ALTER TABLE ${nameOf(to)} ${text}`)
    const statements: Statement[] = []
    statements.push(...alterOptions(`ALTER FOREIGN TABLE ${nameOf(to)}`, before.foreign ?? {}, after.foreign ?? {}, secretsOf(context.authored(to))))
    if (before.accessMethod !== after.accessMethod) {
      if (version.major < (after.partitionBy ? 17 : 15)) return 'replace'
      statements.push(alter(`SET ACCESS METHOD ${quoteIdent(after.accessMethod ?? (after.partitionBy ? 'default' : 'heap'))}`.replace('"default"', 'DEFAULT')))
    }
    if (before.tablespace !== after.tablespace) statements.push(alter(`SET TABLESPACE ${quoteIdent(after.tablespace ?? 'pg_default')}`))
    if (before.unlogged !== after.unlogged) statements.push(alter(after.unlogged ? 'SET UNLOGGED' : 'SET LOGGED'))
    statements.push(...optionStatements(`ALTER TABLE ${nameOf(to)}`, before.with, after.with))
    const inherits = after.inherits?.filter((parent) => before.inherits?.some((known) => same(known, parent)) || fitsBelow(to, parent, context))
    if (!same(before.inherits ?? [], inherits ?? [])) {
      const columns = context.children('to', to.ref).filter(({ kind }) => kind === 'column') as Column[]
      statements.push(...columns.filter((column) => isDemanded(column, context)).map(setNotNull), ...inheritance(to, before.inherits, inherits))
    }
    // The type of a table comes once its columns are right.
    const fits = after.ofType && same(columnTypes(to, 'from', context), columnTypes(to, 'to', context))
    if (!same(before.ofType, after.ofType) && (fits || before.ofType)) statements.push(alter(fits ? `OF ${nameText(after.ofType!)}` : 'NOT OF'))
    if (before.rowSecurity !== after.rowSecurity) statements.push(alter(`${after.rowSecurity ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`))
    if (before.forceRowSecurity !== after.forceRowSecurity) statements.push(alter(`${after.forceRowSecurity ? '' : 'NO '}FORCE ROW LEVEL SECURITY`))
    const logging = before.unlogged !== after.unlogged
    return { statements, ...(logging && { displaces: (dependent: SchemaObject) => losesLogging(dependent, context) }) }
  },
  rename: (from, to) => renamed(from.id, to.id),
  bridge: (from, to, context) => bridgeTable(from, to, renamed, context),
  rebind: (table, old, aside) =>
    table.attrs.ofType && refOf('composite_type', table.attrs.ofType.schema, table.attrs.ofType.name) === old.ref
      ? { ...table, attrs: { ...table.attrs, ofType: { schema: aside.id.schema as string, name: aside.id.name as string } } }
      : null,
  authored: (declared, reflected) => ({ ...reflected, ...(declared.variables && { variables: declared.variables }) }),
  address: (table) => `${table.attrs.foreign ? 'FOREIGN TABLE' : 'TABLE'} ${nameOf(table)}`,
  dropLoses: ({ attrs }) => (attrs.partitionBy || attrs.foreign ? undefined : 'the rows are gone'),
  hazards: goneFromCode,
  print: printTable,
})

function attrsOf(extras: Extras): TableAttrs {
  const parameters = storageParameters(extras)
  return {
    ...(extras.unlogged && { unlogged: true }),
    ...(extras.key && { partitionBy: extras.key }),
    ...(extras.inherits && { inherits: extras.inherits }),
    ...(extras.type && { ofType: extras.type }),
    ...(extras.foreign && { foreign: { server: extras.foreign.server, ...readOptionsAttrs(extras.foreign.options) } }),
    ...(extras.method && { accessMethod: extras.method }),
    ...(extras.space && { tablespace: extras.space }),
    ...(parameters && { with: parameters }),
    ...(extras.security && { rowSecurity: true }),
    ...(extras.force && { forceRowSecurity: true }),
  }
}

/** Where the values of a foreign table's secret options come from. */
export function secretsOf({ id, variables }: Table): SecretSource {
  return { names: [id.schema, id.name], variables }
}

function storageParameters({ options, toast }: Extras): StorageParameters | undefined {
  const all = [...(options ?? []), ...(toast ?? []).map((option) => `toast.${option}`)].sort()
  if (all.length === 0) return undefined
  return Object.fromEntries(all.map((option) => [option.slice(0, option.indexOf('=')), option.slice(option.indexOf('=') + 1)]))
}

function createTable(table: Table, parts: readonly SchemaObject[], fragments: readonly string[], context?: AlterContext): Statement[] {
  const { attrs } = table
  const later = addedLater(table, parts)
  const lines = parts.flatMap((part, index) => {
    if (later.has(part)) return []
    if (part.kind !== 'column') return fragments[index] ? [fragments[index]!] : []
    const column = part as Column
    if (attrs.inherits && column.attrs.inherited) return inlineNotNull(column, context)
    if (!attrs.ofType) return [fragments[index]!]
    const options = fragments[index]!.slice(columnHead(column).length)
    return options ? [`${quoteIdent(column.id.name)} WITH OPTIONS${options}`] : []
  })
  // Before PostgreSQL 16 a new child cannot say how a column is generated that its parent has.
  const columns = parts.filter((part) => part.kind === 'column') as Column[]
  const inheritsLater = context !== undefined && context.version.major < 16 && columns.some((column) => column.attrs.generated) && !columns.some((column) => column.attrs.inherited)
  const body = lines.length > 0 ? ` (\n${lines.map((line) => `  ${line}`).join(',\n')}\n)` : attrs.ofType || attrs.partitionOf ? '' : ' ()'
  const text = [
    `CREATE ${attrs.unlogged ? 'UNLOGGED ' : ''}${attrs.foreign ? 'FOREIGN ' : ''}TABLE ${nameOf(table)}`,
    attrs.ofType ? ` OF ${nameText(attrs.ofType)}` : '',
    attrs.partitionOf ? ` PARTITION OF ${nameText(attrs.partitionOf.parent)}` : '',
    body,
    attrs.partitionOf ? `\n${attrs.partitionOf.bound}` : '',
    attrs.inherits && !inheritsLater ? `\nINHERITS (${attrs.inherits.map(nameText).join(', ')})` : '',
    attrs.partitionBy ? `\nPARTITION BY ${attrs.partitionBy}` : '',
    attrs.foreign ? `\nSERVER ${quoteIdent(attrs.foreign.server)}${attrs.foreign.options ? ` ${optionsClause(attrs.foreign.options)}` : ''}` : '',
    attrs.accessMethod ? `\nUSING ${quoteIdent(attrs.accessMethod)}` : '',
    attrs.with ? `\nWITH (${optionsText(attrs.with)})` : '',
    attrs.tablespace ? `\nTABLESPACE ${quoteIdent(attrs.tablespace)}` : '',
  ].join('')
  const notNulls = attrs.inherits && context && context.version.major >= 18 ? notNullsOfNewChild(table, context) : undefined
  return [
    ...(notNulls?.before ?? []),
    statement(text),
    ...(attrs.foreign ? secretsAlone(`ALTER FOREIGN TABLE ${nameOf(table)}`, attrs.foreign, secretsOf(table)) : []),
    ...(inheritsLater ? (attrs.inherits ?? []) : []).map((parent) => statement(`ALTER TABLE ${nameOf(table)} INHERIT ${nameText(parent)}`)),
    ...parts.flatMap((part, index) => (later.has(part) ? [statement(`ALTER TABLE ${nameOf(table)} ADD ${fragments[index]!}`)] : [])),
    ...parts.flatMap((part) => (part.kind === 'column' ? [...ownNotNull(table, part as Column, context), ...columnSettings(part as Column)] : [])),
    ...(notNulls?.after ?? []),
    ...(attrs.rowSecurity ? [statement(`ALTER TABLE ${nameOf(table)} ENABLE ROW LEVEL SECURITY`)] : []),
    ...(attrs.forceRowSecurity ? [statement(`ALTER TABLE ${nameOf(table)} FORCE ROW LEVEL SECURITY`)] : []),
  ]
}

/** The NOT NULL that a child declares for a column of its parents: from PostgreSQL 18 on a part of CREATE TABLE, since it may have a name. */
function inlineNotNull({ id, attrs: { notNull } }: Column, context: AlterContext | undefined): string[] {
  if (!context || context.version.major < 18 || notNull === undefined || isInherited(notNull)) return []
  const { name, noInherit, notValid } = typeof notNull === 'object' ? notNull : ({} as NotNull)
  if (notValid) return []
  return [`${name === undefined ? '' : `CONSTRAINT ${quoteIdent(name)} `}NOT NULL ${quoteIdent(id.name)}${noInherit ? ' NO INHERIT' : ''}`]
}

function ownNotNull(table: Table, { id, attrs }: Column, context: AlterContext | undefined): Statement[] {
  if (!context || context.version.major >= 18 || !attrs.inherited || attrs.notNull === undefined) return []
  const above = (table.attrs.inherits ?? []).some((parent) => context.object('to', refOf('column', parent.schema, parent.name, id.name))?.attrs.notNull)
  return above ? [] : [statement(`ALTER TABLE ONLY ${nameOf(table)} ALTER COLUMN ${quoteIdent(id.name)} SET NOT NULL`)]
}

/**
 * Keys that are added after CREATE TABLE. Of those over the same columns, PostgreSQL makes only one inside of it. The primary key of a
 * partition or child would make NOT NULL constraints there beside those that it has from the tables above.
 */
function addedLater({ attrs }: Table, parts: readonly SchemaObject[]): ReadonlySet<SchemaObject> {
  const keys = parts.filter(({ attrs }) => attrs.type === 'primary_key' || attrs.type === 'unique')
  const own = new Set(parts.filter(({ kind, attrs }) => kind === 'column' && attrs.notNull && !isInherited((attrs as Column['attrs']).notNull)).map(({ id }) => id.name))
  const requires = (key: SchemaObject) => attrs.partitionOf || (attrs.inherits && !(key.attrs.columns as string[]).every((column) => own.has(column)))
  const redundant = new Set(keys.filter((key) => key.attrs.type === 'primary_key' && requires(key)))
  if (keys.length < 2) return redundant
  const first = new Map<string, SchemaObject>()
  for (const key of keys.sort((a, b) => Number(b.attrs.type === 'primary_key') - Number(a.attrs.type === 'primary_key'))) {
    const { columns, include, nullsNotDistinct, deferrable, initiallyDeferred } = key.attrs
    const same = JSON.stringify([columns, include, nullsNotDistinct, deferrable, initiallyDeferred])
    if (first.has(same)) redundant.add(key)
    else first.set(same, key)
  }
  return redundant
}

/**
 * A new parent comes last, so after a change in the middle every later one is taken out and added again. Meanwhile a stand-in is a
 * parent: PostgreSQL takes a column that no parent has any longer for one that the table declares itself.
 */
/** Whether a table can become a child as it is: what is different about its columns, or those of the parent, is altered first, and the rest planned again. */
function fitsBelow({ id }: Table, parent: QualifiedName, context: AlterContext): boolean {
  const above = refOf('table', parent.schema, parent.name)
  const type = (column: SchemaObject | undefined) => column && [(column as Column).attrs.type, (column as Column).attrs.collation]
  return context.children('to', above).every((column) => {
    if (column.kind !== 'column') return true
    const own = refOf('column', id.schema, id.name, column.id.name as string)
    if ((context.object('to', own) as Column | undefined)?.attrs.inherited) return true
    const stays = (ref: Ref) => same(type(context.object('from', ref)), type(context.object('to', ref)))
    return stays(own) && (context.object('from', above) === undefined || stays(column.ref))
  })
}

function inheritance(table: Table, from: readonly QualifiedName[] = [], to: readonly QualifiedName[] = []): Statement[] {
  const [before, after] = [from.map(nameText), to.map(nameText)]
  const remaining = before.filter((name) => after.includes(name))
  let kept = 0
  while (kept < remaining.length && remaining[kept] === after[kept]) kept++
  const moved = remaining.slice(kept)
  const alter = (clause: string) => statement(`ALTER TABLE ${nameOf(table)} ${clause}`)
  const changes = [
    ...before.filter((name) => !after.includes(name) || moved.includes(name)).map((name) => alter(`NO INHERIT ${name}`)),
    ...after.slice(kept).map((name) => alter(`INHERIT ${name}`)),
  ]
  if (moved.length === 0) return changes
  const meanwhile = nameText(standIn(table.id))
  return [
    statement(`CREATE TABLE ${meanwhile} (LIKE ${nameOf(table)})`),
    alter(`INHERIT ${meanwhile}`),
    ...changes,
    alter(`NO INHERIT ${meanwhile}`),
    statement(`DROP TABLE ${meanwhile}`),
  ]
}

function columnTypes({ ref }: Table, side: 'from' | 'to', context: AlterContext): unknown[] {
  const columns = context.children(side, ref).filter(({ kind }) => kind === 'column')
  return columns.sort((a, b) => a.position! - b.position!).map(({ id, attrs }) => [id.name, attrs.type, attrs.collation])
}

/** A logged table may not refer to an unlogged one: a foreign key between two tables that both change goes and comes back. */
function losesLogging(dependent: SchemaObject, context: AlterContext): boolean {
  const { references } = dependent.attrs as { readonly references?: QualifiedName }
  if (dependent.kind !== 'constraint' || !references) return false
  return [refOf('table', dependent.id.schema, dependent.id.table), refOf('table', references.schema, references.name)].every(
    (table) => context.object('from', table)?.attrs.unlogged !== context.object('to', table)?.attrs.unlogged,
  )
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function renamed(from: QualifiedName, to: QualifiedName): Statement[] {
  return [
    ...(from.name === to.name ? [] : [statement(`ALTER TABLE ${qualified(from.schema, from.name)} RENAME TO ${quoteIdent(to.name)}`)]),
    ...(from.schema === to.schema ? [] : [statement(`ALTER TABLE ${qualified(from.schema, to.name)} SET SCHEMA ${quoteIdent(to.schema)}`)]),
  ]
}

function nameOf({ id }: { id: QualifiedName }): string {
  return qualified(id.schema, id.name)
}

function nameText({ schema, name }: QualifiedName): string {
  return qualified(schema, name)
}

