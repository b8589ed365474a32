import { checkedName } from '../authoring/checks.js'
import { DeclaredObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteLiteral } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

export interface ConversionAttributes {
  /** Encodings by PostgreSQL's names. */
  readonly from: string
  readonly to: string
  /** The function's name in SQL. */
  readonly function: string
  readonly default?: true
}

export type ConversionObject = SchemaObject<QualifiedName, ConversionAttributes>

export function conversionObject(id: QualifiedName, attributes: ConversionAttributes): ConversionObject {
  const { from, to, function: by, default: isDefault } = attributes
  return {
    kind: 'conversion',
    ref: refOf('conversion', id.schema, id.name),
    parent: null,
    id,
    attrs: { from, to, function: by, ...(isDefault && { default: true }) },
  }
}

/** Conversions between encodings. */
export const conversions: Kind = defineKind<ConversionObject>({
  kind: 'conversion',
  phase: PHASES.operator,
  catalog: 'pg_conversion',
  catalogQuery: () => `
    SELECT c.oid, 0, n.nspname, c.conname, pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc::regproc::text, c.condefault
    FROM pg_conversion c
    JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE c.oid >= 16384
      AND NOT ${isMember('pg_conversion', 'c.oid')}`,
  fromRow: ([, , schema, name, from, to, by, isDefault]) => ({
    object: conversionObject(
      { schema: schema as string, name: name as string },
      { from: from as string, to: to as string, function: by as string, ...((isDefault as boolean) && { default: true }) },
    ),
  }),
  create: ({ id, attrs }) => {
    const head = `CREATE ${attrs.default ? 'DEFAULT ' : ''}CONVERSION ${qualified(id.schema, id.name)}`
    return [statement(`${head} FOR ${quoteLiteral(attrs.from)} TO ${quoteLiteral(attrs.to)} FROM ${attrs.function}`)]
  },
  drop: ({ id }) => [statement(`DROP CONVERSION ${qualified(id.schema, id.name)}`)],
  alter: () => 'replace',
  rename: (from, to) => renameQualified('CONVERSION', from.id, to.id),
  address: ({ id }) => `CONVERSION ${qualified(id.schema, id.name)}`,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${printer.use('conversion')}(${printer.literal({ schema: id.schema, name: id.name })}, ${printer.literal(attrs)})`,
    variable: id.name,
  }),
})

/** What a declared conversion does. */
export interface ConversionOptions {
  readonly from: string
  readonly to: string
  readonly function: NameSource
  /** Used between the two encodings where no other is named. */
  readonly default?: boolean
}

/**
 * Declares a conversion between encodings; in `public` for a bare name.
 *
 * @example export const latin = conversion('latin', { from: 'LATIN1', to: 'UTF8', function: 'iso8859_1_to_utf8' })
 */
export function conversion(name: NameInput, options: ConversionOptions): DeclaredObject {
  const id = checkedQualifiedName('conversion', name)
  const names = new NameReader(`conversion ${id.schema}.${id.name}`)
  const object = conversionObject(id, {
    from: checkedName('encoding', options.from),
    to: checkedName('encoding', options.to),
    function: names.read('the function', options.function),
    ...(options.default && { default: true }),
  })
  return new DeclaredObject(conversions, object, names.uses)
}
