import { checkedName, refuse } from '../../authoring/checks.js'
import type { ElementTarget } from '../../authoring/elements.js'
import { columnNameOf, type ColumnInput } from '../../authoring/index-column.js'
import { SchemaError } from '../../errors.js'
import { declaredParameters, type DeclaredParameters } from '../storage-parameters.js'
import { type ConstraintAttrs } from './attributes.js'
import { IndexedBuilder } from './builder.js'

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
