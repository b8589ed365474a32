import { DeclaredObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { typeParts, type TypeInput } from '../authoring/type-input.js'
import { statement } from '../sql/statement.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { typeCode } from './type-printing.js'

/** Types as SQL writes them. */
export interface CastName {
  readonly source: string
  readonly target: string
}

export interface CastAttributes {
  /** With its argument types; absent where the types share their binary form. */
  readonly function?: string
  /** By the text form of the types. */
  readonly inout?: true
  /** Where it takes place by itself. */
  readonly as?: 'assignment' | 'implicit'
}

export type CastObject = SchemaObject<CastName, CastAttributes>

export function castObject({ source, target }: CastName, { function: by, inout, as }: CastAttributes): CastObject {
  return {
    kind: 'cast',
    ref: refOf('cast', { signature: `(${source} AS ${target})` }),
    parent: null,
    id: { source, target },
    attrs: { ...(by !== undefined && { function: by }), ...(inout && { inout }), ...(as && { as }) },
  }
}

/** Casts between types; those that PostgreSQL makes for range types belong to them. */
export const casts: Kind = defineKind<CastObject>({
  kind: 'cast',
  phase: PHASES.operator,
  catalog: 'pg_cast',
  catalogQuery: () => `
    SELECT c.oid, 0, format_type(c.castsource, NULL), format_type(c.casttarget, NULL), nullif(c.castfunc, 0)::regprocedure::text, c.castmethod::text,
           c.castcontext::text
    FROM pg_cast c
    WHERE c.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i'))`,
  fromRow: ([, , source, target, by, method, context]) => ({
    object: castObject(
      { source: source as string, target: target as string },
      {
        ...(by !== null && { function: by as string }),
        ...(method === 'i' && { inout: true }),
        ...(context === 'a' && { as: 'assignment' }),
        ...(context === 'i' && { as: 'implicit' }),
      },
    ),
  }),
  create: ({ id, attrs }) => {
    const how = attrs.function !== undefined ? `WITH FUNCTION ${attrs.function}` : attrs.inout ? 'WITH INOUT' : 'WITHOUT FUNCTION'
    return [statement(`CREATE CAST (${id.source} AS ${id.target}) ${how}${attrs.as ? ` AS ${attrs.as.toUpperCase()}` : ''}`)]
  },
  drop: ({ id }) => [statement(`DROP CAST (${id.source} AS ${id.target})`)],
  alter: () => 'replace',
  address: ({ id }) => `CAST (${id.source} AS ${id.target})`,
  print: ({ id, attrs }, printer) => {
    const options = Object.keys(attrs).length > 0 ? `, ${printer.literal(attrs)}` : ''
    return {
      place: 'export',
      code: `${printer.use('cast')}(${typeCode(id.source, printer)}, ${typeCode(id.target, printer)}${options})`,
      variable: `cast_${id.source}_to_${id.target}`,
    }
  },
})

/** Options of a declared cast; without `function` and `inout` the types share their binary form. */
export interface CastOptions {
  /** As SQL writes it, with argument types: `app.to_celsius(app.fahrenheit)`. */
  readonly function?: NameSource
  readonly inout?: boolean
  /** Where it takes place by itself; otherwise only where it is written. */
  readonly as?: 'assignment' | 'implicit'
}

/**
 * Declares a cast.
 *
 * @example export const asText = cast(json(), text(), { as: 'assignment' })
 */
export function cast(source: TypeInput<any>, target: TypeInput<any>, options: CastOptions = {}): DeclaredObject {
  const [from, to] = [typeParts('a cast', source), typeParts('a cast', target)]
  const names = new NameReader(`the cast from ${from.type} to ${to.type}`)
  const by = names.readOptional('the function', options.function)
  const object = castObject(
    { source: from.type, target: to.type },
    { ...(by !== undefined && { function: by }), ...(options.inout && { inout: true }), ...(options.as && { as: options.as }) },
  )
  return new DeclaredObject(casts, object, [...from.uses, ...to.uses, ...names.uses])
}
