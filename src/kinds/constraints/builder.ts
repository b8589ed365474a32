import { checkedName } from '../../authoring/checks.js'
import type { Declaration } from '../../authoring/declared.js'
import type { ElementTarget } from '../../authoring/elements.js'
import { usesOf } from '../../authoring/index-column.js'
import { columnsAmong } from '../../authoring/naming.js'
import { RelationElement } from '../../authoring/relation-element.js'
import { SchemaError } from '../../errors.js'
import type { Ref, RelationPart, SchemaObject } from '../../model/schema-object.js'
import { qualified, quoteIdent } from '../../sql/identifiers.js'
import { clusterObject } from '../clusters.js'
import { indexPartitionObject } from '../index-partitions.js'
import { constraintObject, type Constraint, type ConstraintAttrs } from './attributes.js'
import { constraints } from './kind.js'
import { conventionalName } from './names.js'

let unnamed = 0

/** What every constraint can say. */
export abstract class ConstraintBuilder extends RelationElement {
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
    const attrs = ordered({ ...this.attrsOn(table), ...this.#attrs })
    const name = this.name ?? conventionalName(table, attrs, attrs.columns ?? columnsAmong(this.#uses, table)) ?? null
    const id = { schema: table.schema, table: table.name, name }
    return { ...constraintObject(id, attrs, this.#ordinal), parent: table.ref } satisfies Constraint
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
export abstract class DeferrableBuilder extends ConstraintBuilder {
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
export abstract class IndexedBuilder extends DeferrableBuilder {
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
    const { ref, id: { name } } = declarations[0]!.object as Constraint
    if (name === null) throw new SchemaError(`${this.label(table)} needs a name for what is said about it`, { at: this.at, hint: 'give it one' })
    const id = { schema: table.schema, table: table.name, name }
    const add = (object: SchemaObject) => declarations.push({ object, at: this.at, uses: [ref] })
    if (this.#attachedTo) add(indexPartitionObject(id, ref, { parent: this.#attachedTo }))
    if (this.#cluster) add(clusterObject({ schema: table.schema, name: table.name }, table.ref, name))
    return declarations
  }
}

const ATTRIBUTE_ORDER: readonly (keyof ConstraintAttrs)[] = [
  'type', 'columns', 'include', 'definition', 'expression', 'references', 'match', 'onUpdate', 'onDelete', 'setColumns', 'period',
  'nullsNotDistinct', 'noInherit', 'deferrable', 'initiallyDeferred', 'notValid', 'notEnforced', 'with', 'tablespace', 'cloned', 'inheritsFrom',
]

function ordered(attrs: ConstraintAttrs): ConstraintAttrs {
  return Object.fromEntries(ATTRIBUTE_ORDER.flatMap((key) => (attrs[key] === undefined ? [] : [[key, attrs[key]]]))) as unknown as ConstraintAttrs
}
