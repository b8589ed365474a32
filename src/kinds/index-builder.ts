import { checkedName, checkedSql, refuse } from '../authoring/checks.js'
import type { Declaration } from '../authoring/declared.js'
import type { ElementTarget } from '../authoring/elements.js'
import { columnNameOf, indexColumnOf, usesOf, type ColumnInput, type IndexColumnInput } from '../authoring/index-column.js'
import { nameByConvention } from '../authoring/naming.js'
import { RelationElement } from '../authoring/relation-element.js'
import { SchemaError } from '../errors.js'
import type { Ref, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import type { SqlSource } from '../sql/template.js'
import { clusterObject } from './clusters.js'
import { declaredColumn, type IndexColumnAttrs } from './index-columns.js'
import { indexPartitionObject } from './index-partitions.js'
import { indexObject, type Index, type IndexAttrs } from './index-attributes.js'
import { indexes } from './indexes.js'
import { declaredParameters, orderOfParameters, type DeclaredParameters } from './storage-parameters.js'

let unnamed = 0

export class IndexBuilder extends RelationElement {
  protected readonly kind = indexes
  readonly #name: string | null
  readonly #unique: boolean
  readonly #ordinal = ++unnamed
  readonly #uses: Ref[] = []
  #columns: readonly IndexColumnAttrs[] = []
  #attrs: Partial<IndexAttrs> = {}
  #only = false
  #parameterOrder: readonly string[] = []
  #attachedTo: RelationPart | undefined
  #cluster = false

  constructor(name: string | undefined, unique: boolean) {
    super()
    this.#name = name === undefined ? null : checkedName('index', name)
    this.#unique = unique
  }

  #set(attrs: Partial<IndexAttrs>, ...sources: readonly unknown[]): this {
    this.#attrs = { ...this.#attrs, ...attrs }
    this.#uses.push(...sources.flatMap(usesOf))
    return this
  }

  /**
   * Its columns and expressions, in order.
   *
   * @example index('users_by_name').on(sql`lower(${t.name})`, t.created_at.desc().nullsLast())
   */
  on(...columns: readonly [IndexColumnInput, ...IndexColumnInput[]]): this {
    this.#columns = columns.map((column) => {
      const { source, column: name } = indexColumnOf(this.#label(), column)
      if (name === undefined) checkedSql(`an expression of ${this.#label()}`, source)
      return declaredColumn(indexColumnOf(this.#label(), column))
    })
    return this.#set({}, ...columns)
  }

  /** The access method: `btree`, unless this says `hash`, `gin`, `gist`, `spgist`, `brin` or one of an extension. */
  using(method: string): this {
    return this.#set(method === 'btree' ? {} : { method: checkedName('access method', method) })
  }

  /** Further columns that it holds, so that queries need not read the table. */
  include(...columns: readonly ColumnInput[]): this {
    return this.#set({ include: columns.map((column) => columnNameOf(this.#label(), column)) }, ...columns)
  }

  /** Only rows that meet a condition are in it. */
  where(condition: SqlSource): this {
    const source = checkedSql(`the condition of ${this.#label()}`, condition)
    return this.#set({ where: source.text }, source)
  }

  /** Two NULLs are equal (PostgreSQL 15). */
  nullsNotDistinct(): this {
    if (!this.#unique) refuse(`${this.#label()} is not unique`, 'use uniqueIndex()')
    return this.#set({ nullsNotDistinct: true })
  }

  /**
   * Storage parameters.
   *
   * @example index('users_email').on(t.email).with({ fillfactor: 70 })
   */
  with(parameters: DeclaredParameters): this {
    this.#parameterOrder = Object.keys(parameters)
    return this.#set({ with: declaredParameters(parameters) })
  }

  tablespace(name: string): this {
    return this.#set({ tablespace: checkedName('tablespace', name) })
  }

  /** Statistics targets of its expressions, by the number of the column, from 1. */
  statistics(targets: { readonly [column: number]: number }): this {
    return this.#set({ statistics: Object.fromEntries(Object.entries(targets)) })
  }

  /** Of a partitioned table: PostgreSQL shall make none on the partitions. Theirs say `attachedTo`. */
  only(): this {
    this.#only = true
    return this
  }

  /**
   * Of a partition: its place below an index, or the index of a key, of the partitioned table.
   *
   * @example index('events_2024_by_day').on(t.day).attachedTo({ schema: 'app', table: 'events', name: 'events_by_day' })
   */
  attachedTo(parent: RelationPart): this {
    this.#attachedTo = parent
    return this
  }

  /** CLUSTER puts the rows of the table in its order. */
  cluster(): this {
    this.#cluster = true
    return this
  }

  protected objectOn(table: ElementTarget): SchemaObject {
    const where = `of table ${qualified(table.schema, table.name)}`
    if (this.#columns.length === 0) throw new SchemaError(`${this.#label()} ${where} has no columns`, { at: this.at, hint: 'say which: .on(t.id)' })
    const name = this.#name ?? this.#conventionalName(table)
    if (name === null && (this.#attrs.statistics || this.#attachedTo || this.#cluster)) {
      throw new SchemaError(`an index ${where} needs a name for what is said about it`, { at: this.at, hint: "give it one: index('…')" })
    }
    const { method, include, nullsNotDistinct, where: condition, with: parameters, tablespace, statistics } = this.#attrs
    const attrs: IndexAttrs = {
      table: table.name,
      ...(this.#unique && { unique: true }),
      ...(method && { method }),
      columns: this.#columns,
      ...(include && { include }),
      ...(nullsNotDistinct && { nullsNotDistinct }),
      ...(condition !== undefined && { where: condition }),
      ...(parameters && { with: parameters }),
      ...(tablespace && { tablespace }),
      ...(statistics && { statistics }),
    }
    const index = indexObject({ schema: table.schema, name }, table.ref, attrs, this.#ordinal)
    return { ...index, ...(this.#only && { only: true }), ...(this.#attachedTo && { explicit: true }), ...orderOfParameters(this.#parameterOrder) } satisfies Index
  }

  protected uses(): readonly Ref[] {
    return this.#uses
  }

  override elementDeclarations(table: ElementTarget): Declaration[] {
    const declarations = super.elementDeclarations(table)
    const { ref, id: { name } } = declarations[0]!.object as Index
    const id = { schema: table.schema, table: table.name, name: name! }
    const add = (object: SchemaObject) => declarations.push({ object, at: this.at, uses: [ref] })
    if (this.#attachedTo) add(indexPartitionObject(id, ref, { parent: this.#attachedTo }))
    if (this.#cluster) add(clusterObject({ schema: table.schema, name: table.name }, table.ref, name!))
    return declarations
  }

  #conventionalName({ schema, name: table }: ElementTarget): string | null {
    return nameByConvention('index', { schema, table, columns: this.#columns.map(({ name = 'expr' }) => name), unique: this.#unique }) ?? null
  }

  #label(): string {
    return this.#name === null ? 'an index' : `index ${quoteIdent(this.#name)}`
  }
}

/**
 * Declares an index. Without a name PostgreSQL chooses one: `users_email_idx`.
 *
 * @example index('orders_open').using('btree').on(t.user_id, t.created_at.desc()).where(sql`${t.status} = 'open'`)
 */
export function index(name?: string): IndexBuilder {
  return new IndexBuilder(name, false)
}

/**
 * Declares an index in which no two rows are equal.
 *
 * @example uniqueIndex('users_by_email').on(sql`lower(${t.email})`)
 */
export function uniqueIndex(name?: string): IndexBuilder {
  return new IndexBuilder(name, true)
}
