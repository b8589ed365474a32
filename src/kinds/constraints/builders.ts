import { checkedName, checkedSql, refuse } from '../../authoring/checks.js'
import type { ColumnReference } from '../../authoring/column-reference.js'
import type { Declaration } from '../../authoring/declared.js'
import type { ElementTarget } from '../../authoring/elements.js'
import { columnNameOf, indexColumnOf, usesOf, type ColumnInput, type IndexColumnInput } from '../../authoring/index-column.js'
import { checkedQualifiedName, type NameInput } from '../../authoring/names.js'
import { RelationElement } from '../../authoring/relation-element.js'
import { SchemaError } from '../../errors.js'
import type { QualifiedName, Ref, RelationPart, SchemaObject } from '../../model/schema-object.js'
import { qualified, quoteIdent } from '../../sql/identifiers.js'
import type { SqlSource, SqlText } from '../../sql/template.js'
import { clusterObject } from '../clusters.js'
import { indexPartitionObject } from '../index-partitions.js'
import { indexColumnText } from '../index-columns.js'
import { declaredParameters, optionsText, type DeclaredParameters, type StorageParameters } from '../storage-parameters.js'
import { constraintObject, type Constraint, type ConstraintAttrs, type ReferentialAction } from './attributes.js'
import { constraints } from './kind.js'

let unnamed = 0

/** What every constraint can say. */
abstract class ConstraintBuilder extends RelationElement {
  protected readonly kind = constraints
  protected readonly name: string | null
  readonly #ordinal = ++unnamed
  readonly #uses: Ref[] = []
  #attrs: Partial<ConstraintAttrs> = {}

  constructor(name: string | undefined) {
    super()
    this.name = name === undefined ? null : checkedName('constraint', name)
  }

  protected abstract attrsOn(table: ElementTarget): ConstraintAttrs

  protected objectOn(table: ElementTarget): SchemaObject {
    const id = { schema: table.schema, table: table.name, name: this.name }
    return { ...constraintObject(id, ordered({ ...this.attrsOn(table), ...this.#attrs }), this.#ordinal), parent: table.ref } satisfies Constraint
  }

  protected uses(): readonly Ref[] {
    return this.#uses
  }

  protected use(...sources: readonly unknown[]): void {
    this.#uses.push(...sources.flatMap(usesOf))
  }

  protected set(attrs: Partial<ConstraintAttrs>): this {
    this.#attrs = { ...this.#attrs, ...attrs }
    return this
  }

  protected label(table: ElementTarget): string {
    return `constraint ${this.name === null ? '' : `${quoteIdent(this.name)} `}of table ${qualified(table.schema, table.name)}`
  }
}

/** Constraints that may wait for the end of the transaction. */
abstract class DeferrableBuilder extends ConstraintBuilder {
  /**
   * It may be checked at the end of a transaction instead of at once; `initially: 'deferred'` makes that the rule.
   *
   * @example unique('position_unique').on(t.position).deferrable({ initially: 'deferred' })
   */
  deferrable(options: { readonly initially?: 'immediate' | 'deferred' } = {}): this {
    return this.set({ deferrable: true, ...(options.initially === 'deferred' && { initiallyDeferred: true }) })
  }
}

/** Constraints that own an index. */
abstract class IndexedBuilder extends DeferrableBuilder {
  #attachedTo: RelationPart | undefined
  #cluster = false
  #only = false
  #local = false

  /**
   * Of a partition: the place of its index below an index, or the index of a key, of the partitioned table.
   *
   * @example primaryKey('events_2024_id').on(t.id).attachedTo({ schema: 'app', table: 'events', name: 'events_pkey' })
   */
  attachedTo(parent: RelationPart): this {
    this.#attachedTo = parent
    return this
  }

  /** Of a partitioned table: PostgreSQL shall make none on the partitions. Theirs say `attachedTo`. */
  only(): this {
    this.#only = true
    return this
  }

  /** Of a partition: PostgreSQL makes it for that one of the partitioned table; here it gets a name of its own. */
  inherited(): this {
    return this.set({ cloned: true })
  }

  /** Of a partition: it is the partition's own, although it looks like one that the partition has from the partitioned table. */
  local(): this {
    this.#local = true
    return this
  }

  /** CLUSTER puts the rows of the table in the order of its index. */
  cluster(): this {
    this.#cluster = true
    return this
  }

  protected override objectOn(table: ElementTarget): SchemaObject {
    return { ...super.objectOn(table), ...(this.#only && { only: true }), ...(this.#local && { late: true }) } as SchemaObject
  }

  override elementDeclarations(table: ElementTarget): Declaration[] {
    const declarations = super.elementDeclarations(table)
    if (!this.#attachedTo && !this.#cluster) return declarations
    if (this.name === null) throw new SchemaError(`${this.label(table)} needs a name for what is said about it`, { at: this.at, hint: 'give it one' })
    const { ref } = declarations[0]!.object
    const id = { schema: table.schema, table: table.name, name: this.name }
    const add = (object: SchemaObject) => declarations.push({ object, at: this.at, uses: [ref] })
    if (this.#attachedTo) add(indexPartitionObject(id, ref, { parent: this.#attachedTo }))
    if (this.#cluster) add(clusterObject({ schema: table.schema, name: table.name }, table.ref, this.name))
    return declarations
  }
}

/** A primary key or a unique constraint. */
export class KeyBuilder extends IndexedBuilder {
  readonly #type: 'primary_key' | 'unique'
  #columns: readonly string[] = []

  constructor(type: 'primary_key' | 'unique', name: string | undefined) {
    super(name)
    this.#type = type
  }

  /** Its columns, in order. */
  on(...columns: readonly [ColumnInput, ...ColumnInput[]]): this {
    this.#columns = columns.map((column) => columnNameOf(`a ${this.#type === 'unique' ? 'unique constraint' : 'primary key'}`, column))
    this.use(...columns)
    return this
  }

  /** Further columns that its index holds, so that queries need not read the table. */
  include(...columns: readonly ColumnInput[]): this {
    this.use(...columns)
    return this.set({ include: columns.map((column) => columnNameOf('the INCLUDE of a constraint', column)) })
  }

  /** Two NULLs are equal (PostgreSQL 15). */
  nullsNotDistinct(): this {
    if (this.#type === 'primary_key') refuse('a primary key holds no NULL', 'leave nullsNotDistinct() out')
    return this.set({ nullsNotDistinct: true })
  }

  /** The last column is a range, and two rows are in conflict when theirs overlap (PostgreSQL 18). */
  withoutOverlaps(): this {
    return this.set({ period: true })
  }

  /** Storage parameters of its index. */
  with(parameters: DeclaredParameters): this {
    return this.set({ with: declaredParameters(parameters) })
  }

  /** Tablespace of its index. */
  tablespace(name: string): this {
    return this.set({ tablespace: checkedName('tablespace', name) })
  }

  protected attrsOn(table: ElementTarget): ConstraintAttrs {
    if (this.#columns.length === 0) {
      throw new SchemaError(`${this.label(table)} has no columns`, { at: this.at, hint: 'say which: .on(t.id)' })
    }
    return { type: this.#type, columns: this.#columns }
  }
}

/**
 * Declares the primary key of a table. Without a name PostgreSQL chooses one: `users_pkey`.
 *
 * @example table('members', { team: bigint(), person: bigint() }, (t) => [primaryKey().on(t.team, t.person)])
 */
export function primaryKey(name?: string): KeyBuilder {
  return new KeyBuilder('primary_key', name)
}

/**
 * Declares that no two rows have the same values in some columns. Without a name PostgreSQL chooses one: `users_email_key`.
 *
 * @example unique('one_vote').on(t.poll_id, t.voter_id).nullsNotDistinct()
 */
export function unique(name?: string): KeyBuilder {
  return new KeyBuilder('unique', name)
}

export interface ForeignKeyOptions {
  readonly onDelete?: ReferentialAction | 'no action'
  readonly onUpdate?: ReferentialAction | 'no action'
  readonly match?: 'full' | 'simple'
  /** The columns that ON DELETE SET NULL or SET DEFAULT sets, when not all (PostgreSQL 15). */
  readonly setColumns?: readonly ColumnInput[]
}

/** The referenced columns, given by a function, because their table may be declared further down. */
export type ColumnsReferenced = () => ColumnReference | readonly ColumnReference[]

export class ForeignKeyBuilder extends DeferrableBuilder {
  #columns: readonly string[] = []
  #target: ColumnsReferenced | { readonly table: QualifiedName; readonly columns: readonly string[] | undefined } | undefined

  /** The columns that refer, in the order of those they refer to. */
  on(...columns: readonly [ColumnInput, ...ColumnInput[]]): this {
    this.#columns = columns.map((column) => columnNameOf('a foreign key', column))
    this.use(...columns)
    return this
  }

  /**
   * The columns referred to: of a declared table by a function, of another one by names.
   *
   * @example foreignKey().on(t.team_id).references(() => teams.id, { onDelete: 'cascade' })
   * @example foreignKey().on(t.a, t.b).references({ schema: 'legacy', name: 'pairs' }, ['a', 'b'])
   */
  references(columns: ColumnsReferenced, options?: ForeignKeyOptions): this
  references(table: NameInput, columns: readonly string[], options?: ForeignKeyOptions): this
  references(target: ColumnsReferenced | NameInput, second?: readonly string[] | ForeignKeyOptions, third?: ForeignKeyOptions): this {
    const named = typeof target !== 'function'
    this.#target = named ? { table: checkedQualifiedName('table', target), columns: second as readonly string[] | undefined } : target
    const { onDelete, onUpdate, match, setColumns } = (named ? third : (second as ForeignKeyOptions | undefined)) ?? {}
    this.use(...(setColumns ?? []))
    return this.set({
      ...(match === 'full' && { match }),
      ...(onUpdate && onUpdate !== 'no action' && { onUpdate }),
      ...(onDelete && onDelete !== 'no action' && { onDelete }),
      ...(setColumns && { setColumns: setColumns.map((column) => columnNameOf('SET NULL of a foreign key', column)) }),
    })
  }

  /** Of a partition: PostgreSQL makes it for that one of the partitioned table; here it gets a name of its own. */
  inherited(from: RelationPart): this {
    return this.set({ inheritsFrom: [from] })
  }

  /** The last column of each side holds a period (PostgreSQL 18). */
  period(): this {
    return this.set({ period: true })
  }

  /** Rows that are there already are not checked. */
  notValid(): this {
    return this.set({ notValid: true })
  }

  /** Nothing is checked; it only tells readers and the planner (PostgreSQL 18). */
  notEnforced(): this {
    return this.set({ notEnforced: true })
  }

  protected attrsOn(table: ElementTarget): ConstraintAttrs {
    const fail = (problem: string, hint: string): never => {
      throw new SchemaError(`${this.label(table)} ${problem}`, { at: this.at, hint })
    }
    if (this.#columns.length === 0) fail('has no columns', 'say which: .on(t.team_id)')
    const target = this.#target ?? fail('refers to nothing', 'say to what: .references(() => teams.id)')
    if (typeof target !== 'function') {
      return { type: 'foreign_key', columns: this.#columns, references: { ...target.table, ...(target.columns && { columns: target.columns }) } }
    }
    const referenced = this.#resolve(target, table)
    const [first] = referenced
    if (referenced.some((column) => column.table.schema !== first!.table.schema || column.table.name !== first!.table.name)) {
      fail('refers to columns of several tables', 'a foreign key refers to one table')
    }
    if (referenced.length !== this.#columns.length) {
      fail(`has ${this.#columns.length} columns and refers to ${referenced.length}`, 'give as many on both sides')
    }
    this.use(...referenced)
    const { schema, name } = first!.table
    return { type: 'foreign_key', columns: this.#columns, references: { schema, name, columns: referenced.map((column) => column.name) } }
  }

  #resolve(target: ColumnsReferenced, table: ElementTarget): readonly ColumnReference[] {
    let columns: unknown
    try {
      columns = target()
    } catch (error) {
      if (error instanceof SchemaError) throw error
      columns = undefined
    }
    const list = (Array.isArray(columns) ? columns : [columns]) as readonly (ColumnReference | undefined)[]
    if (list.length === 0 || list.some((column) => typeof column?.name !== 'string' || !column.table)) {
      throw new SchemaError(`${this.label(table)} refers to something that is not a column of a declared table`, {
        at: this.at,
        hint: 'refer to a column, such as .references(() => teams.id); where files import each other, the table must be exported when the function runs',
      })
    }
    return list as readonly ColumnReference[]
  }
}

/**
 * Declares a foreign key. Without a name PostgreSQL chooses one: `orders_user_id_fkey`.
 *
 * @example foreignKey().on(t.user_id).references(() => users.id, { onDelete: 'cascade' })
 */
export function foreignKey(name?: string): ForeignKeyBuilder {
  return new ForeignKeyBuilder(name)
}

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

export class ExcludeBuilder extends IndexedBuilder {
  #method = 'gist'
  #elements: readonly string[] = []
  #include: readonly string[] = []
  #where: string | undefined
  #parameters: StorageParameters | undefined
  #definition: string | undefined

  constructor(name: string | undefined, definition: SqlSource | undefined) {
    super(name)
    if (definition === undefined) return
    const source = checkedSql('an exclusion constraint', definition)
    this.use(source)
    this.#definition = source.text
  }

  /** The access method of its index; `gist` by default. */
  using(method: string): this {
    this.#method = checkedName('access method', method)
    return this
  }

  /**
   * Pairs of a column or expression and the operator: two rows are in conflict when all of them are true.
   *
   * @example exclude().on([t.room, '='], [t.during, '&&'])
   */
  on(...elements: readonly [column: IndexColumnInput, operator: string][]): this {
    this.#elements = elements.map(([column, operator]) => `${indexColumnText(indexColumnOf('an exclusion constraint', column))} WITH ${operator}`)
    this.use(...elements.map(([column]) => column))
    return this
  }

  /** Further columns that its index holds. */
  include(...columns: readonly ColumnInput[]): this {
    this.#include = columns.map((column) => columnNameOf('the INCLUDE of a constraint', column))
    this.use(...columns)
    return this
  }

  /** Only rows that meet a condition take part. */
  where(condition: SqlSource): this {
    const source = checkedSql('the condition of an exclusion constraint', condition)
    this.use(source)
    this.#where = source.text
    return this
  }

  /** Storage parameters of its index. */
  with(parameters: DeclaredParameters): this {
    this.#parameters = declaredParameters(parameters)
    return this
  }

  /** Tablespace of its index. */
  tablespace(name: string): this {
    return this.set({ tablespace: checkedName('tablespace', name) })
  }

  protected attrsOn(table: ElementTarget): ConstraintAttrs {
    if (this.#definition !== undefined) return { type: 'exclude', definition: this.#definition }
    if (this.#elements.length === 0) {
      throw new SchemaError(`${this.label(table)} excludes nothing`, { at: this.at, hint: "say what: .on([t.room, '='], [t.during, '&&'])" })
    }
    const definition = [
      `EXCLUDE USING ${quoteIdent(this.#method)} (${this.#elements.join(', ')})`,
      ...(this.#include.length > 0 ? [`INCLUDE (${this.#include.map(quoteIdent).join(', ')})`] : []),
      ...(this.#parameters ? [`WITH (${optionsText(this.#parameters)})`] : []),
      ...(this.#where === undefined ? [] : [`WHERE (${this.#where})`]),
    ].join(' ')
    return { type: 'exclude', definition }
  }
}

/**
 * Declares that no two rows are in conflict by some operators, such as overlapping periods of one room. `definition` is an
 * alternative to the methods: the whole of it as SQL, from EXCLUDE on. Without a name PostgreSQL chooses one.
 *
 * @example exclude('no_double_booking').using('gist').on([t.room, '='], [t.during, '&&']).where(sql`not ${t.cancelled}`)
 */
export function exclude(name?: string, definition?: SqlSource): ExcludeBuilder {
  return new ExcludeBuilder(name, definition)
}

const ATTRIBUTE_ORDER: readonly (keyof ConstraintAttrs)[] = [
  'type', 'columns', 'include', 'definition', 'expression', 'references', 'match', 'onUpdate', 'onDelete', 'setColumns', 'period',
  'nullsNotDistinct', 'noInherit', 'deferrable', 'initiallyDeferred', 'notValid', 'notEnforced', 'with', 'tablespace', 'cloned', 'inheritsFrom',
]

function ordered(attrs: ConstraintAttrs): ConstraintAttrs {
  return Object.fromEntries(ATTRIBUTE_ORDER.flatMap((key) => (attrs[key] === undefined ? [] : [[key, attrs[key]]]))) as unknown as ConstraintAttrs
}
