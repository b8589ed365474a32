import type { SourcePosition } from '../errors.js'
import { columnDefaultObject } from '../kinds/column-defaults.js'
import type { ColumnAttrs, Identity } from '../kinds/column-ddl.js'
import { columnObject } from '../kinds/columns.js'
import type { SecretVariables } from '../kinds/foreign-options.js'
import { check, foreignKey, primaryKey, unique, type ForeignKeyOptions } from '../kinds/constraints/index.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { AS_SQL, isSqlSource, type SqlSource, type SqlText } from '../sql/template.js'
import { checkText, commentObject } from './attachments.js'
import { renamedRef } from '../model/object-ref.js'
import { checkedName, checkedSql, refuse } from './checks.js'
import { literal } from './column-literal.js'
import { settingsAttrs, type ColumnSettings } from './column-settings.js'
import { ColumnReference } from './column-reference.js'
import type { Declaration } from './declared.js'
import type { ElementTarget, TableElement } from './elements.js'
import type { NameInput } from './names.js'
import { callerPosition } from './position.js'

/** Whether a row to insert must have a value for a column, may, or must not. */
export type Input = 'required' | 'optional' | 'never'

/** Options of the sequence behind an identity column. */
export interface IdentityOptions {
  /** Its name, where it is not `<table>_<column>_seq`. */
  readonly name?: string
  readonly start?: number | bigint | string
  readonly increment?: number | bigint | string
  readonly min?: number | bigint | string
  readonly max?: number | bigint | string
  readonly cache?: number | bigint | string
  readonly cycle?: boolean
  /** Whether its numbers may be lost in a crash, where that is not as with the rows of the table (PostgreSQL 15). */
  readonly unlogged?: boolean
}

/** A NOT NULL constraint with a name or properties of its own (PostgreSQL 18). */
export interface NotNullOptions {
  readonly name?: string
  /** Children of the table do not get it. */
  readonly noInherit?: boolean
  /** Rows that are there already are not checked. */
  readonly notValid?: boolean
  /** Only parents of the table declare it, with another name than this one; for an `inherited()` column. */
  readonly inherited?: boolean
  /** With `inherited`: the rows are checked, although those of the parents are not. */
  readonly valid?: boolean
}

/** A foreign key of one column. */
export interface ReferenceOptions extends Omit<ForeignKeyOptions, 'setColumns'> {
  readonly name?: string
  readonly deferrable?: boolean
  readonly initially?: 'immediate' | 'deferred'
}

/** What can be a default; numbers also for types that node-postgres reads as strings since a number cannot hold all of them. */
type Value<T> = T | (string extends T ? number | bigint : never)

interface State {
  readonly type: string
  readonly uses: readonly Ref[]
  readonly at: SourcePosition | undefined
  readonly attrs: Omit<ColumnAttrs, 'type'>
  readonly variables?: SecretVariables
  readonly default?: SqlText
  readonly formerly?: string
  readonly elements: readonly ((column: ColumnReference) => TableElement)[]
  readonly attached: readonly { readonly at: SourcePosition | undefined; readonly make: (target: Ref, on: string) => SchemaObject }[]
}

/**
 * A column before it has a name: its type, made by `text()`, `integer()` and the like, and what is said about it by method calls.
 * Every call gives back another builder, so that one can be used in several tables.
 *
 * @example email: text().notNull().unique()
 */
export class ColumnBuilder<T = unknown, NotNull extends boolean = false, Into extends Input = 'required'> {
  /** Only for inference. */
  declare readonly $column: { readonly value: T; readonly notNull: NotNull; readonly input: Into }
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  #with<N extends boolean = NotNull, I extends Input = Into>(change: Partial<State>): ColumnBuilder<T, N, I> {
    return new ColumnBuilder({ ...this.#state, ...change })
  }

  #withAttrs<N extends boolean = NotNull, I extends Input = Into>(attrs: Partial<ColumnAttrs>, uses: readonly Ref[] = []): ColumnBuilder<T, N, I> {
    return this.#with({ attrs: { ...this.#state.attrs, ...attrs }, uses: [...this.#state.uses, ...uses] })
  }

  /**
   * NULL is refused.
   *
   * @example text().notNull()
   * @example text().notNull({ name: 'users_email_required' }) // PostgreSQL 18
   */
  notNull(options?: NotNullOptions): ColumnBuilder<T, true, Into> {
    const { name, noInherit, notValid, inherited, valid } = options ?? {}
    if (inherited && (noInherit || notValid)) refuse('a NOT NULL that only parents declare says neither noInherit nor notValid', 'it is as theirs are')
    if (valid && !inherited) refuse('valid is for a NOT NULL that only parents declare', 'a NOT NULL of the table itself is valid unless it says notValid')
    const named = {
      ...(name !== undefined && { name: checkedName('constraint', name) }),
      ...(noInherit && { noInherit: true as const }),
      ...(notValid && { notValid: true as const }),
      ...(valid && { valid: true as const }),
    }
    const plain = Object.keys(named).length === 0
    if (inherited) return this.#withAttrs({ notNull: plain ? 'inherited' : { ...named, inherited: true } })
    return this.#withAttrs({ notNull: plain ? true : named })
  }

  /**
   * The value of rows that give none: a value of the column, or an expression as sql`…`.
   *
   * @example timestamptz().default(sql`now()`)
   */
  default(value: Value<T> | SqlSource): ColumnBuilder<T, NotNull, Into extends 'required' ? 'optional' : Into> {
    if (this.#state.attrs.generated || this.#state.attrs.identity) refuse('a generated column cannot have a default', 'take one of the two away')
    return this.#with({ default: literal(value, 'the default') })
  }

  /** Numbers itself; a value given by INSERT is refused unless it says OVERRIDING SYSTEM VALUE. */
  generatedAlwaysAsIdentity(options: IdentityOptions = {}): ColumnBuilder<T, true, 'never'> {
    return this.#withAttrs({ identity: identityOf('always', options), notNull: this.#state.attrs.notNull ?? true })
  }

  /** Numbers itself where INSERT gives no value. */
  generatedByDefaultAsIdentity(options: IdentityOptions = {}): ColumnBuilder<T, true, 'optional'> {
    return this.#withAttrs({ identity: identityOf('by default', options), notNull: this.#state.attrs.notNull ?? true })
  }

  /**
   * Computed from other columns of the row: stored, or on reading with `{ virtual: true }` (PostgreSQL 18).
   *
   * @example numeric(12, 2).generatedAlwaysAs(sql`price * quantity`)
   */
  generatedAlwaysAs(expression: SqlSource, options: { readonly virtual?: boolean } = {}): ColumnBuilder<T, NotNull, 'never'> {
    const { text, uses } = checkedSql('the expression of a generated column', expression)
    return this.#withAttrs({ generated: { expression: text, ...(options.virtual && { virtual: true }) } }, uses)
  }

  /**
   * The column alone is the primary key. Without a name PostgreSQL chooses one: `users_pkey`.
   *
   * @example id: bigint().generatedAlwaysAsIdentity().primaryKey()
   */
  primaryKey(name?: string): ColumnBuilder<T, true, Into> {
    return this.#withAttrs<true>({ notNull: this.#state.attrs.notNull ?? true }).#withElement(() => primaryKey(name), (key, column) => key.on(column))
  }

  /**
   * No two rows have the same value. Without a name PostgreSQL chooses one: `users_email_key`.
   *
   * @example email: text().notNull().unique()
   */
  unique(name?: string, options: { readonly nullsNotDistinct?: boolean } = {}): ColumnBuilder<T, NotNull, Into> {
    return this.#withElement(
      () => (options.nullsNotDistinct ? unique(name).nullsNotDistinct() : unique(name)),
      (key, column) => key.on(column),
    )
  }

  /**
   * A foreign key of this column alone. The other column is given by a function, because its table may be declared further down;
   * or by names.
   *
   * @example user_id: bigint().references(() => users.id, { onDelete: 'cascade' })
   * @example user_id: bigint().references({ schema: 'legacy', name: 'users' }, 'id')
   */
  references(column: () => any, options?: ReferenceOptions): ColumnBuilder<T, NotNull, Into>
  references(table: NameInput, column: string, options?: ReferenceOptions): ColumnBuilder<T, NotNull, Into>
  references(target: (() => any) | NameInput, second?: string | ReferenceOptions, third?: ReferenceOptions): ColumnBuilder<T, NotNull, Into> {
    const { name, deferrable, initially, ...options } = (typeof target === 'function' ? (second as ReferenceOptions | undefined) : third) ?? {}
    return this.#withElement(
      () => {
        const key = foreignKey(name)
        if (typeof target === 'function') key.references(target, options)
        else key.references(target, [second as string], options)
        return deferrable || initially ? key.deferrable({ initially }) : key
      },
      (key, column) => key.on(column),
    )
  }

  /**
   * A condition that every row meets.
   *
   * @example total: numeric().check(sql`total >= 0`)
   * @example total: numeric().check('orders_total_positive', sql`total >= 0`)
   */
  check(name: string, condition: SqlSource): ColumnBuilder<T, NotNull, Into>
  check(condition: SqlSource): ColumnBuilder<T, NotNull, Into>
  check(first: string | SqlSource, second?: SqlSource): ColumnBuilder<T, NotNull, Into> {
    return this.#withElement(
      () => (typeof first === 'string' ? check(first, second!) : check(first)),
      (element, column) => element.over(column),
    )
  }

  /** `make` is called at once, so that its input is checked, and for every table that has the column. */
  #withElement<E extends TableElement>(make: () => E, on: (element: E, column: ColumnReference) => TableElement): this {
    make()
    const at = callerPosition()
    const element = (column: ColumnReference) => on(Object.assign(make(), { at }), column)
    return this.#with({ elements: [...this.#state.elements, element] }) as ColumnBuilder<any, any, any> as this
  }

  /**
   * Sorts and compares by this collation: a name, or a declared collation.
   *
   * @example text().collate('C')
   */
  collate(collation: string | SqlSource): ColumnBuilder<T, NotNull, Into> {
    if (isSqlSource(collation)) {
      const { text, uses } = collation[AS_SQL]()
      return this.#withAttrs({ collation: text }, uses)
    }
    return this.#withAttrs({ collation: quoteIdent(checkedName('collation', collation)) })
  }

  /**
   * How PostgreSQL stores the column and what it keeps about it.
   *
   * @example bytea().settings({ storage: 'external', statistics: 500 })
   */
  settings(settings: ColumnSettings): ColumnBuilder<T, NotNull, Into> {
    const { attrs, variables } = settingsAttrs(settings)
    return this.#with({ attrs: { ...this.#state.attrs, ...attrs }, ...(variables && { variables }) })
  }

  /**
   * The column comes from a parent of the table, and is only named for what this table says about it beyond that.
   *
   * @example app.table('b', { created_at: timestamptz().inherited().default(sql`now()`) }).inherits(a)
   */
  inherited(): ColumnBuilder<T, NotNull, Into> {
    return this.#withAttrs({ inherited: true })
  }

  /**
   * What COMMENT ON says about the column.
   *
   * @example text().comment('as the customer wrote it')
   */
  comment(text: string): ColumnBuilder<T, NotNull, Into> {
    checkText(text)
    const attached = { at: callerPosition(), make: (target: Ref, on: string) => commentObject(target, on, text) }
    return this.#with({ attached: [...this.#state.attached, attached] })
  }

  /**
   * An array of the type.
   *
   * @example text().array() // text[]
   */
  array(): ColumnBuilder<T[], NotNull, Into> {
    return new ColumnBuilder({ ...this.#state, type: `${this.#state.type}[]` })
  }

  /**
   * The name it had before: where the database still has that one, the column is renamed and keeps its values, instead of being
   * dropped and added. May stay when that is done.
   *
   * @example full_name: text().renamedFrom('name')
   */
  renamedFrom(name: string): ColumnBuilder<T, NotNull, Into> {
    return this.#with({ formerly: checkedName('column', name) })
  }

  /**
   * Another TypeScript type for the column's values; PostgreSQL knows nothing of it.
   *
   * @example jsonb().$type<{ theme: 'dark' | 'light' }>()
   */
  $type<U>(): ColumnBuilder<U, NotNull, Into> {
    return new ColumnBuilder(this.#state)
  }

  /** What a table with this column declares for it. */
  columnDeclarations(table: ElementTarget, name: string, position: number): Declaration[] {
    const { at, uses } = this.#state
    const id = { schema: table.schema, table: table.name, name }
    const attrs = orderedAttrs({ ...this.#state.attrs, type: this.#state.type })
    const { variables } = this.#state
    const column = { ...columnObject(id, attrs, position), ...(variables && { variables }) }
    const reference = new ColumnReference({ schema: table.schema, name: table.name }, name, column.ref)
    return [
      { object: column, at, uses, ...(this.#state.formerly !== undefined && { formerly: renamedRef(column, this.#state.formerly) }) },
      ...(this.#state.default ? [{ object: columnDefaultObject(id, { expression: this.#state.default.text, ...(attrs.inherited && { apart: 'INHERITED' as const }) }), at, uses: this.#state.default.uses }] : []),
      ...this.#state.elements.flatMap((element) => element(reference).elementDeclarations(table)),
      ...this.#state.attached.map(({ at, make }) => ({
        object: make(column.ref, `COLUMN ${qualified(table.schema, table.name, name)}`),
        at,
        uses: [column.ref],
      })),
    ]
  }
}

/**
 * A column of the type that SQL names so. Types of schema.ts give their own ref in `uses`.
 *
 * @example typeBuilder<string>('app.order_status', [refOf('enum', 'app', 'order_status')])
 */
export function typeBuilder<T = unknown, NotNull extends boolean = false, Into extends Input = 'required'>(
  type: string,
  uses: readonly Ref[] = [],
): ColumnBuilder<T, NotNull, Into> {
  return new ColumnBuilder({ type, uses, at: callerPosition(), attrs: {}, elements: [], attached: [] })
}

const ATTRIBUTE_ORDER = ['type', 'inherited', 'collation', 'notNull', 'identity', 'generated', 'storage', 'compression', 'statistics', 'options', 'foreign'] as const

function orderedAttrs(attrs: ColumnAttrs): ColumnAttrs {
  return Object.fromEntries(ATTRIBUTE_ORDER.flatMap((key) => (attrs[key] === undefined ? [] : [[key, attrs[key]]])))
}

const IDENTITY_OPTIONS: Readonly<Record<keyof IdentityOptions, true>> = {
  name: true, start: true, increment: true, min: true, max: true, cache: true, cycle: true, unlogged: true,
}

function identityOf(generated: Identity['generated'], options: IdentityOptions): Identity {
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(IDENTITY_OPTIONS, key))
  if (unknown !== undefined) refuse(`${unknown} is no option of an identity column`, `there are ${Object.keys(IDENTITY_OPTIONS).join(', ')}`)
  const number = (key: string, value: IdentityOptions['start']) => {
    if (value === undefined) return {}
    if (!/^-?\d+$/.test(String(value))) refuse(`${key} of an identity column is not a whole number`, 'write large numbers as strings')
    return { [key]: String(value) }
  }
  return {
    generated,
    ...(options.name !== undefined && { name: checkedName('sequence', options.name) }),
    ...number('start', options.start),
    ...number('increment', options.increment),
    ...number('min', options.min),
    ...number('max', options.max),
    ...number('cache', options.cache),
    ...(options.cycle && { cycle: true }),
    ...(options.unlogged !== undefined && { unlogged: options.unlogged }),
  }
}
