import type { ColumnBuilder, Input } from './column-builder.js'

/** The columns of a table as they are declared: builders by name. */
export type Columns = { readonly [name: string]: ColumnBuilder<any, boolean, Input> }

/** Anything with columns of known types: a declared table. */
export interface HasColumns<C extends Columns = Columns> {
  /** Only for inference. */
  readonly $columns: C
}

type Parts<B> = B extends { readonly $column: infer P extends { value: unknown; notNull: boolean; input: Input } } ? P : never
type Value<B> = Parts<B>['notNull'] extends true ? Parts<B>['value'] : Parts<B>['value'] | null
type Flat<T> = { [K in keyof T]: T[K] }

/** Names of columns for which a row to insert may leave the value out. */
type Optional<C extends Columns> = {
  [K in keyof C]: Parts<C[K]>['input'] extends 'never' ? never : Parts<C[K]>['input'] extends 'optional' ? K : Parts<C[K]>['notNull'] extends true ? never : K
}[keyof C]

type Never<C extends Columns> = { [K in keyof C]: Parts<C[K]>['input'] extends 'never' ? K : never }[keyof C]

/**
 * A row of a table as node-postgres reads it.
 *
 * @example type User = Row<typeof users> // { id: string; email: string; nickname: string | null }
 */
export type Row<T extends HasColumns> = Flat<{ -readonly [K in keyof T['$columns']]: Value<T['$columns'][K]> }>

/**
 * A row to insert: columns with a default or that may be NULL can be left out, generated ones have no place.
 *
 * @example type NewUser = Insert<typeof users> // { email: string; nickname?: string | null }
 */
export type Insert<T extends HasColumns> = Flat<
  { -readonly [K in Exclude<keyof T['$columns'], Optional<T['$columns']> | Never<T['$columns']>>]: Value<T['$columns'][K]> } & {
    -readonly [K in Optional<T['$columns']>]?: Value<T['$columns'][K]>
  }
>
