import { checkedName } from '../authoring/checks.js'
import { DeclaredObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

/** Functions by their names in SQL. */
export interface LanguageAttributes {
  readonly trusted?: true
  readonly handler: string
  readonly inline?: string
  readonly validator?: string
}

export type LanguageObject = SchemaObject<{ readonly name: string }, LanguageAttributes>

export function languageObject(name: string, { trusted, handler, inline, validator }: LanguageAttributes): LanguageObject {
  return {
    kind: 'language',
    ref: refOf('language', name),
    parent: null,
    id: { name },
    attrs: { ...(trusted && { trusted }), handler, ...(inline && { inline }), ...(validator && { validator }) },
  }
}

/** Languages that no extension brings. */
export const languages: Kind = defineKind<LanguageObject>({
  kind: 'language',
  phase: PHASES.routine,
  catalog: 'pg_language',
  catalogQuery: () => `
    SELECT l.oid, 0, l.lanname, l.lanpltrusted, l.lanplcallfoid::regproc::text, nullif(l.laninline, 0)::regproc::text, nullif(l.lanvalidator, 0)::regproc::text
    FROM pg_language l
    WHERE l.oid >= 16384 AND l.lanispl
      AND NOT ${isMember('pg_language', 'l.oid')}`,
  fromRow: ([, , name, trusted, handler, inline, validator]) => ({
    object: languageObject(name as string, {
      ...((trusted as boolean) && { trusted: true }),
      handler: handler as string,
      ...(inline !== null && { inline: inline as string }),
      ...(validator !== null && { validator: validator as string }),
    }),
  }),
  create: (object) => [define('CREATE', object)],
  drop: ({ id }) => [statement(`DROP LANGUAGE ${quoteIdent(id.name)}`)],
  alter: (_from, to) => ({ statements: [define('CREATE OR REPLACE', to)] }),
  rename: (from, to) => [statement(`ALTER LANGUAGE ${quoteIdent(from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  address: ({ id }) => `LANGUAGE ${quoteIdent(id.name)}`,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${printer.use('language')}(${printer.string(id.name)}, ${printer.literal(attrs)})`,
    variable: `language_${id.name}`,
  }),
})

function define(verb: string, { id, attrs }: LanguageObject): Statement {
  const functions = [
    `HANDLER ${attrs.handler}`,
    attrs.inline && `INLINE ${attrs.inline}`,
    attrs.validator && `VALIDATOR ${attrs.validator}`,
  ]
  return statement(`${verb}${attrs.trusted ? ' TRUSTED' : ''} LANGUAGE ${quoteIdent(id.name)} ${functions.filter(Boolean).join(' ')}`)
}

/** The functions that make up a declared language. */
export interface LanguageOptions {
  /** Every role may use it. */
  readonly trusted?: boolean
  readonly handler: NameSource
  readonly inline?: NameSource
  readonly validator?: NameSource
}

/**
 * Declares a language of functions that no extension brings.
 *
 * @example export const plsample = language('plsample', { trusted: true, handler: 'plsample_call_handler' })
 */
export function language(name: string, options: LanguageOptions): DeclaredObject {
  const names = new NameReader(`language ${checkedName('language', name)}`)
  const [inline, validator] = [names.readOptional('the inline handler', options.inline), names.readOptional('the validator', options.validator)]
  const object = languageObject(name, {
    ...(options.trusted && { trusted: true }),
    handler: names.read('the handler', options.handler),
    ...(inline && { inline }),
    ...(validator && { validator }),
  })
  return new DeclaredObject(languages, object, names.uses)
}
