import { aggregate } from '../kinds/aggregates.js'
import { collation } from '../kinds/collations.js'
import { compositeType, type CompositeType } from '../kinds/composite-types.js'
import { domain, type DomainType } from '../kinds/domains.js'
import { enumType, type EnumType } from '../kinds/enums.js'
import { func } from '../kinds/functions.js'
import { materializedView } from '../kinds/materialized-views.js'
import { procedure } from '../kinds/procedures.js'
import { rangeType } from '../kinds/range-types.js'
import { schemaObject, schemas, type SchemaNamespace } from '../kinds/schemas.js'
import { sequence } from '../kinds/sequences.js'
import { view } from '../kinds/views.js'
import type { QualifiedName } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { checkedName } from './checks.js'
import { Declared } from './declared.js'
import type { Columns } from './row-types.js'
import type { TypeInput } from './type-input.js'
import { table, type Elements, type Table } from './table-builder.js'

/** What follows the name in a builder's arguments. */
type Rest<F> = F extends (name: any, ...rest: infer R) => unknown ? R : never

/** A declared schema, with a method for everything that lies in one. */
export class SchemaBuilder extends Declared implements SqlSource {
  protected readonly kind = schemas
  readonly object: SchemaNamespace

  constructor(readonly name: string) {
    super()
    this.object = schemaObject(checkedName('schema', name))
  }

  /** Declares a table: see `table`. */
  table<C extends Columns>(name: string, columns: C, elements?: Elements<C>): Table<C> {
    return table(this.#in(name), columns, elements)
  }

  /** Declares a view: see `view`. */
  view(name: string, ...rest: Rest<typeof view>): ReturnType<typeof view> {
    return view(this.#in(name), ...rest)
  }

  /** Declares a materialized view: see `materializedView`. */
  materializedView(name: string, ...rest: Rest<typeof materializedView>): ReturnType<typeof materializedView> {
    return materializedView(this.#in(name), ...rest)
  }

  /** Declares an enumerated type: see `enumType`. */
  enum<const Label extends string>(name: string, labels: readonly Label[]): EnumType<Label> {
    return enumType(this.#in(name), labels)
  }

  /** Declares a collation: see `collation`. */
  collation(name: string, ...rest: Rest<typeof collation>): ReturnType<typeof collation> {
    return collation(this.#in(name), ...rest)
  }

  /** Declares a domain: see `domain`. */
  domain<T = unknown>(name: string, base: TypeInput<T>): DomainType<T> {
    return domain(this.#in(name), base)
  }

  /** Declares a composite type: see `compositeType`. */
  compositeType<const A extends { readonly [name: string]: TypeInput<any> }>(
    name: string,
    attributes: A | readonly (readonly [name: string, type: TypeInput<any>])[],
  ): CompositeType<A> {
    return compositeType(this.#in(name), attributes)
  }

  /** Declares a range type: see `rangeType`. */
  rangeType(name: string, ...rest: Rest<typeof rangeType>): ReturnType<typeof rangeType> {
    return rangeType(this.#in(name), ...rest)
  }

  /** Declares a sequence: see `sequence`. */
  sequence(name: string, ...rest: Rest<typeof sequence>): ReturnType<typeof sequence> {
    return sequence(this.#in(name), ...rest)
  }

  /** Declares a function: see `func`. */
  function(name: string, ...rest: Rest<typeof func>): ReturnType<typeof func> {
    return func(this.#in(name), ...rest)
  }

  /** Declares a procedure: see `procedure`. */
  procedure(name: string, ...rest: Rest<typeof procedure>): ReturnType<typeof procedure> {
    return procedure(this.#in(name), ...rest)
  }

  /** Declares an aggregate: see `aggregate`. */
  aggregate(name: string, ...rest: Rest<typeof aggregate>): ReturnType<typeof aggregate> {
    return aggregate(this.#in(name), ...rest)
  }

  #in(name: string): QualifiedName {
    return { schema: this.name, name }
  }

  [AS_SQL](): SqlText {
    return new SqlText(quoteIdent(this.name), [this.object.ref])
  }
}

/**
 * Declares a schema, PostgreSQL's namespace; its methods declare what lies in it.
 *
 * @example
 * export const app = schema('app')
 * export const users = app.table('users', { id: bigint().generatedAlwaysAsIdentity().primaryKey() })
 */
export function schema(name: string): SchemaBuilder {
  return new SchemaBuilder(name)
}
