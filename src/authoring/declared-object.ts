import type { Kind } from '../kinds/kind.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { checkedSql } from './checks.js'
import { Declared } from './declared.js'

/** What builders return of which nothing more can be said than a comment, an owner and privileges. */
export class DeclaredObject extends Declared {
  protected readonly kind: Kind
  readonly #uses: readonly Ref[]

  constructor(
    kind: Kind,
    readonly object: SchemaObject,
    uses: readonly Ref[] = [],
  ) {
    super()
    this.kind = kind
    this.#uses = uses
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }
}

/** The same with a name that stands for it in sql`…`. */
export class NamedObject extends DeclaredObject implements SqlSource {
  constructor(
    kind: Kind,
    object: SchemaObject,
    uses: readonly Ref[],
    readonly sqlName: string,
  ) {
    super(kind, object, uses)
  }

  [AS_SQL](): SqlText {
    return new SqlText(this.sqlName, [this.object.ref])
  }
}

/** A name in SQL as builders take it: text as SQL writes it, sql`…`, or what stands for the object. */
export type NameSource = string | SqlSource

/** Takes names in SQL and keeps the refs that they mention, for the `uses` of a declaration. */
export class NameReader {
  readonly uses: Ref[] = []

  constructor(readonly what: string) {}

  /** The text of a name, or nothing for nothing. */
  readOptional(part: string, value: NameSource | undefined): string | undefined {
    return value === undefined ? undefined : this.read(part, value)
  }

  /** The text of a name. */
  read(part: string, value: NameSource): string {
    const { text, uses } = checkedSql(`${part} of ${this.what}`, value, true)
    this.uses.push(...uses)
    return text
  }
}
