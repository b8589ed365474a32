import { checkedName } from '../authoring/checks.js'
import { typeBuilder, type ColumnBuilder } from '../authoring/column-builder.js'
import { literal } from '../authoring/column-literal.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import { DomainCheck, type DomainCheckOptions } from '../authoring/domain-check.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { collationCode, typeParts, type TypeInput } from '../authoring/type-input.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement } from '../sql/statement.js'
import { AS_SQL, isSqlSource, SqlText, type SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { typeCode } from './type-printing.js'

export interface DomainAttributes {
  /** The base type as SQL writes it. */
  readonly type: string
  /** Where it is not the collation of the base type; as SQL writes it. */
  readonly collation?: string
  readonly default?: string
  /** With the constraint's name where it is not the one PostgreSQL gives. */
  readonly notNull?: true | { readonly name: string }
}

export type DomainObject = SchemaObject<QualifiedName, DomainAttributes>

export function domainObject(id: QualifiedName, { type, collation, default: expression, notNull }: DomainAttributes): DomainObject {
  return {
    kind: 'domain',
    ref: refOf('domain', id.schema, id.name),
    parent: null,
    id,
    attrs: { type, ...(collation && { collation }), ...(expression !== undefined && { default: expression }), ...(notNull && { notNull }) },
  }
}

/** Domains; their checks are objects of their own. NOT NULL is a named constraint from PostgreSQL 17 on. */
export const domains: Kind = defineKind<DomainObject>({
  kind: 'domain',
  phase: PHASES.type,
  catalog: 'pg_type',
  replacedAside: true,
  followsAlteration: () => true,
  holdsExpressions: ({ attrs }) => attrs.default !== undefined,
  occupies: ({ id }) => [`type ${qualified(id.schema, id.name)}`],
  catalogQuery: ({ major }) => `
    SELECT t.oid, 0, n.nspname, t.typname, t.typarray, format_type(t.typbasetype, t.typtypmod),
           CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END,
           t.typnotnull, pg_get_expr(t.typdefaultbin, 0), ${major >= 17 ? 'nn.conname' : 'NULL'}
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_type b ON b.oid = t.typbasetype
    ${major >= 17 ? "LEFT JOIN pg_constraint nn ON nn.contypid = t.oid AND nn.contype = 'n' AND nn.conname <> t.typname || '_not_null'" : ''}
    WHERE t.typtype = 'd' AND t.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_type', 't.oid')}`,
  fromRow: (row) => {
    const [, , schema, name, array, type, collation, notNull, expression, constraint] = row as [
      number, number, string, string, number, string, string | null, boolean, string | null, string | null,
    ]
    return {
      object: domainObject(
        { schema, name },
        {
          type,
          ...(collation !== null && { collation }),
          ...(expression !== null && { default: expression }),
          ...(notNull && { notNull: constraint === null ? true : { name: constraint } }),
        },
      ),
      aliases: [['pg_type', array]],
    }
  },
  create: ({ id, attrs }, _parts, checks) => {
    const head = `CREATE DOMAIN ${qualified(id.schema, id.name)} AS ${attrs.type}`
    const clauses = [...clausesOf(attrs), ...checks]
    return [statement(clauses.length > 1 ? [head, ...clauses].join('\n  ') : [head, ...clauses].join(' '))]
  },
  drop: ({ id }) => [statement(`DROP DOMAIN ${qualified(id.schema, id.name)}`)],
  alter: (from, to, { version }) => {
    if (from.attrs.type !== to.attrs.type || from.attrs.collation !== to.attrs.collation) return 'replace'
    const changes: string[] = []
    if (from.attrs.default !== to.attrs.default) {
      changes.push(to.attrs.default === undefined ? 'DROP DEFAULT' : `SET DEFAULT ${to.attrs.default}`)
    }
    changes.push(...notNullChanges(from, to, version.major >= 17))
    const domain = qualified(to.id.schema, to.id.name)
    // A column of a type that contains the domain, such as an array, cannot be checked: PostgreSQL refuses NOT NULL then.
    return { statements: changes.map((change) => statement(`ALTER DOMAIN ${domain} ${change}`)), elseReplace: true }
  },
  rename: (from, to) => renameQualified('DOMAIN', from.id, to.id),
  renamed: ({ id, attrs }, name) => domainObject({ schema: id.schema, name }, attrs),
  address: ({ id }) => `DOMAIN ${qualified(id.schema, id.name)}`,
  hazards: goneFromCode,
  print: ({ ref, id, attrs }, printer) => {
    const withMore = printer.children(ref).filter((child) => printer.children(child.ref).length > 0)
    const checks = printer.printed(ref, 'element').map(({ code }) =>
      withMore.some((child) => code.startsWith(`(${printer.string(String(child.id.name))}, `)) ? `.check(${printer.use('domainCheck')}${code})` : `.check${code}`,
    )
    const calls = [
      attrs.collation !== undefined && `.collate(${collationCode(attrs.collation, printer)})`,
      attrs.notNull !== undefined && `.notNull(${attrs.notNull === true ? '' : printer.string(attrs.notNull.name)})`,
      attrs.default !== undefined && `.default(${printer.sql(attrs.default)})`,
      ...checks,
    ].filter((call) => call !== false)
    return {
      place: 'export',
      code: `${declaringCall(printer, id, 'domain', 'domain')}, ${typeCode(attrs.type, printer)})${calls.join('')}`,
      variable: id.name,
    }
  },
})

function clausesOf({ collation, default: expression, notNull }: DomainAttributes): string[] {
  const clauses: string[] = []
  if (collation) clauses.push(`COLLATE ${collation}`)
  if (expression !== undefined) clauses.push(`DEFAULT ${expression}`)
  if (notNull) clauses.push(notNull === true ? 'NOT NULL' : `CONSTRAINT ${quoteIdent(notNull.name)} NOT NULL`)
  return clauses
}

function notNullChanges(from: DomainObject, to: DomainObject, named: boolean): string[] {
  const [old, next] = [from.attrs.notNull, to.attrs.notNull]
  if (JSON.stringify(old) === JSON.stringify(next)) return []
  if (!next) return ['DROP NOT NULL']
  if (!old) return [next === true || !named ? 'SET NOT NULL' : `ADD CONSTRAINT ${quoteIdent(next.name)} NOT NULL`]
  const name = (object: DomainObject, notNull: true | { name: string }) => (notNull === true ? `${object.id.name}_not_null` : notNull.name)
  return [`RENAME CONSTRAINT ${quoteIdent(name(from, old))} TO ${quoteIdent(name(to, next))}`]
}

/** A declared domain; called, it makes a column of it. */
export interface DomainType<T> {
  (): ColumnBuilder<T>
}

export class DomainType<T> extends Declared implements SqlSource {
  protected readonly kind = domains
  readonly #id: QualifiedName
  readonly #uses: Ref[]
  readonly #checks: DomainCheck[] = []
  #attrs: DomainAttributes

  constructor(id: QualifiedName, base: TypeInput<T>) {
    super(() => typeBuilder(qualified(id.schema, id.name), [refOf('domain', id.schema, id.name)]))
    const { type, collation, uses } = typeParts(`domain ${id.schema}.${id.name}`, base)
    this.#id = id
    this.#attrs = { type, ...(collation && { collation }) }
    this.#uses = [...uses]
  }

  get object(): DomainObject {
    return domainObject(this.#id, this.#attrs)
  }

  /** Sorts and compares by this collation: a name, or a declared collation. */
  collate(collation: string | SqlSource): this {
    const text = isSqlSource(collation) ? this.#take(collation) : quoteIdent(checkedName('collation', collation))
    this.#attrs = { ...this.#attrs, collation: text }
    return this
  }

  /** NULL is refused; the name of the constraint counts from PostgreSQL 17 on. */
  notNull(name?: string): this {
    this.#attrs = { ...this.#attrs, notNull: name === undefined ? true : { name: checkedName('constraint', name) } }
    return this
  }

  /** The value of columns of the domain that have no default of their own: a value, or an expression as sql`…`. */
  default(value: T | SqlSource): this {
    this.#attrs = { ...this.#attrs, default: this.#take(literal(value, `the default of domain ${this.#id.schema}.${this.#id.name}`)) }
    return this
  }

  /**
   * What must not be false for a value, which the expression calls `value`.
   *
   * @example domain('year', integer()).check('year_range', sql`value between 1901 and 2155`)
   */
  check(check: DomainCheck): this
  check(expression: SqlSource): this
  check(name: string, expression: SqlSource, options?: DomainCheckOptions): this
  check(first: DomainCheck | SqlSource | string, expression?: SqlSource, options: DomainCheckOptions = {}): this {
    if (typeof first === 'string') this.#checks.push(new DomainCheck(checkedName('constraint', first), expression!, options))
    else if (isSqlSource(first)) this.#checks.push(new DomainCheck(null, first, options))
    else this.#checks.push(first)
    return this
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }

  protected override parts(): readonly Declaration[] {
    return this.#checks.flatMap((check, index) => check.declarationsOn(this.#id, index + 1))
  }

  #take(sql: SqlSource): string {
    const { text, uses } = sql[AS_SQL]()
    this.#uses.push(...uses)
    return text
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.#id.schema, this.#id.name), [this.object.ref])
  }
}

/**
 * Declares a domain, a type with a narrower range of values; in `public` for a bare name. The result is called to make a column of
 * it, and stands for its name in sql`…`.
 *
 * @example
 * export const email = domain('email', text()).notNull().check('email_at', sql`value ~ '@'`)
 * export const users = table('users', { email: email().unique() })
 */
export function domain<T = unknown>(name: NameInput, base: TypeInput<T>): DomainType<T> {
  return new DomainType<T>(checkedQualifiedName('domain', name), base)
}
