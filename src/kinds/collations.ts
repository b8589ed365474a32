import { refuse } from '../authoring/checks.js'
import { NamedObject } from '../authoring/declared-object.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteLiteral } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

export interface CollationAttributes {
  /** Where it is not libc. */
  readonly provider?: 'icu' | 'builtin'
  /** LC_COLLATE and LC_CTYPE alike; for ICU the language tag. */
  readonly locale?: string
  readonly lcCollate?: string
  readonly lcCtype?: string
  readonly deterministic?: false
  readonly rules?: string
}

export type CollationObject = SchemaObject<QualifiedName, CollationAttributes>

export function collationObject(id: QualifiedName, attributes: CollationAttributes): CollationObject {
  const { provider, locale, lcCollate, lcCtype, deterministic, rules } = attributes
  return {
    kind: 'collation',
    ref: refOf('collation', id.schema, id.name),
    parent: null,
    id,
    attrs: {
      ...(provider && { provider }),
      ...(locale !== undefined && { locale }),
      ...(lcCollate !== undefined && { lcCollate }),
      ...(lcCtype !== undefined && { lcCtype }),
      ...(deterministic === false && { deterministic }),
      ...(rules !== undefined && { rules }),
    },
  }
}

/** Collations; the version of their provider at the time of creation is no attribute. */
export const collations: Kind = defineKind<CollationObject>({
  kind: 'collation',
  phase: PHASES.type,
  catalog: 'pg_collation',
  replacedAside: true,
  occupies: ({ id }) => [`collation ${qualified(id.schema, id.name)}`],
  catalogQuery: ({ major }) => `
    SELECT c.oid, 0, n.nspname, c.collname, c.collprovider::text, c.collisdeterministic, c.collcollate, c.collctype,
           ${major >= 17 ? 'c.colllocale' : major >= 15 ? 'c.colliculocale' : "CASE WHEN c.collprovider = 'i' THEN c.collcollate::text END"},
           ${major >= 16 ? 'c.collicurules' : 'NULL'}
    FROM pg_collation c
    JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE c.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_collation', 'c.oid')}`,
  fromRow: (row) => {
    const [, , schema, name, provider, deterministic, lcCollate, lcCtype, locale, rules] = row as [
      number, number, string, string, string, boolean, string | null, string | null, string | null, string | null,
    ]
    const libc = provider === 'c' || provider === 'd'
    return {
      object: collationObject(
        { schema, name },
        {
          ...(provider === 'i' && { provider: 'icu' }),
          ...(provider === 'b' && { provider: 'builtin' }),
          ...(!libc && { locale: locale ?? '' }),
          ...(libc && (lcCollate === lcCtype ? { locale: lcCollate ?? '' } : { lcCollate: lcCollate ?? '', lcCtype: lcCtype ?? '' })),
          ...(!deterministic && { deterministic: false }),
          ...(rules !== null && { rules }),
        },
      ),
    }
  },
  versionNeeds: ({ attrs }) => [
    ...(attrs.rules === undefined ? [] : [[16, 'rules of a collation'] as const]),
    ...(attrs.provider === 'builtin' ? [[17, 'the builtin collation provider'] as const] : []),
  ],
  create: ({ id, attrs }) => {
    const parameters = [
      attrs.provider && `provider = ${attrs.provider}`,
      attrs.locale !== undefined && `locale = ${quoteLiteral(attrs.locale)}`,
      attrs.lcCollate !== undefined && `lc_collate = ${quoteLiteral(attrs.lcCollate)}`,
      attrs.lcCtype !== undefined && `lc_ctype = ${quoteLiteral(attrs.lcCtype)}`,
      attrs.deterministic === false && 'deterministic = false',
      attrs.rules !== undefined && `rules = ${quoteLiteral(attrs.rules)}`,
    ]
    return [statement(`CREATE COLLATION ${qualified(id.schema, id.name)} (${parameters.filter(Boolean).join(', ')})`)]
  },
  drop: ({ id }) => [statement(`DROP COLLATION ${qualified(id.schema, id.name)}`)],
  alter: () => 'replace',
  rename: (from, to) => renameQualified('COLLATION', from.id, to.id),
  renamed: ({ id, attrs }, name) => collationObject({ schema: id.schema, name }, attrs),
  address: ({ id }) => `COLLATION ${qualified(id.schema, id.name)}`,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${declaringCall(printer, id, 'collation', 'collation')}, ${printer.literal(attrs)})`,
    variable: id.name,
  }),
})

/** Options of a declared collation: `locale`, or `lcCollate` and `lcCtype` of libc apart. */
export interface CollationOptions {
  readonly provider?: 'libc' | 'icu' | 'builtin'
  readonly locale?: string
  readonly lcCollate?: string
  readonly lcCtype?: string
  /** False: texts that differ in their bytes may be equal. */
  readonly deterministic?: boolean
  /** Further rules of ICU (PostgreSQL 16). */
  readonly rules?: string
}

/**
 * Declares a collation; in `public` for a bare name. Throws SchemaError when neither `locale` nor both others are given.
 *
 * @example
 * export const natural = collation('natural', { provider: 'icu', locale: 'en-u-kn-true' })
 * export const files = table('files', { name: text().collate(natural) })
 */
export function collation(name: NameInput, options: CollationOptions): NamedObject {
  const id = checkedQualifiedName('collation', name)
  const { provider, deterministic, ...rest } = options
  if (rest.locale === undefined && (rest.lcCollate === undefined || rest.lcCtype === undefined)) {
    refuse(`collation ${id.schema}.${id.name} has no locale`, 'give `locale`, or `lcCollate` and `lcCtype`')
  }
  const object = collationObject(id, {
    ...(provider && provider !== 'libc' && { provider }),
    ...rest,
    ...(deterministic === false && { deterministic: false }),
  })
  return new NamedObject(collations, object, [], qualified(id.schema, id.name))
}
