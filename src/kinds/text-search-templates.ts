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
export interface TextSearchTemplateAttributes {
  readonly init?: string
  readonly lexize: string
}

export type TextSearchTemplateObject = SchemaObject<QualifiedName, TextSearchTemplateAttributes>

export function textSearchTemplateObject(id: QualifiedName, { init, lexize }: TextSearchTemplateAttributes): TextSearchTemplateObject {
  return {
    kind: 'text_search_template',
    ref: refOf('text_search_template', id.schema, id.name),
    parent: null,
    id,
    attrs: { ...(init && { init }), lexize },
  }
}

/** Templates of text search dictionaries. */
export const textSearchTemplates: Kind = defineKind<TextSearchTemplateObject>({
  kind: 'text_search_template',
  phase: PHASES.routine + 1,
  catalog: 'pg_ts_template',
  catalogQuery: () => `
    SELECT t.oid, 0, n.nspname, t.tmplname, nullif(t.tmplinit, 0)::regproc::text, t.tmpllexize::regproc::text
    FROM pg_ts_template t
    JOIN pg_namespace n ON n.oid = t.tmplnamespace
    WHERE t.oid >= 16384
      AND NOT ${isMember('pg_ts_template', 't.oid')}`,
  fromRow: ([, , schema, name, init, lexize]) => ({
    object: textSearchTemplateObject(
      { schema: schema as string, name: name as string },
      { ...(init !== null && { init: init as string }), lexize: lexize as string },
    ),
  }),
  create: ({ id, attrs }) => {
    const functions = Object.entries(attrs).map(([key, value]) => `${key.toUpperCase()} = ${value}`)
    return [statement(`CREATE TEXT SEARCH TEMPLATE ${qualified(id.schema, id.name)} (${functions.join(', ')})`)]
  },
  drop: ({ id }) => [statement(`DROP TEXT SEARCH TEMPLATE ${qualified(id.schema, id.name)}`)],
  alter: () => 'replace',
  rename: (from, to) => renameQualified('TEXT SEARCH TEMPLATE', from.id, to.id),
  address: ({ id }) => `TEXT SEARCH TEMPLATE ${qualified(id.schema, id.name)}`,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${printer.use('textSearchTemplate')}(${printer.literal({ schema: id.schema, name: id.name })}, ${printer.literal(attrs)})`,
    variable: id.name,
  }),
})

/**
 * Declares a template of text search dictionaries; in `public` for a bare name.
 *
 * @example export const plain = textSearchTemplate('plain', { init: 'dsimple_init', lexize: 'dsimple_lexize' })
 */
export function textSearchTemplate(name: NameInput, options: { readonly init?: NameSource; readonly lexize: NameSource }): DeclaredObject {
  const id = checkedQualifiedName('text search template', name)
  const names = new NameReader(`text search template ${id.schema}.${id.name}`)
  const init = names.readOptional('the init function', options.init)
  const object = textSearchTemplateObject(id, { ...(init && { init }), lexize: names.read('the lexize function', options.lexize) })
  return new DeclaredObject(textSearchTemplates, object, names.uses)
}
