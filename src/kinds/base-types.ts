import { baseTypeObject, BASE_TYPE_ATTRIBUTES, shellTypeObject, type BaseTypeAttributes, type BaseTypeObject } from '../authoring/base-type.js'
import { typeBuilder, type ColumnBuilder } from '../authoring/column-builder.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import { NameReader, type NameSource } from '../authoring/declared-object.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import type { Dependency, Ref } from '../model/schema-object.js'
import { qualified, quoteLiteral } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type AlterContext, type Kind } from './kind.js'

/** Attributes that ALTER TYPE can set. */
const ALTERABLE = ['receive', 'send', 'typmodIn', 'typmodOut', 'analyze', 'subscript', 'storage'] as const

const ALIGNMENTS = { c: 'char', s: 'int2', d: 'double' } as const
const STORAGES = { e: 'external', x: 'extended', m: 'main' } as const

const PARAMETERS: Record<keyof BaseTypeAttributes, string> = {
  input: 'INPUT', output: 'OUTPUT', receive: 'RECEIVE', send: 'SEND', typmodIn: 'TYPMOD_IN', typmodOut: 'TYPMOD_OUT', analyze: 'ANALYZE',
  subscript: 'SUBSCRIPT', length: 'INTERNALLENGTH', passedByValue: 'PASSEDBYVALUE', alignment: 'ALIGNMENT', storage: 'STORAGE',
  category: 'CATEGORY', preferred: 'PREFERRED', default: 'DEFAULT', element: 'ELEMENT', delimiter: 'DELIMITER', collatable: 'COLLATABLE',
}

/** Base types, once the functions that read and write them are there. */
export const baseTypes: Kind = defineKind<BaseTypeObject>({
  kind: 'base_type',
  phase: PHASES.routine + 1,
  catalog: 'pg_type',
  catalogQuery: () => `
    SELECT t.oid, 0, n.nspname, t.typname,
           json_build_object('input', t.typinput::regproc::text, 'output', t.typoutput::regproc::text, 'receive', nullif(t.typreceive, 0)::regproc::text,
             'send', nullif(t.typsend, 0)::regproc::text, 'typmodIn', nullif(t.typmodin, 0)::regproc::text,
             'typmodOut', nullif(t.typmodout, 0)::regproc::text, 'analyze', nullif(t.typanalyze, 0)::regproc::text,
             'subscript', nullif(t.typsubscript, 0)::regproc::text, 'length', nullif(t.typlen, -1), 'passedByValue', t.typbyval,
             'alignment', t.typalign, 'storage', t.typstorage, 'category', nullif(t.typcategory, 'U'), 'preferred', t.typispreferred,
             'default', t.typdefault, 'element', CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END,
             'delimiter', nullif(t.typdelim, ','), 'collatable', t.typcollation <> 0),
           f.functions, t.typarray
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
    LEFT JOIN (
      SELECT d.objid, array_agg(DISTINCT d.refobjid) AS functions
      FROM pg_depend d
      JOIN pg_depend b ON b.classid = d.refclassid AND b.objid = d.refobjid AND b.refclassid = d.classid AND b.refobjid = d.objid
      WHERE d.classid = 'pg_type'::regclass AND d.refclassid = 'pg_proc'::regclass AND d.objid >= 16384
      GROUP BY d.objid
    ) f ON f.objid = t.oid
    WHERE t.typtype = 'b' AND t.typisdefined AND e.oid IS NULL AND t.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_type', 't.oid')}`,
  fromRow: ([, , schema, name, values, functions, array], context) => {
    const row = values as Record<string, string | number | boolean | null>
    const object = baseTypeObject(
      { schema: schema as string, name: name as string },
      Object.fromEntries(
        BASE_TYPE_ATTRIBUTES.map((key) => {
          const value = key === 'alignment' ? ALIGNMENTS[row[key] as 'c'] : key === 'storage' ? STORAGES[row[key] as 'e'] : row[key]
          return [key, value === null || value === false ? undefined : value]
        }),
      ) as unknown as BaseTypeAttributes,
    )
    const dependencies = ((functions as number[] | null) ?? []).flatMap((oid): (Omit<Dependency, 'from'> & { from?: string })[] => {
      const used = context.objectAt('pg_proc', oid)
      return used ? [{ from: used.ref, to: object.parent!, auto: false }, { from: used.ref, to: object.parent!, auto: true, dropOnly: true }] : []
    })
    return { object, aliases: [['pg_type', array as number]], dependencies }
  },
  create: ({ id, attrs }) => [
    statement(`CREATE TYPE ${qualified(id.schema, id.name)} (\n  ${parameters(attrs, BASE_TYPE_ATTRIBUTES).join(',\n  ')}\n)`),
  ],
  drop: () => [],
  replacesParent: ({ ref }, context) => !alterable(ref, context),
  alter: (from, to) => {
    const changed = ALTERABLE.filter((key) => from.attrs[key] !== to.attrs[key])
    const set = changed.map((key) => parameters(to.attrs, [key])[0] ?? `${PARAMETERS[key]} = ${key === 'storage' ? 'plain' : 'NONE'}`)
    return { statements: [statement(`ALTER TYPE ${qualified(to.id.schema, to.id.name)} SET (${set.join(', ')})`)] }
  },
  address: ({ id }) => `TYPE ${qualified(id.schema, id.name)}`,
  // Its shell exports it.
  hazards: goneFromCode,
  print: ({ id, attrs }, printer) => ({
    place: 'element',
    code: `${printer.use('baseType')}(${printer.literal({ schema: id.schema, name: id.name })}, ${printer.literal(attrs)})`,
  }),
})

/** Whether the definition stays and differs only in what ALTER TYPE can set; storage can be had, but not be given up for plain. */
function alterable(ref: string, context: AlterContext): boolean {
  const [from, to] = (['from', 'to'] as const).map((side) => context.object(side, ref)?.attrs as BaseTypeAttributes | undefined)
  if (!from || !to || (from.storage && !to.storage)) return false
  return BASE_TYPE_ATTRIBUTES.every((key) => from[key] === to[key] || (ALTERABLE as readonly string[]).includes(key))
}

function parameters(attrs: BaseTypeAttributes, keys: readonly (keyof BaseTypeAttributes)[]): string[] {
  return keys.flatMap((key) => {
    const value = attrs[key]
    if (value === undefined) return []
    if (value === true) return [key === 'passedByValue' ? PARAMETERS[key] : `${PARAMETERS[key]} = true`]
    const text = key === 'category' || key === 'default' || key === 'delimiter' ? quoteLiteral(String(value)) : String(value)
    return [`${PARAMETERS[key]} = ${text}`]
  })
}

/** What a declared base type is made of: as CREATE TYPE takes it, functions and types as SQL writes their names. */
export type BaseTypeOptions = { readonly [K in keyof BaseTypeAttributes]: BaseTypeAttributes[K] extends string | undefined ? BaseTypeAttributes[K] | NameSource : BaseTypeAttributes[K] }

/** A declared base type; called, it makes a column of it. */
export interface BaseType {
  (): ColumnBuilder<string>
}

export class BaseType extends Declared implements SqlSource {
  protected readonly kind = baseTypes
  readonly #uses: readonly Ref[]

  constructor(
    readonly object: BaseTypeObject,
    uses: readonly Ref[],
  ) {
    super(() => typeBuilder(qualified(object.id.schema, object.id.name), [object.ref]))
    this.#uses = uses
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }

  protected override parts(): readonly Declaration[] {
    return [{ object: shellTypeObject(this.object.id), at: this.at, uses: [] }]
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.object.id.schema, this.object.id.name), [this.object.ref])
  }
}

const FUNCTIONS = ['input', 'output', 'receive', 'send', 'typmodIn', 'typmodOut', 'analyze', 'subscript', 'element'] as const

/**
 * Declares a base type; in `public` for a bare name. The functions that read and write it are declared like all others.
 *
 * @example export const int42 = baseType('int42', { input: 'int42_in', output: 'int42_out', length: 4, passedByValue: true, default: '42' })
 */
export function baseType(name: NameInput, options: BaseTypeOptions): BaseType {
  const id = checkedQualifiedName('type', name)
  const names = new NameReader(`type ${id.schema}.${id.name}`)
  const texts = Object.fromEntries(FUNCTIONS.flatMap((key) => (options[key] === undefined ? [] : [[key, names.readOptional(key, options[key])]])))
  const others = Object.fromEntries(BASE_TYPE_ATTRIBUTES.map((key) => [key, options[key]]))
  return new BaseType(baseTypeObject(id, { ...others, ...texts } as unknown as BaseTypeAttributes), names.uses)
}
