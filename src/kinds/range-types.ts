import { checkedName, checkedSql } from '../authoring/checks.js'
import { typeBuilder, type ColumnBuilder } from '../authoring/column-builder.js'
import { Declared } from '../authoring/declared.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { collationCode, typeParts, type TypeInput } from '../authoring/type-input.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { cutName, MAX_NAME_BYTES, qualified, quoteIdent } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement, type Statement } from '../sql/statement.js'
import { AS_SQL, isSqlSource, SqlText, type SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type CatalogAddress, type Kind } from './kind.js'
import { typeCode } from './type-printing.js'

export interface RangeTypeAttributes {
  /** As SQL writes it, like all names here. */
  readonly subtype: string
  /** Where it is not the default of the subtype. */
  readonly operatorClass?: string
  readonly collation?: string
  readonly canonical?: string
  readonly subtypeDiff?: string
  /** Where it is not the one PostgreSQL gives. */
  readonly multirange?: QualifiedName
}

export type RangeTypeObject = SchemaObject<QualifiedName, RangeTypeAttributes>

export function rangeTypeObject(id: QualifiedName, attributes: RangeTypeAttributes): RangeTypeObject {
  const { subtype, operatorClass, collation, canonical, subtypeDiff, multirange } = attributes
  return {
    kind: 'range_type',
    ref: refOf('range_type', id.schema, id.name),
    parent: null,
    id,
    attrs: {
      subtype,
      ...(operatorClass && { operatorClass }),
      ...(collation && { collation }),
      ...(canonical && { canonical }),
      ...(subtypeDiff && { subtypeDiff }),
      ...(multirange && !isDefaultMultirange(id, multirange) && { multirange: { schema: multirange.schema, name: multirange.name } }),
    },
  }
}

/** Range types, each with the multirange type and the constructor functions that PostgreSQL makes for it. */
export const rangeTypes: Kind = defineKind<RangeTypeObject>({
  kind: 'range_type',
  phase: PHASES.type,
  catalog: 'pg_type',
  replacedAside: true,
  followsAlteration: () => true,
  occupies: ({ id, attrs }) => [id, multirangeOf({ id, attrs })].map(({ schema, name }) => `type ${qualified(schema, name)}`),
  catalogQuery: () => `
    SELECT t.oid, 0, n.nspname, t.typname, t.typarray, format_type(r.rngsubtype, NULL),
           CASE WHEN NOT o.opcdefault THEN quote_ident(opn.nspname) || '.' || quote_ident(o.opcname) END,
           CASE WHEN r.rngcollation <> s.typcollation THEN r.rngcollation::regcollation::text END,
           nullif(r.rngcanonical, 0)::regproc::text, nullif(r.rngsubdiff, 0)::regproc::text,
           mn.nspname, m.typname, m.oid, m.typarray, f.functions
    FROM pg_range r
    JOIN pg_type t ON t.oid = r.rngtypid
    JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_type s ON s.oid = r.rngsubtype
    JOIN pg_opclass o ON o.oid = r.rngsubopc
    JOIN pg_namespace opn ON opn.oid = o.opcnamespace
    JOIN pg_type m ON m.oid = r.rngmultitypid
    JOIN pg_namespace mn ON mn.oid = m.typnamespace
    LEFT JOIN (
      SELECT x.rngtypid, array_agg(d.objid) AS functions
      FROM pg_range x
      JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (x.rngtypid, x.rngmultitypid)
      WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'i' AND x.rngtypid >= 16384
      GROUP BY x.rngtypid
    ) f ON f.rngtypid = t.oid
    WHERE t.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_type', 't.oid')}`,
  fromRow: (row) => {
    const [, , schema, name, array, subtype, operatorClass, collation, canonical, subtypeDiff, multirangeSchema, multirange, ...further] = row as [
      number, number, string, string, number, string, string | null, string | null, string | null, string | null, string, string, number, number, number[] | null,
    ]
    const [multirangeOid, multirangeArray, functions] = further
    return {
      object: rangeTypeObject(
        { schema, name },
        {
          subtype,
          ...(operatorClass && { operatorClass }),
          ...(collation && { collation }),
          ...(canonical && { canonical }),
          ...(subtypeDiff && { subtypeDiff }),
          multirange: { schema: multirangeSchema, name: multirange },
        },
      ),
      aliases: [
        ...[array, multirangeOid, multirangeArray].map((oid): CatalogAddress => ['pg_type', oid]),
        ...(functions ?? []).map((oid): CatalogAddress => ['pg_proc', oid]),
      ],
    }
  },
  create: ({ id, attrs }) => {
    const { subtype, operatorClass, collation, canonical, subtypeDiff, multirange } = attrs
    const parameters = [
      `subtype = ${subtype}`,
      operatorClass && `subtype_opclass = ${operatorClass}`,
      collation && `collation = ${collation}`,
      canonical && `canonical = ${canonical}`,
      subtypeDiff && `subtype_diff = ${subtypeDiff}`,
      multirange && `multirange_type_name = ${qualified(multirange.schema, multirange.name)}`,
    ].filter((parameter) => parameter)
    const list = parameters.length === 1 ? parameters[0] : `\n  ${parameters.join(',\n  ')}\n`
    return [statement(`CREATE TYPE ${qualified(id.schema, id.name)} AS RANGE (${list})`)]
  },
  drop: ({ id }) => [statement(`DROP TYPE ${qualified(id.schema, id.name)}`)],
  alter: (from, to) => {
    const { multirange: _old, ...old } = from.attrs
    const { multirange: _next, ...next } = to.attrs
    if (JSON.stringify(old) !== JSON.stringify(next)) return 'replace'
    return { statements: renameMultirange(from, to) }
  },
  rename: (from, to) => [
    ...renameQualified('TYPE', from.id, to.id),
    ...renameFunctions(from.id, to.id, [`${to.attrs.subtype}, ${to.attrs.subtype}`, `${to.attrs.subtype}, ${to.attrs.subtype}, text`]),
    ...renameMultirange(from, to),
  ],
  renamed: ({ id, attrs: { multirange: _multirange, ...attrs } }, name) => rangeTypeObject({ schema: id.schema, name }, attrs),
  address: ({ id }) => `TYPE ${qualified(id.schema, id.name)}`,
  hazards: goneFromCode,
  print: ({ id, attrs: { subtype, ...options } }, printer) => {
    const entries = Object.entries(options).map(([key, value]) => {
      if (key === 'collation') return `collation: ${collationCode(value as string, printer)}`
      return `${key}: ${typeof value === 'string' ? printer.string(value) : printer.literal(multirangeInput(id, value))}`
    })
    const further = entries.length > 0 ? `, { ${entries.join(', ')} }` : ''
    return {
      place: 'export',
      code: `${declaringCall(printer, id, 'rangeType', 'rangeType')}, ${typeCode(subtype, printer)}${further})`,
      variable: id.name,
    }
  },
})

function renameMultirange(from: RangeTypeObject, to: RangeTypeObject): Statement[] {
  const range = qualified(to.id.schema, to.id.name)
  return [
    ...renameQualified('TYPE', multirangeOf(from), multirangeOf(to)),
    ...renameFunctions(multirangeOf(from), multirangeOf(to), ['', range, `VARIADIC ${range}[]`]),
  ]
}

/** The constructors are named as the type, and keep their names when it gets another one. */
function renameFunctions(from: QualifiedName, to: QualifiedName, signatures: readonly string[]): Statement[] {
  return signatures.flatMap((signature) => renameQualified('FUNCTION', from, to, `(${signature})`))
}

function multirangeOf({ id, attrs }: Pick<RangeTypeObject, 'id' | 'attrs'>): QualifiedName {
  return attrs.multirange ?? { schema: id.schema, name: defaultMultirangeName(id.name) }
}

function isDefaultMultirange(id: QualifiedName, { schema, name }: QualifiedName): boolean {
  return schema === id.schema && name === defaultMultirangeName(id.name)
}

function multirangeInput(id: QualifiedName, { schema, name }: QualifiedName): NameInput {
  return schema === id.schema ? name : { schema, name }
}

/** PostgreSQL puts `multi` before the first `range`, or `_multirange` at the end. */
function defaultMultirangeName(name: string): string {
  const at = name.indexOf('range')
  return cutName(at < 0 ? `${cutName(name, MAX_NAME_BYTES - 11)}_multirange` : `${name.slice(0, at)}multi${name.slice(at)}`, MAX_NAME_BYTES)
}

/** Options of a declared range type; names of operator classes and functions as SQL writes them. */
export interface RangeTypeOptions {
  readonly operatorClass?: string | SqlSource
  readonly collation?: string | SqlSource
  readonly canonical?: string | SqlSource
  readonly subtypeDiff?: string | SqlSource
  /** Name of the multirange type; a bare name lies in the schema of the range type. */
  readonly multirange?: NameInput
}

/** A declared range type; called, it makes a column of it. */
export interface RangeType {
  (): ColumnBuilder<string>
}

export class RangeType extends Declared implements SqlSource {
  protected readonly kind = rangeTypes
  readonly #uses: readonly Ref[]

  constructor(
    readonly object: RangeTypeObject,
    uses: readonly Ref[],
  ) {
    super(() => typeBuilder(qualified(object.id.schema, object.id.name), [object.ref]))
    this.#uses = uses
  }

  /** A column of the multirange type that belongs to it. */
  multirange(): ColumnBuilder<string> {
    const { schema, name } = multirangeOf(this.object)
    return typeBuilder(qualified(schema, name), [this.object.ref])
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.object.id.schema, this.object.id.name), [this.object.ref])
  }
}

/**
 * Declares a range type; in `public` for a bare name. The result is called to make a column of it, and stands for its name in sql`…`.
 *
 * @example export const floatrange = rangeType('floatrange', doublePrecision(), { subtypeDiff: 'float8mi' })
 */
export function rangeType(name: NameInput, subtype: TypeInput<any>, options: RangeTypeOptions = {}): RangeType {
  const id = checkedQualifiedName('range type', name)
  const what = `range type ${id.schema}.${id.name}`
  const { multirange } = options
  const { type, collation: own, uses } = typeParts(what, subtype)
  const used = [...uses]
  const text = (key: 'operatorClass' | 'canonical' | 'subtypeDiff' | 'collation') => {
    const value = options[key]
    if (value === undefined) return {}
    if (key === 'collation' && !isSqlSource(value)) return { collation: quoteIdent(checkedName('collation', value)) }
    const sql = checkedSql(`${key} of ${what}`, value, true)
    used.push(...sql.uses)
    return { [key]: sql.text }
  }
  const object = rangeTypeObject(id, {
    subtype: type,
    ...text('operatorClass'),
    ...(own && { collation: own }),
    ...text('collation'),
    ...text('canonical'),
    ...text('subtypeDiff'),
    ...(multirange !== undefined && { multirange: typeof multirange === 'string' ? { schema: id.schema, name: checkedName('type', multirange) } : multirange }),
  })
  return new RangeType(object, used)
}
