import { typeBuilder, type ColumnBuilder } from '../authoring/column-builder.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { Declared } from '../authoring/declared.js'
import { callerPosition } from '../authoring/position.js'
import { SchemaError } from '../errors.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, RelationPart, SchemaObject } from '../model/schema-object.js'
import { MAX_NAME_BYTES, qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement } from '../sql/statement.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { goneFromCode, type Change } from './change-hazards.js'
import { defineKind, PHASES, type AlterContext, type Kind, type KindHazard } from './kind.js'

export type EnumObject = SchemaObject<QualifiedName, { readonly labels: readonly string[] }>

export function enumObject(id: QualifiedName, labels: readonly string[]): EnumObject {
  return { kind: 'enum', ref: refOf('enum', id.schema, id.name), parent: null, id, attrs: { labels } }
}

/** Enumerated types with their labels in order. */
export const enums: Kind = defineKind<EnumObject>({
  kind: 'enum',
  phase: PHASES.type,
  catalog: 'pg_type',
  replacedAside: true,
  occupies: ({ id }) => [`type ${qualified(id.schema, id.name)}`],
  catalogQuery: () => `
    SELECT t.oid, 0, n.nspname, t.typname, t.typarray, l.labels
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN (SELECT enumtypid, array_agg(enumlabel::text ORDER BY enumsortorder) AS labels FROM pg_enum GROUP BY 1) l ON l.enumtypid = t.oid
    WHERE t.typtype = 'e' AND t.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_type', 't.oid')}`,
  fromRow: ([, , schema, name, array, labels]) => ({
    object: enumObject({ schema: schema as string, name: name as string }, (labels as string[] | null) ?? []),
    aliases: [['pg_type', array as number]],
  }),
  create: ({ id, attrs }) => [statement(`CREATE TYPE ${qualified(id.schema, id.name)} AS ENUM (${labelList(attrs.labels)})`)],
  drop: ({ id }) => [statement(`DROP TYPE ${qualified(id.schema, id.name)}`)],
  alter: (from, to) => {
    const statements = addedLabels(from.attrs.labels, to.attrs.labels)
    if (!statements) return 'replace'
    const type = qualified(to.id.schema, to.id.name)
    // PostgreSQL takes a new label within a transaction, but refuses its use before the commit.
    return { statements: statements.map((clause) => ({ ...statement(`ALTER TYPE ${type} ADD VALUE ${clause}`), usableAfterCommit: true })) }
  },
  rename: (from, to) => renameQualified('TYPE', from.id, to.id),
  renamed: ({ id, attrs }, name) => enumObject({ schema: id.schema, name }, attrs.labels),
  address: ({ id }) => `TYPE ${qualified(id.schema, id.name)}`,
  hazards: enumHazards,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${declaringCall(printer, id, 'enum', 'enumType')}, ${printer.literal(attrs.labels)})`,
    variable: id.name,
  }),
})

/** ADD VALUE clauses in an order in which each label's neighbour is there; undefined when more than labels added is different. */
function addedLabels(from: readonly string[], to: readonly string[]): string[] | undefined {
  const kept = to.filter((label) => from.includes(label))
  if (kept.length !== from.length || kept.some((label, index) => label !== from[index])) return undefined
  return to.flatMap((label, index) => {
    if (from.includes(label)) return []
    const next = to.slice(index + 1).find((later) => from.includes(later))
    if (next === undefined) return [quoteLiteral(label)]
    return [index === 0 ? `${quoteLiteral(label)} BEFORE ${quoteLiteral(next)}` : `${quoteLiteral(label)} AFTER ${quoteLiteral(to[index - 1]!)}`]
  })
}

/** Labels that go: code may still write them, and rows may hold them. In another order they are the same. */
function enumHazards(change: Change<EnumObject>, context: AlterContext): readonly KindHazard[] {
  const { from, to } = change
  if (!from || from.ref !== to?.ref) return goneFromCode(change)
  const without = (one: EnumObject, other: EnumObject) => one.attrs.labels.filter((label) => !other.attrs.labels.includes(label)).map(quoteLiteral)
  const [gone, added] = [without(from, to), without(to, from)]
  if (gone.length === 0) return []
  return [
    ...columnsOf(from, context).map(({ id: { schema, table, name }, value, array }): KindHazard => {
      const condition = array ? `${value} && ARRAY[${gone.join(', ')}]::${qualified(from.id.schema, from.id.name)}[]` : `${value} IN (${gone.join(', ')})`
      return {
        code: 'may-fail',
        message: `rows of ${qualified(schema, table)} may hold ${gone.join(' or ')} in ${quoteIdent(name)}`,
        instead: 'give them another value first, with op.backfill',
        count: `SELECT count(*) FROM ${qualified(schema, table)} WHERE ${condition}`,
      }
    }),
    added.length > 0
      ? {
          code: 'breaks-code',
          message: `code that still writes ${gone.join(' or ')} fails, and before it code that writes ${added.join(' or ')}`,
          instead: 'add labels in one release, and take others out in a later one',
          breaksNextRelease: true,
        }
      : { code: 'breaks-code', message: `code that still writes ${gone.join(' or ')} fails`, instead: 'let the release that no longer writes it go first' },
  ]
}

/** The columns that hold its values, alone, in arrays, or as those of a domain; those of partitions and children have theirs counted above. */
function columnsOf({ ref, id }: EnumObject, context: AlterContext): { id: RelationPart; value: string; array: boolean }[] {
  const dependents = context.neededBy('from', ref)
  const domains = dependents.filter(({ kind }) => kind === 'domain')
  const own = qualified(id.schema, id.name)
  const types = [id, ...domains.map((domain) => domain.id as QualifiedName)].map(({ schema, name }) => qualified(schema, name))
  const columns = [...dependents, ...domains.flatMap((domain) => context.neededBy('from', domain.ref))].filter(({ kind }) => kind === 'column')
  return [...new Set(columns)].flatMap((column) => {
    const { type, inherited, relation } = column.attrs as { type?: string; inherited?: true; relation?: string }
    const [base, array] = type?.endsWith('[]') ? [type.slice(0, -2), true] : [type, false]
    const place = column.id as RelationPart
    const isCounted = inherited || relation || context.object('from', refOf('partition', place.schema, place.table))
    return base === undefined || !types.includes(base) || isCounted || !context.object('to', column.ref) ? [] : [{ id: place, value: `${quoteIdent(place.name)}${base === own ? '' : `::${own}${array ? '[]' : ''}`}`, array }]
  })
}

function labelList(labels: readonly string[]): string {
  const list = labels.map(quoteLiteral)
  const line = list.join(', ')
  return line.length <= 90 ? line : `\n  ${list.join(',\n  ')}\n`
}

/** A declared enum; called, it makes a column of its type. */
export interface EnumType<Label extends string> {
  (): ColumnBuilder<Label>
}

export class EnumType<Label extends string> extends Declared implements SqlSource {
  protected readonly kind = enums
  readonly object: EnumObject

  constructor(
    id: QualifiedName,
    readonly labels: readonly Label[],
  ) {
    super(() => typeBuilder(qualified(id.schema, id.name), [refOf('enum', id.schema, id.name)]))
    this.object = enumObject(id, labels)
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.object.id.schema, this.object.id.name), [this.object.ref])
  }
}

/**
 * Declares an enumerated type: `public` for a bare name. The result is called to make a column of it, and stands for its name in
 * sql`…`. Throws SchemaError for a label that occurs twice or that PostgreSQL could not store.
 *
 * @example
 * export const orderStatus = enumType('order_status', ['pending', 'paid', 'shipped'])
 * export const orders = table('orders', { status: orderStatus().notNull().default('pending') })
 */
export function enumType<const Label extends string>(name: NameInput, labels: readonly Label[]): EnumType<Label> {
  const id = checkedQualifiedName('enum', name)
  const seen = new Set<string>()
  for (const label of labels) {
    const fail = (problem: string, hint: string): never => {
      throw new SchemaError(`the label ${JSON.stringify(label)} of enum ${id.schema}.${id.name} ${problem}`, { at: callerPosition(), hint })
    }
    if (typeof label !== 'string') fail('is not a string', 'labels are strings')
    if (label.includes('\0')) fail('holds a NUL character', 'PostgreSQL cannot store it; take it out')
    if (Buffer.byteLength(label) > MAX_NAME_BYTES) fail(`is longer than ${MAX_NAME_BYTES} bytes`, 'PostgreSQL allows no longer labels')
    if (seen.has(label)) fail('occurs twice', 'take one of them out')
    seen.add(label)
  }
  return new EnumType(id, [...labels])
}
