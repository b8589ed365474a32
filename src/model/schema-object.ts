/** Identity of an object as text, unique in a model: `column:app.users.email`. Made by `refOf` only. */
export type Ref = string

/** JSON values: what attributes are made of, so that a model can be compared, hashed and cached as it is. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }

/**
 * One addressable object of a schema. `id` holds the parts of its name, `attrs` everything else that is compared; attributes
 * with PostgreSQL's default value are left out, and keys always come in the same order.
 */
export interface SchemaObject<I = any, A = any> {
  readonly kind: string
  readonly ref: Ref
  /** The object this one is a part of: the table of a column, the target of a comment; null at the top. */
  readonly parent: Ref | null
  readonly id: I
  readonly attrs: A
  /** Place among its siblings where PostgreSQL keeps one (columns); never compared. */
  readonly position?: number
}

/** Identity of an object that lives in a schema. */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/** Identity of a part of a relation: column, constraint, trigger, policy, rule. */
export interface RelationPart extends QualifiedName {
  readonly table: string
}

/**
 * `from` needs `to`. `auto`: PostgreSQL drops `from` by itself when `to` is dropped. `dropOnly`: that is all, since another object
 * makes it so later (the ownership of a sequence by a column). `createOnly`: `from` must only be created after `to`, and can do without it.
 * `attached`: `from` may be there before `to`, and holds on to it since.
 * `inTheWay`: in addition to `createOnly`, `from` must not be there while `to` is created.
 */
export interface Dependency {
  readonly from: Ref
  readonly to: Ref
  readonly auto: boolean
  readonly dropOnly?: true
  readonly createOnly?: true
  readonly inTheWay?: true
  readonly attached?: true
}

/** An object that was seen and that no kind manages. */
export interface UnmanagedObject {
  /** As pg_identify_object names it: `operator`, `text search configuration`. */
  readonly type: string
  readonly identity: string
  /** The schema it lies in, if it lies in one. */
  readonly schema?: string
  /** It does nothing and may be dropped, as an index whose build failed; until then it holds this name: `relation app.users_email`. */
  readonly leftover?: string
}
