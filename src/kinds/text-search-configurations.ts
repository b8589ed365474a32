import { NamedObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { checkedName } from '../authoring/checks.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement, type Statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

export interface TextSearchConfigurationAttributes {
  /** Its name in SQL. */
  readonly parser: string
  /** Dictionaries in their order, by type of token; sorted by token. */
  readonly mappings?: readonly (readonly [token: string, dictionaries: readonly string[]])[]
}

export type TextSearchConfigurationObject = SchemaObject<QualifiedName, TextSearchConfigurationAttributes>

export function textSearchConfigurationObject(
  id: QualifiedName,
  { parser, mappings = [] }: TextSearchConfigurationAttributes,
): TextSearchConfigurationObject {
  const sorted = [...mappings].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    kind: 'text_search_configuration',
    ref: refOf('text_search_configuration', id.schema, id.name),
    parent: null,
    id,
    attrs: { parser, ...(sorted.length > 0 && { mappings: sorted }) },
  }
}

/** Text search configurations with the dictionaries of each type of token. */
export const textSearchConfigurations: Kind = defineKind<TextSearchConfigurationObject>({
  kind: 'text_search_configuration',
  phase: PHASES.routine + 3,
  catalog: 'pg_ts_config',
  catalogQuery: () => `
    SELECT c.oid, 0, n.nspname, c.cfgname, CASE WHEN pn.nspname <> 'pg_catalog' THEN quote_ident(pn.nspname) || '.' ELSE '' END || quote_ident(p.prsname),
           m.mappings
    FROM pg_ts_config c
    JOIN pg_namespace n ON n.oid = c.cfgnamespace
    JOIN pg_ts_parser p ON p.oid = c.cfgparser
    JOIN pg_namespace pn ON pn.oid = p.prsnamespace
    LEFT JOIN (
      SELECT t.cfg, json_agg(json_build_array(t.alias, t.dictionaries)) AS mappings
      FROM (
        SELECT m.mapcfg AS cfg, k.alias, json_agg(m.mapdict::regdictionary::text ORDER BY m.mapseqno) AS dictionaries
        FROM pg_ts_config_map m
        JOIN pg_ts_config mc ON mc.oid = m.mapcfg AND mc.oid >= 16384
        JOIN (SELECT u.cfgparser, k.tokid, k.alias
              FROM (SELECT DISTINCT cfgparser FROM pg_ts_config WHERE oid >= 16384) u, LATERAL ts_token_type(u.cfgparser) k) k
          ON k.cfgparser = mc.cfgparser AND k.tokid = m.maptokentype
        GROUP BY 1, 2
      ) t
      GROUP BY 1
    ) m ON m.cfg = c.oid
    WHERE c.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_ts_config', 'c.oid')}`,
  fromRow: ([, , schema, name, parser, mappings]) => ({
    object: textSearchConfigurationObject(
      { schema: schema as string, name: name as string },
      { parser: parser as string, mappings: (mappings as [string, string[]][] | null) ?? [] },
    ),
  }),
  create: (object) => [
    statement(`CREATE TEXT SEARCH CONFIGURATION ${nameOf(object)} (PARSER = ${object.attrs.parser})`),
    ...mappingChanges(object, [], object.attrs.mappings ?? []),
  ],
  drop: (object) => [statement(`DROP TEXT SEARCH CONFIGURATION ${nameOf(object)}`)],
  alter: (from, to) => {
    if (from.attrs.parser !== to.attrs.parser) return 'replace'
    return { statements: mappingChanges(to, from.attrs.mappings ?? [], to.attrs.mappings ?? []) }
  },
  rename: (from, to) => renameQualified('TEXT SEARCH CONFIGURATION', from.id, to.id),
  address: (object) => `TEXT SEARCH CONFIGURATION ${nameOf(object)}`,
  print: ({ id, attrs }, printer) => {
    const name = printer.literal({ schema: id.schema, name: id.name })
    const mappings = attrs.mappings ? `, ${printer.literal(Object.fromEntries(attrs.mappings))}` : ''
    return { place: 'export', code: `${printer.use('textSearchConfiguration')}(${name}, ${printer.string(attrs.parser)}${mappings})`, variable: id.name }
  },
})

type Mappings = NonNullable<TextSearchConfigurationAttributes['mappings']>

/** One statement for all tokens with the same dictionaries. */
function mappingChanges(object: TextSearchConfigurationObject, from: Mappings, to: Mappings): Statement[] {
  const [old, next] = [new Map(from), new Map(to)]
  const same = (a: readonly string[] | undefined, b: readonly string[]) => a !== undefined && a.join() === b.join()
  const grouped = (verb: string, list: Mappings) => {
    const tokens = new Map<string, string[]>()
    for (const [token, dictionaries] of list) tokens.set(dictionaries.join(', '), [...(tokens.get(dictionaries.join(', ')) ?? []), quoteIdent(token)])
    return [...tokens].map(([dictionaries, names]) => alter(`${verb} MAPPING FOR ${names.join(', ')} WITH ${dictionaries}`))
  }
  const alter = (change: string) => statement(`ALTER TEXT SEARCH CONFIGURATION ${nameOf(object)} ${change}`)
  const dropped = from.filter(([token]) => !next.has(token)).map(([token]) => quoteIdent(token))
  return [
    ...(dropped.length > 0 ? [alter(`DROP MAPPING FOR ${dropped.join(', ')}`)] : []),
    ...grouped('ALTER', to.filter(([token, dictionaries]) => old.has(token) && !same(old.get(token), dictionaries))),
    ...grouped('ADD', to.filter(([token]) => !old.has(token))),
  ]
}

function nameOf({ id }: TextSearchConfigurationObject): string {
  return qualified(id.schema, id.name)
}

/**
 * Declares a text search configuration: a parser, usually `"default"`, and the dictionaries that each type of token goes through;
 * in `public` for a bare name.
 *
 * @example export const plain = textSearchConfiguration('plain', '"default"', { asciiword: ['simple'], word: ['simple'] })
 */
export function textSearchConfiguration(
  name: NameInput,
  parser: NameSource,
  mappings: Readonly<Record<string, readonly NameSource[]>> = {},
): NamedObject {
  const id = checkedQualifiedName('text search configuration', name)
  const names = new NameReader(`text search configuration ${id.schema}.${id.name}`)
  const object = textSearchConfigurationObject(id, {
    parser: names.read('the parser', parser),
    mappings: Object.entries(mappings).map(([token, list]) => [checkedName('token type', token), list.map((one) => names.read(`a dictionary for ${token}`, one))]),
  })
  return new NamedObject(textSearchConfigurations, object, names.uses, qualified(id.schema, id.name))
}
