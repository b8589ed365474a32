import { DeclaredObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

/** Functions by their names in SQL. */
export interface TextSearchParserAttributes {
  readonly start: string
  readonly gettoken: string
  readonly end: string
  readonly lextypes: string
  readonly headline?: string
}

export type TextSearchParserObject = SchemaObject<QualifiedName, TextSearchParserAttributes>

export function textSearchParserObject(id: QualifiedName, { start, gettoken, end, lextypes, headline }: TextSearchParserAttributes): TextSearchParserObject {
  return {
    kind: 'text_search_parser',
    ref: refOf('text_search_parser', id.schema, id.name),
    parent: null,
    id,
    attrs: { start, gettoken, end, lextypes, ...(headline && { headline }) },
  }
}

/** Text search parsers. */
export const textSearchParsers: Kind = defineKind<TextSearchParserObject>({
  kind: 'text_search_parser',
  phase: PHASES.routine + 1,
  catalog: 'pg_ts_parser',
  catalogQuery: () => `
    SELECT p.oid, 0, n.nspname, p.prsname, p.prsstart::regproc::text, p.prstoken::regproc::text, p.prsend::regproc::text, p.prslextype::regproc::text,
           nullif(p.prsheadline, 0)::regproc::text
    FROM pg_ts_parser p
    JOIN pg_namespace n ON n.oid = p.prsnamespace
    WHERE p.oid >= 16384
      AND NOT ${isMember('pg_ts_parser', 'p.oid')}`,
  fromRow: (row) => {
    const [, , schema, name, start, gettoken, end, lextypes, headline] = row as [number, number, string, string, string, string, string, string, string | null]
    return { object: textSearchParserObject({ schema, name }, { start, gettoken, end, lextypes, ...(headline && { headline }) }) }
  },
  create: ({ id, attrs }) => {
    const functions = Object.entries(attrs).map(([key, value]) => `${key.toUpperCase()} = ${value}`)
    return [statement(`CREATE TEXT SEARCH PARSER ${qualified(id.schema, id.name)} (\n  ${functions.join(',\n  ')}\n)`)]
  },
  drop: ({ id }) => [statement(`DROP TEXT SEARCH PARSER ${qualified(id.schema, id.name)}`)],
  alter: () => 'replace',
  rename: (from, to) => renameQualified('TEXT SEARCH PARSER', from.id, to.id),
  address: ({ id }) => `TEXT SEARCH PARSER ${qualified(id.schema, id.name)}`,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${printer.use('textSearchParser')}(${printer.literal({ schema: id.schema, name: id.name })}, ${printer.literal(attrs)})`,
    variable: id.name,
  }),
})

/** The functions that make up a declared parser. */
export interface TextSearchParserOptions {
  readonly start: NameSource
  readonly gettoken: NameSource
  readonly end: NameSource
  readonly lextypes: NameSource
  readonly headline?: NameSource
}

/**
 * Declares a text search parser; in `public` for a bare name.
 *
 * @example export const words = textSearchParser('words', { start: 'prsd_start', gettoken: 'prsd_nexttoken', end: 'prsd_end', lextypes: 'prsd_lextype' })
 */
export function textSearchParser(name: NameInput, options: TextSearchParserOptions): DeclaredObject {
  const id = checkedQualifiedName('text search parser', name)
  const names = new NameReader(`text search parser ${id.schema}.${id.name}`)
  const headline = names.readOptional('the headline function', options.headline)
  const object = textSearchParserObject(id, {
    start: names.read('the start function', options.start),
    gettoken: names.read('the token function', options.gettoken),
    end: names.read('the end function', options.end),
    lextypes: names.read('the lextypes function', options.lextypes),
    ...(headline && { headline }),
  })
  return new DeclaredObject(textSearchParsers, object, names.uses)
}
