import { SchemaError } from '../errors.js'
import { tableMembers } from '../kinds/column-members.js'
import { partitionObject } from '../kinds/partitions.js'
import { replicaIdentityObject, type ReplicaIdentityAttrs } from '../kinds/replica-identities.js'
import { declaredOptions, type ForeignOptionsInput, type SecretVariables } from '../kinds/foreign-options.js'
import { tableObject, tables, type Table as TableObject, type TableAttrs } from '../kinds/tables.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { AS_SQL, isSqlSource, SqlText, type SqlSource } from '../sql/template.js'
import { checkedName, checkedSql, refuse } from './checks.js'
import { ColumnBuilder, type Input } from './column-builder.js'
import { ColumnReference } from './column-reference.js'
import { Declared, type Declaration } from './declared.js'
import type { TableElement } from './elements.js'
import { checkedQualifiedName, type NameInput } from './names.js'
import { boundClause, type PartitionBound } from './partition-bounds.js'
import { callerPosition } from './position.js'
import type { Columns, HasColumns } from './row-types.js'

/** The columns of a table by name, as its callback gets them. */
export type ColumnReferences<C extends Columns> = {
  readonly [K in keyof C]: ColumnReference<C[K] extends ColumnBuilder<infer T, boolean, Input> ? T : unknown>
}

/** A declared table; its columns are its properties, except those named like one of its methods: these are in `columns`. */
export type Table<C extends Columns = Columns> = TableBuilder<C> & Omit<ColumnReferences<C>, keyof TableBuilder<C> | Inner>

/** What subclasses of `Declared` have for each other. */
type Inner = 'kind' | 'uses' | 'parts' | 'attach'

/** What a table's callback does: gives its constraints, indexes, triggers and policies. */
export type Elements<C extends Columns> = (t: ColumnReferences<C>) => readonly TableElement[]

type AnyTable = HasColumns & { readonly object: SchemaObject<QualifiedName> }

export class TableBuilder<C extends Columns> extends Declared implements SqlSource, HasColumns<C> {
  declare readonly $columns: C
  protected readonly kind = tables
  /** Its columns by name. */
  readonly columns: ColumnReferences<C>
  readonly #id: QualifiedName
  readonly #builders: C
  readonly #elements: Elements<C> | undefined
  #attrs: TableAttrs
  #variables: SecretVariables | undefined
  #uses: Ref[] = []
  #further: Declaration[] = []

  constructor(id: QualifiedName, builders: C, elements: Elements<C> | undefined, attrs: TableAttrs = {}, inherited?: C) {
    super()
    this.#id = id
    this.#builders = builders
    this.#elements = elements
    this.#attrs = attrs
    this.columns = {} as ColumnReferences<C>
    Object.setPrototypeOf(this.columns, missingColumns(id))
    for (const name of Object.keys(inherited ?? builders)) this.#addColumn(name, inherited ? this.#ref : refOf('column', id.schema, id.name, name))
    Object.setPrototypeOf(this, withMissingColumns(id))
  }

  #addColumn(name: string, ref: Ref): void {
    Object.defineProperty(this.columns, name, { value: new ColumnReference(this.#id, name, ref), enumerable: true, configurable: true })
    if (name in TableBuilder.prototype || Object.hasOwn(this, name)) return
    Object.defineProperty(this, name, { value: new ColumnReference(this.#id, name, ref, this.#id.name), enumerable: true, configurable: true })
  }

  get #ref(): Ref {
    return refOf('table', this.#id.schema, this.#id.name)
  }

  get object(): TableObject {
    const table = tableObject(this.#id, orderedAttrs(this.#attrs))
    return this.#variables ? { ...table, variables: this.#variables } : table
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }

  protected override parts(): readonly Declaration[] {
    const target = { schema: this.#id.schema, name: this.#id.name, ref: this.#ref }
    return [
      ...Object.entries(this.#builders).flatMap(([name, builder], index) => builder.columnDeclarations(target, name, index + 1)),
      ...(this.#elements?.(this.columns) ?? []).flatMap((element) => {
        if (typeof element?.elementDeclarations === 'function') return element.elementDeclarations(target)
        throw new SchemaError(`the callback of table ${qualified(target.schema, target.name)} returns something that is not a part of a table`, {
          at: this.at,
          hint: 'return a list of constraints, indexes, triggers or policies',
        })
      }),
      ...this.#further,
    ]
  }

  #set(attrs: Partial<TableAttrs>, uses: readonly Ref[] = []): this {
    this.#attrs = { ...this.#attrs, ...attrs }
    this.#uses.push(...uses)
    return this
  }

  /** Its rows are not written ahead: faster, and gone after a crash. */
  unlogged(): this {
    return this.#set({ unlogged: true })
  }

  /**
   * Storage parameters; those of its TOAST table begin with `toast.`.
   *
   * @example users.with({ fillfactor: 70, 'toast.autovacuum_enabled': false })
   */
  with(parameters: { readonly [name: string]: string | number | boolean }): this {
    const entries = Object.entries(parameters).map(([name, value]) => [checkedName('storage parameter', name), String(value)] as const)
    return this.#set({ with: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) })
  }

  /** The access method that stores its rows, where that is not `heap`. */
  accessMethod(name: string): this {
    return this.#set({ accessMethod: checkedName('access method', name) })
  }

  /** The tablespace of its files. */
  tablespace(name: string): this {
    return this.#set({ tablespace: checkedName('tablespace', name) })
  }

  /**
   * Makes it a partitioned table: strategy and key as in SQL.
   *
   * @example app.table('events', { … }).partitionBy(sql`RANGE (date_trunc('day', at))`)
   */
  partitionBy(key: SqlSource): this {
    const { text, uses } = checkedSql(`the partition key of table ${qualified(this.#id.schema, this.#id.name)}`, key)
    return this.#set({ partitionBy: text }, uses.filter((ref) => ref !== this.#ref && !this.#ownColumns().has(ref)))
  }

  /**
   * Makes it a table of partitions that hold ranges of these columns' values.
   *
   * @example app.table('events', { at: timestamptz().notNull() }).partitionByRange('at')
   */
  partitionByRange(...columns: [Name<C>, ...Name<C>[]]): this {
    return this.#partitionBy('RANGE', columns)
  }

  /** Makes it a table of partitions that hold certain values of this column. */
  partitionByList(column: Name<C>): this {
    return this.#partitionBy('LIST', [column])
  }

  /** Makes it a table of partitions among which the hash of these columns' values decides. */
  partitionByHash(...columns: [Name<C>, ...Name<C>[]]): this {
    return this.#partitionBy('HASH', columns)
  }

  #partitionBy(strategy: string, columns: readonly string[]): this {
    const missing = columns.find((column) => !Object.hasOwn(this.columns, column))
    if (missing !== undefined) throw missingColumn(this.#id, missing)
    return this.#set({ partitionBy: `${strategy} (${columns.map(quoteIdent).join(', ')})` })
  }

  /**
   * Declares a partition of it: a table with the same columns, constraints and indexes, which PostgreSQL makes.
   *
   * @example export const events2024 = events.partition('events_2024', { from: '2024-01-01', to: '2025-01-01' })
   */
  partition(name: NameInput, bound: PartitionBound, elements?: Elements<C>): Table<C> {
    const id = typeof name === 'string' ? { schema: this.#id.schema, name: checkedName('table', name) } : checkedQualifiedName('table', name)
    const { text, uses } = boundClause(bound)
    const attrs = { partitionOf: { parent: this.#id, bound: text } }
    const columns = Object.fromEntries(Object.keys(this.columns).map((column) => [column, undefined])) as unknown as C
    const partition = new TableBuilder<C>(id, {} as C, elements, attrs, columns)
    partition.#uses.push(this.#ref, ...uses)
    return partition as unknown as Table<C>
  }

  /**
   * Makes it a partition of another table, with columns of its own or, when it declares none, those of that table. `ownNotNull`
   * names columns that it declares NOT NULL by itself although that table does too: from PostgreSQL 18 on they stay so when that ends.
   *
   * @example app.table('events_2024', { at: timestamptz().notNull() }).partitionOf(events, { from: '2024-01-01', to: '2025-01-01' })
   */
  partitionOf(parent: AnyTable | NameInput, bound: PartitionBound, { ownNotNull }: { readonly ownNotNull?: readonly string[] } = {}): this {
    const { text, uses } = boundClause(bound)
    const { id, refs } = tableInput(parent)
    if (Object.keys(this.#builders).length === 0) return this.#set({ partitionOf: { parent: id, bound: text } }, [...refs, ...uses])
    const attrs = { parent: id, bound: text, ...(ownNotNull && { ownNotNull: [...ownNotNull].sort() }) }
    this.#further.push({ object: partitionObject(this.#id, attrs), at: callerPosition(), uses: [...refs, ...uses] })
    return this
  }

  /**
   * Gives it the columns and checks of another table, whose queries then see its rows too. After several calls the columns of
   * the first parent come first.
   *
   * @example app.table('cities_with_parks', { park: text() }).inherits(cities)
   */
  inherits<P extends Columns>(parent: HasColumns<P> & AnyTable): Table<P & C>
  inherits(parent: NameInput): this
  inherits(parent: AnyTable | NameInput): unknown {
    const { id, refs } = tableInput(parent)
    const columns = 'columns' in Object(parent) ? Object.keys((parent as TableBuilder<Columns>).columns) : []
    for (const name of columns) if (!Object.hasOwn(this.columns, name)) this.#addColumn(name, this.#ref)
    return this.#set({ inherits: [...(this.#attrs.inherits ?? []), id] }, refs)
  }

  /** Makes it a typed table: its columns are the attributes of a composite type. */
  ofType(type: (SqlSource & { readonly object: SchemaObject<QualifiedName> }) | NameInput): this {
    if (isSqlSource(type)) return this.#set({ ofType: type.object.id }, [type.object.ref])
    return this.#set({ ofType: checkedQualifiedName('composite type', type) })
  }

  /**
   * Makes it a foreign table: its rows are those of a foreign server, given by its declaration or its name.
   *
   * @example app.table('old_orders', { id: bigint() }).onServer(archive, { table_name: 'orders' })
   */
  onServer(server: string | { readonly object: SchemaObject<{ readonly name: string }> }, options?: ForeignOptionsInput): this {
    const name = typeof server === 'string' ? checkedName('foreign server', server) : server.object.id.name
    const { attrs, variables } = declaredOptions(`foreign table ${qualified(this.#id.schema, this.#id.name)}`, options)
    this.#variables = variables
    return this.#set({ foreign: { server: name, ...attrs } }, typeof server === 'string' ? [] : [server.object.ref])
  }

  /**
   * Row-level security: nobody but its owner sees rows that no policy allows. `force`: not even the owner.
   *
   * @example users.rowLevelSecurity()
   */
  rowLevelSecurity(options: { readonly enable?: boolean; readonly force?: boolean } = {}): this {
    return this.#set({
      ...((options.enable ?? true) && { rowSecurity: true as const }),
      ...(options.force && { forceRowSecurity: true as const }),
    })
  }

  /**
   * What logical replication tells a changed row by, where that is not the primary key.
   *
   * @example users.replicaIdentity('full')
   * @example users.replicaIdentity({ index: 'users_email_key' })
   */
  replicaIdentity(identity: 'full' | 'nothing' | { readonly index: string }): this {
    const attrs: ReplicaIdentityAttrs = typeof identity === 'string' ? { mode: identity } : { index: checkedName('index', identity.index) }
    this.#further.push({ object: replicaIdentityObject(this.#id, attrs), at: callerPosition(), uses: [this.#ref] })
    return this
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.#id.schema, this.#id.name), [this.#ref])
  }

  #ownColumns(): ReadonlySet<Ref> {
    return new Set(Object.values<ColumnReference>(this.columns as Record<string, ColumnReference>).map(({ ref }) => ref))
  }
}

type Name<C extends Columns> = Extract<keyof C, string>

/**
 * Declares a table, in `public` for a bare name. The callback gets the columns and returns what else belongs to the table:
 * constraints, indexes, triggers, policies. Throws SchemaError for names that PostgreSQL could not keep.
 *
 * @example
 * export const users = table('users', {
 *   id: bigint().generatedAlwaysAsIdentity().primaryKey(),
 *   email: text().notNull().unique(),
 * }, (t) => [index('users_email_idx').on(t.email)])
 */
export function table<C extends Columns>(name: NameInput, columns: C, elements?: Elements<C>): Table<C> {
  const id = checkedQualifiedName('table', name)
  if (typeof columns !== 'object' || columns === null) refuse(`table ${qualified(id.schema, id.name)} has no columns`, 'give an object of columns: { id: integer() }')
  for (const [column, builder] of Object.entries(columns)) {
    checkedName('column', column)
    if (typeof builder?.columnDeclarations !== 'function') {
      refuse(`column ${qualified(id.schema, id.name, column)} is not made by a type`, "write its type: text(), integer(), type('citext')")
    }
  }
  return new TableBuilder(id, columns, elements) as unknown as Table<C>
}

function tableInput(table: AnyTable | NameInput): { id: QualifiedName; refs: Ref[] } {
  if (typeof table === 'object' && 'object' in table) return { id: table.object.id, refs: [table.object.ref] }
  return { id: checkedQualifiedName('table', table), refs: [] }
}

const ATTRIBUTE_ORDER = ['unlogged', 'partitionBy', 'inherits', 'ofType', 'foreign', 'accessMethod', 'tablespace', 'with', 'rowSecurity', 'forceRowSecurity', 'partitionOf'] as const

function orderedAttrs(attrs: TableAttrs): TableAttrs {
  return Object.fromEntries(ATTRIBUTE_ORDER.flatMap((key) => (attrs[key] === undefined ? [] : [[key, attrs[key]]])))
}

function missingColumn({ schema, name }: QualifiedName, column: string): SchemaError {
  return new SchemaError(`table ${qualified(schema, name)} has no column ${quoteIdent(column)}`, {
    at: callerPosition(),
    hint: 'check the spelling, or declare the column; tables have no method of that name either',
  })
}

/** What tools ask any value for, to see what it is. */
const ASKED_BY_TOOLS = new Set(['then', 'toJSON', 'asymmetricMatch', '$$typeof', 'nodeType', 'tagName', 'inspect', '__esModule', 'constructor', '@@__IMMUTABLE_ITERABLE__@@', '@@__IMMUTABLE_RECORD__@@'])

/** A prototype that has no columns and says so. */
function missingColumns(id: QualifiedName): object {
  return new Proxy(Object.freeze(Object.create(null) as object), { get: (_, name) => answerFor(id, name) })
}

/** The builder's prototype, which says so too when it is asked for a column that there is not. */
function withMissingColumns(id: QualifiedName): object {
  return new Proxy(TableBuilder.prototype, {
    get: (prototype, name, table) => (name in prototype ? Reflect.get(prototype, name, table) : answerFor(id, name)),
  })
}

function answerFor(id: QualifiedName, name: string | symbol): undefined {
  if (typeof name === 'symbol' || ASKED_BY_TOOLS.has(name)) return undefined
  throw missingColumn(id, name)
}

for (let members: object = new TableBuilder({ schema: '', name: '' }, {}, undefined); members; members = Object.getPrototypeOf(members) as object) {
  for (const name of Object.getOwnPropertyNames(members)) tableMembers.add(name)
}
