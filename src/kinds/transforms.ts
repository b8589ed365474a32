import { checkedName } from '../authoring/checks.js'
import { DeclaredObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { typeParts, type TypeInput } from '../authoring/type-input.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { typeCode } from './type-printing.js'

/** The type as SQL writes it. */
export interface TransformName {
  readonly type: string
  readonly language: string
}

/** Functions with their argument types. */
export interface TransformAttributes {
  readonly fromSql?: string
  readonly toSql?: string
}

export type TransformObject = SchemaObject<TransformName, TransformAttributes>

export function transformObject({ type, language }: TransformName, { fromSql, toSql }: TransformAttributes): TransformObject {
  return {
    kind: 'transform',
    ref: refOf('transform', { signature: `${type} LANGUAGE ${quoteIdent(language)}` }),
    parent: null,
    id: { type, language },
    attrs: { ...(fromSql && { fromSql }), ...(toSql && { toSql }) },
  }
}

/** Transforms of a type for a language. */
export const transforms: Kind = defineKind<TransformObject>({
  kind: 'transform',
  phase: PHASES.operator,
  catalog: 'pg_transform',
  catalogQuery: () => `
    SELECT t.oid, 0, format_type(t.trftype, NULL), l.lanname, nullif(t.trffromsql, 0)::regprocedure::text, nullif(t.trftosql, 0)::regprocedure::text
    FROM pg_transform t
    JOIN pg_language l ON l.oid = t.trflang
    WHERE t.oid >= 16384
      AND NOT ${isMember('pg_transform', 't.oid')}`,
  fromRow: ([, , type, language, fromSql, toSql]) => ({
    object: transformObject(
      { type: type as string, language: language as string },
      { ...(fromSql !== null && { fromSql: fromSql as string }), ...(toSql !== null && { toSql: toSql as string }) },
    ),
  }),
  create: (object) => [define('CREATE', object)],
  drop: (object) => [statement(`DROP TRANSFORM ${nameOf(object)}`)],
  alter: (_from, to) => ({ statements: [define('CREATE OR REPLACE', to)] }),
  address: (object) => `TRANSFORM ${nameOf(object)}`,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${printer.use('transform')}(${typeCode(id.type, printer)}, ${printer.string(id.language)}, ${printer.literal(attrs)})`,
    variable: `transform_${id.type}_${id.language}`,
  }),
})

function nameOf({ id }: TransformObject): string {
  return `FOR ${id.type} LANGUAGE ${quoteIdent(id.language)}`
}

function define(verb: string, object: TransformObject): Statement {
  const { fromSql, toSql } = object.attrs
  const functions = [fromSql && `FROM SQL WITH FUNCTION ${fromSql}`, toSql && `TO SQL WITH FUNCTION ${toSql}`]
  return statement(`${verb} TRANSFORM ${nameOf(object)} (${functions.filter(Boolean).join(', ')})`)
}

/**
 * Declares how a language sees values of a type; functions as SQL writes them, with argument types.
 *
 * @example export const dict = transform(type('hstore'), 'plpython3u', { fromSql: 'hstore_to_dict(internal)', toSql: 'dict_to_hstore(internal)' })
 */
export function transform(
  type: TypeInput<any>,
  language: string,
  functions: { readonly fromSql?: NameSource; readonly toSql?: NameSource },
): DeclaredObject {
  const parts = typeParts('a transform', type)
  const names = new NameReader(`the transform of ${parts.type} for ${checkedName('language', language)}`)
  const [fromSql, toSql] = [names.readOptional('the function from SQL', functions.fromSql), names.readOptional('the function to SQL', functions.toSql)]
  const object = transformObject({ type: parts.type, language }, { ...(fromSql && { fromSql }), ...(toSql && { toSql }) })
  return new DeclaredObject(transforms, object, [...parts.uses, ...names.uses])
}
