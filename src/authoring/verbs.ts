import type { ConstraintBuilder } from '../kinds/constraints/builder.js'
import type { IndexBuilder } from '../kinds/index-builder.js'
import type { SqlSource } from '../sql/template.js'
import type { ColumnBuilder, Input } from './column-builder.js'
import type { Declared } from './declared.js'
import type { TableElement, TableSource } from './elements.js'

/** The table or view that an element is on. */
export interface Place {
  readonly on: TableSource
}

/** A column of any type. */
export type AnyColumn = ColumnBuilder<any, boolean, Input>

/**
 * The verbs that take what the builders of `pg-autogen/schema` make. Each renders the statements that a generated migration would have, as far as
 * these can be told without a database, and knows its inverse from the declarations that it is given.
 *
 * They throw RevisionError, with the place in the file, for what PostgreSQL cannot do in place.
 */
export interface TypedVerbs {
  /**
   * Creates what is declared, with its parts: a table with its columns, constraints and indexes. Of several objects those come first that others
   * need. What is declared in the callback of a table (triggers, policies, rules, statistics) names the table it is on.
   *
   * @example op.create(app.enum('status', ['open', 'done']))
   * @example op.create(policy('own', { using: sql`owner = current_user` }), { on: 'app.posts' })
   */
  create(...objects: readonly [Declared, ...Declared[]]): void
  create(element: TableElement, place: Place): void
  /**
   * Drops what is declared, of several objects those first that need others; its inverse creates it as declared here.
   *
   * @example op.drop(app.view('old_totals', sql`select 1 as one`))
   */
  drop(...objects: readonly [Declared, ...Declared[]]): void
  drop(element: TableElement, place: Place): void
  /**
   * Turns an object into another one of the same name, in place. Parts that PostgreSQL cannot alter and that hold no data of their own
   * (constraints, indexes, triggers, policies) are dropped and created.
   *
   * @example op.alter(app.enum('status', ['open', 'done']), app.enum('status', ['open', 'stuck', 'done']))
   */
  alter(from: Declared, to: Declared): void
  alter<E extends TableElement>(from: E, to: E, place: Place): void
  /**
   * Gives an object another name in its schema.
   *
   * @example op.rename(users, 'customers')
   */
  rename(object: Declared, name: string): void
  rename(element: TableElement, name: string, place: Place): void
  /**
   * Adds a column, with what its builder declares beside it: default, constraints, comment.
   *
   * @example op.addColumn('app.users', 'email', text().notNull().unique('users_email_key'))
   */
  addColumn(table: TableSource, name: string, column: AnyColumn): void
  /**
   * Drops a column. What it was, where that is given, is its inverse.
   *
   * @example op.dropColumn('app.users', 'email', text().notNull())
   */
  dropColumn(table: TableSource, name: string, was?: AnyColumn): void
  /**
   * Alters a column. `using`: what its new values are, where PostgreSQL does not convert them by itself; it is not for the inverse.
   *
   * @example op.alterColumn('app.users', 'age', text(), integer().notNull(), { using: sql`age::integer` })
   */
  alterColumn(table: TableSource, name: string, from: AnyColumn, to: AnyColumn, options?: { readonly using?: SqlSource }): void
  /** @example op.renameColumn('app.users', 'name', 'full_name') */
  renameColumn(table: TableSource, name: string, to: string): void
  /**
   * Creates an index, in the transaction of the migration: for one made CONCURRENTLY there is `op.outsideTransaction`.
   *
   * @example op.createIndex(users, uniqueIndex('users_by_email').on(sql`lower(email)`))
   */
  createIndex(table: TableSource, index: IndexBuilder): void
  /**
   * Drops an index. One that is given by name only has no inverse.
   *
   * @example op.dropIndex('app.users', index('users_by_email').on('email'))
   */
  dropIndex(table: TableSource, index: IndexBuilder | string): void
  /** @example op.addConstraint('app.orders', check('orders_total', sql`total >= 0`)) */
  addConstraint(table: TableSource, constraint: ConstraintBuilder): void
  /**
   * Drops a constraint. One that is given by name only has no inverse.
   *
   * @example op.dropConstraint('app.orders', 'orders_total')
   */
  dropConstraint(table: TableSource, constraint: ConstraintBuilder | string): void
}
