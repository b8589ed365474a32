import { NamedObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { checkedName } from '../authoring/checks.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

export interface TextSearchDictionaryAttributes {
  /** Its name in SQL. */
  readonly template: string
  /** In the order PostgreSQL keeps them in; it tells numbers from texts. */
  readonly options?: readonly (readonly [name: string, value: string | number])[]
}

export type TextSearchDictionaryObject = SchemaObject<QualifiedName, TextSearchDictionaryAttributes>

export function textSearchDictionaryObject(id: QualifiedName, { template, options }: TextSearchDictionaryAttributes): TextSearchDictionaryObject {
  return {
    kind: 'text_search_dictionary',
    ref: refOf('text_search_dictionary', id.schema, id.name),
    parent: null,
    id,
    attrs: { template, ...(options?.length && { options: options.map(([name, value]) => [name, value] as const) }) },
  }
}

/** Text search dictionaries. */
export const textSearchDictionaries: Kind = defineKind<TextSearchDictionaryObject>({
  kind: 'text_search_dictionary',
  phase: PHASES.routine + 2,
  catalog: 'pg_ts_dict',
  catalogQuery: () => `
    SELECT d.oid, 0, n.nspname, d.dictname, CASE WHEN tn.nspname <> 'pg_catalog' THEN quote_ident(tn.nspname) || '.' ELSE '' END || quote_ident(t.tmplname),
           d.dictinitoption
    FROM pg_ts_dict d
    JOIN pg_namespace n ON n.oid = d.dictnamespace
    JOIN pg_ts_template t ON t.oid = d.dicttemplate
    JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
    WHERE d.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_ts_dict', 'd.oid')}`,
  fromRow: ([, , schema, name, template, options]) => ({
    object: textSearchDictionaryObject(
      { schema: schema as string, name: name as string },
      { template: template as string, options: readOptions((options as string | null) ?? '') },
    ),
  }),
  create: ({ id, attrs }) => {
    const parameters = [`TEMPLATE = ${attrs.template}`, ...optionTexts(attrs.options)]
    return [statement(`CREATE TEXT SEARCH DICTIONARY ${qualified(id.schema, id.name)} (${parameters.join(', ')})`)]
  },
  drop: ({ id }) => [statement(`DROP TEXT SEARCH DICTIONARY ${qualified(id.schema, id.name)}`)],
  alter: (from, to) => {
    if (from.attrs.template !== to.attrs.template) return 'replace'
    // An option that is given moves to the end of the list, so all are given in their order.
    const removed = (from.attrs.options ?? []).filter(([name]) => !to.attrs.options?.some(([other]) => other === name))
    const changes = [...removed.map(([name]) => quoteIdent(name)), ...optionTexts(to.attrs.options)]
    return { statements: [statement(`ALTER TEXT SEARCH DICTIONARY ${qualified(to.id.schema, to.id.name)} (${changes.join(', ')})`)] }
  },
  followsAlteration: () => true,
  rename: (from, to) => renameQualified('TEXT SEARCH DICTIONARY', from.id, to.id),
  address: ({ id }) => `TEXT SEARCH DICTIONARY ${qualified(id.schema, id.name)}`,
  print: ({ id, attrs }, printer) => {
    const list = attrs.options ?? []
    const asList = list.some(([name]) => /^\d+$|^__proto__$/.test(name))
    const options = list.length === 0 ? '' : `, ${printer.literal(asList ? list : Object.fromEntries(list))}`
    const name = printer.literal({ schema: id.schema, name: id.name })
    return { place: 'export', code: `${printer.use('textSearchDictionary')}(${name}, ${printer.string(attrs.template)}${options})`, variable: id.name }
  },
})

/** `stopwords = 'english', maxlen = 6`, as PostgreSQL writes it down. */
function readOptions(text: string): [string, string | number][] {
  return [...text.matchAll(/(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_$]*)) = (?:(-?[0-9.]+)|(E?)'((?:[^'\\]|''|\\\\)*)')/gs)].map(
    ([, quoted, plain, number, escaped, value]) => [
      quoted?.replaceAll('""', '"') ?? plain!,
      number !== undefined ? Number(number) : (escaped ? value!.replaceAll('\\\\', '\\') : value!).replaceAll("''", "'"),
    ],
  )
}

function optionTexts(options: TextSearchDictionaryAttributes['options'] = []): string[] {
  return options.map(([name, value]) => `${quoteIdent(name)} = ${typeof value === 'number' ? value : quoteLiteral(value)}`)
}

/**
 * Declares a text search dictionary with the options of its template; in `public` for a bare name.
 *
 * @example export const english = textSearchDictionary('english_without_stops', 'snowball', { language: 'english' })
 */
export function textSearchDictionary(
  name: NameInput,
  template: NameSource,
  options: Readonly<Record<string, string | number>> | readonly (readonly [name: string, value: string | number])[] = {},
): NamedObject {
  const id = checkedQualifiedName('text search dictionary', name)
  const names = new NameReader(`text search dictionary ${id.schema}.${id.name}`)
  const list = Array.isArray(options) ? (options as readonly (readonly [string, string | number])[]) : Object.entries(options)
  const object = textSearchDictionaryObject(id, {
    template: names.read('the template', template),
    options: list.map(([key, value]) => [checkedName('option', key), value] as const),
  })
  return new NamedObject(textSearchDictionaries, object, names.uses, qualified(id.schema, id.name))
}
