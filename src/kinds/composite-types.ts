import { checkedName } from '../authoring/checks.js'
import { typeBuilder, type ColumnBuilder } from '../authoring/column-builder.js'
import { Declared } from '../authoring/declared.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { collationCode, typeParts, type TypeInput } from '../authoring/type-input.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement, type Statement } from '../sql/statement.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type Kind, type Printer } from './kind.js'
import { typeCode } from './type-printing.js'

export interface CompositeAttribute {
  readonly name: string
  /** As SQL writes it. */
  readonly type: string
  /** Where it is not the collation of the type. */
  readonly collation?: string
  readonly comment?: string
}

export type CompositeTypeObject = SchemaObject<QualifiedName, { readonly attributes: readonly CompositeAttribute[] }>

export function compositeTypeObject(id: QualifiedName, attributes: readonly CompositeAttribute[]): CompositeTypeObject {
  return { kind: 'composite_type', ref: refOf('composite_type', id.schema, id.name), parent: null, id, attrs: { attributes } }
}

/** Free-standing composite types; their attributes, with comments, are no objects of their own: order matters to their values. */
export const compositeTypes: Kind = defineKind<CompositeTypeObject>({
  kind: 'composite_type',
  phase: PHASES.type,
  catalog: 'pg_type',
  replacedAside: true,
  followsAlteration: () => true,
  occupies: ({ id }) => [`relation ${qualified(id.schema, id.name)}`, `type ${qualified(id.schema, id.name)}`],
  catalogQuery: () => `
    SELECT t.oid, 0, n.nspname, t.typname, t.typarray, t.typrelid, a.numbers, a.names, a.types, a.collations, a.comments
    FROM pg_class c
    JOIN pg_type t ON t.oid = c.reltype
    JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN (
      SELECT a.attrelid, array_agg(a.attnum::int ORDER BY a.attnum) AS numbers, array_agg(a.attname::text ORDER BY a.attnum) AS names,
             array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types,
             array_agg(CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END ORDER BY a.attnum) AS collations,
             array_agg(d.description ORDER BY a.attnum) AS comments
      FROM pg_attribute a
      JOIN pg_class r ON r.oid = a.attrelid AND r.relkind = 'c'
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = a.attrelid AND d.objsubid = a.attnum
      WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
      GROUP BY a.attrelid
    ) a ON a.attrelid = c.oid
    WHERE c.relkind = 'c' AND c.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_type', 't.oid')}`,
  fromRow: (row) => {
    const [, , schema, name, array, relation, numbers, names, types, collations, comments] = row as [
      number, number, string, string, number, number, number[] | null, string[], string[], (string | null)[], (string | null)[],
    ]
    const attributes = (numbers ?? []).map((_, index): CompositeAttribute => {
      const [collation, comment] = [collations[index], comments[index]]
      return { name: names[index]!, type: types[index]!, ...(collation && { collation }), ...(comment && { comment }) }
    })
    return {
      object: compositeTypeObject({ schema, name }, attributes),
      aliases: [
        ['pg_type', array],
        ['pg_class', relation],
        ...(numbers ?? []).map((number) => ['pg_class', relation, number] as const),
      ],
    }
  },
  create: (object) => [
    statement(`CREATE TYPE ${nameOf(object)} AS (${attributeList(object.attrs.attributes)})`),
    ...object.attrs.attributes.flatMap((attribute) => (attribute.comment === undefined ? [] : [comment(object, attribute)])),
  ],
  drop: (object) => [statement(`DROP TYPE ${nameOf(object)}`)],
  alter: (from, to) => {
    const statements = attributeChanges(from, to)
    if (!statements) return 'replace'
    // Columns of the type and tables made of it follow; what reads a dropped or retyped attribute does not.
    const dropped = from.attrs.attributes.filter(({ name }) => !to.attrs.attributes.some((attribute) => attribute.name === name))
    const loses = `the values of ${dropped.map(({ name }) => quoteIdent(name)).join(', ')} are gone wherever the type is stored`
    return {
      statements,
      displaces: (dependent) => touchesValues(from, to) && !/^(table|column)$/.test(dependent.kind),
      elseReplace: true,
      ...(dropped.length > 0 && { loses }),
    }
  },
  rename: (from, to) => renameQualified('TYPE', from.id, to.id),
  conversion: (from, to) => convertByName(from, to),
  renamed: ({ id, attrs }, name) => compositeTypeObject({ schema: id.schema, name }, attrs.attributes),
  address: (object) => `TYPE ${nameOf(object)}`,
  hazards: goneFromCode,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${declaringCall(printer, id, 'compositeType', 'compositeType')}, ${attributesCode(attrs.attributes, printer)})`,
    variable: id.name,
  }),
})

/** ALTER TYPE for attributes dropped, retyped and appended; undefined when their order is another one. */
function attributeChanges(from: CompositeTypeObject, to: CompositeTypeObject): Statement[] | undefined {
  const [old, next] = [from.attrs.attributes, to.attrs.attributes]
  const kept = old.filter(({ name }) => next.some((attribute) => attribute.name === name))
  if (kept.some(({ name }, index) => next[index]!.name !== name)) return undefined
  const type = nameOf(to)
  // CASCADE is needed, and only then allowed to be noticed, where tables are made of the type.
  const alter = (change: string) => statement(`ALTER TYPE ${type} ${change}`, [`ALTER TYPE ${type} ${change} CASCADE`])
  return [
    ...old.filter((attribute) => !kept.includes(attribute)).map(({ name }) => alter(`DROP ATTRIBUTE ${quoteIdent(name)}`)),
    ...kept.flatMap((attribute, index) => {
      const wanted = next[index]!
      const retyped = attribute.type !== wanted.type || attribute.collation !== wanted.collation
      return retyped ? [alter(`ALTER ATTRIBUTE ${quoteIdent(wanted.name)} TYPE ${typeText(wanted)}`)] : []
    }),
    ...next.slice(kept.length).map((attribute) => alter(`ADD ATTRIBUTE ${definition(attribute)}`)),
    ...next.flatMap((attribute) => {
      const before = kept.find(({ name }) => name === attribute.name)?.comment
      return attribute.comment === before ? [] : [comment(to, attribute)]
    }),
  ]
}

/** The text of a value names no attributes, so it would put them into the wrong ones when their order changes. */
function convertByName(from: CompositeTypeObject, to: CompositeTypeObject): ((value: string) => string) | undefined {
  const [old, next] = [from.attrs.attributes, to.attrs.attributes]
  if (old.length === next.length && old.every(({ name }, index) => name === next[index]!.name)) return undefined
  return (value) => {
    const fields = next.map(({ name, type }) => {
      const before = old.find((attribute) => attribute.name === name)
      if (!before) return 'NULL'
      // A type of the schema may itself be replaced, so that only its text can be read as the new one.
      const same = before.type === type && !type.includes('.')
      return `(${value}).${quoteIdent(name)}${same ? '' : `::text::${type}`}`
    })
    return `CASE WHEN ${value} IS DISTINCT FROM NULL THEN ROW(${fields.join(', ')})::${nameOf(to)} END`
  }
}

/** Whether values of the type change by more than an attribute that is added. */
function touchesValues(from: CompositeTypeObject, to: CompositeTypeObject): boolean {
  return from.attrs.attributes.some(({ name, type, collation }) => {
    const next = to.attrs.attributes.find((attribute) => attribute.name === name)
    return !next || next.type !== type || next.collation !== collation
  })
}

function comment(object: CompositeTypeObject, attribute: CompositeAttribute): Statement {
  const text = attribute.comment === undefined ? 'NULL' : quoteLiteral(attribute.comment)
  return statement(`COMMENT ON COLUMN ${nameOf(object)}.${quoteIdent(attribute.name)} IS ${text}`)
}

function attributeList(attributes: readonly CompositeAttribute[]): string {
  const list = attributes.map(definition)
  return list.length === 0 ? '' : `\n  ${list.join(',\n  ')}\n`
}

function definition(attribute: CompositeAttribute): string {
  return `${quoteIdent(attribute.name)} ${typeText(attribute)}`
}

function typeText({ type, collation }: CompositeAttribute): string {
  return collation ? `${type} COLLATE ${collation}` : type
}

function nameOf({ id }: CompositeTypeObject): string {
  return qualified(id.schema, id.name)
}

function attributesCode(attributes: readonly CompositeAttribute[], printer: Printer): string {
  if (attributes.length === 0) return '{}'
  // JavaScript would put such keys first, or take them for something else.
  const asList = attributes.some(({ name }) => /^\d+$|^__proto__$/.test(name))
  const lines = attributes.map(({ name, type, collation, comment }) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : printer.string(name)
    const calls = [collation && `.collate(${collationCode(collation, printer)})`, comment && `.comment(${printer.string(comment)})`]
    const code = typeCode(type, printer) + calls.filter(Boolean).join('')
    return asList ? `  [${printer.string(name)}, ${code}],\n` : `  ${key}: ${code},\n`
  })
  return asList ? `[\n${lines.join('')}]` : `{\n${lines.join('')}}`
}

/** The TypeScript type of the values of a composite type with such attributes. */
export type CompositeValue<A> = { [K in keyof A]: A[K] extends ColumnBuilder<infer T, boolean, any> ? T | null : unknown }

/** A declared composite type; called, it makes a column of it. */
export interface CompositeType<A> {
  (): ColumnBuilder<CompositeValue<A>>
}

// oxlint-disable-next-line no-unused-vars -- the interface of the same name uses it
export class CompositeType<A> extends Declared implements SqlSource {
  protected readonly kind = compositeTypes
  readonly #uses: readonly Ref[]

  constructor(
    readonly object: CompositeTypeObject,
    uses: readonly Ref[],
  ) {
    super(() => typeBuilder(nameOf(object), [object.ref]))
    this.#uses = uses
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }

  [AS_SQL](): SqlText {
    return new SqlText(nameOf(this.object), [this.object.ref])
  }
}

/**
 * Declares a composite type with its attributes in order; in `public` for a bare name. The result is called to make a column of
 * it, and stands for its name in sql`…`. A list of pairs keeps names such as '1' in order.
 *
 * @example
 * export const address = compositeType('address', { street: text(), zip: varchar(10).comment('as the post office writes it') })
 * export const shops = table('shops', { address: address().notNull() })
 */
export function compositeType<const A extends { readonly [name: string]: TypeInput<any> }>(
  name: NameInput,
  attributes: A | readonly (readonly [name: string, type: TypeInput<any>])[],
): CompositeType<A> {
  const id = checkedQualifiedName('composite type', name)
  const uses: Ref[] = []
  const entries = Array.isArray(attributes) ? (attributes as readonly [string, TypeInput<any>][]) : Object.entries(attributes)
  const list = entries.map(([key, input]): CompositeAttribute => {
    const { uses: used, ...parts } = typeParts(`attribute ${key} of composite type ${id.schema}.${id.name}`, input)
    uses.push(...used)
    return { name: checkedName('attribute', key), ...parts }
  })
  return new CompositeType<A>(compositeTypeObject(id, list), uses)
}
