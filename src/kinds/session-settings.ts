import { refuse, checkedName } from '../authoring/checks.js'
import { dollarQuote, quoteLiteral } from '../sql/identifiers.js'
import { Secret, statementWithSecrets, variableFrom, withoutFormat } from '../sql/secret.js'
import { statement, type Statement } from '../sql/statement.js'
import type { Printer } from './kind.js'
import { settingClause, settingInput, settingName, storedSetting } from './routine-settings.js'

/** What new sessions of a role or with a database begin with. `secret`: the value is not known, and stands in no file. */
export type SettingAttrs = { readonly value: string } | { readonly secret: true }

/** A setting by its name, with the environment variable that holds its value, where the author named one; that is never compared. */
export interface SettingId {
  readonly target: string
  readonly name: string
  readonly variable?: string
}

/** Settings as builders take them: lists of names, such as search_path, as an array. */
export type SettingsInput = { readonly [name: string]: string | number | boolean | readonly string[] | Secret }

/** Settings that are somebody's own, and hold a secret by their name. */
const SECRET = '^(?!passwordcheck[.]|credcheck[.])[^=]*[.][^=]*(passw|passphrase|secret|token|credential|private_?key|api_?key|access_?key)'

/** Name and value of the settings in a column of pg_db_role_setting, as `setting`; the values of secret ones never leave the server. */
export const SETTING_COLUMNS = `split_part(setting, '=', 1), CASE WHEN setting !~* '${SECRET}' THEN substr(setting, strpos(setting, '=') + 1) END`

/** What a value of SETTING_COLUMNS says. */
export function settingAttrs(value: unknown): SettingAttrs {
  return value === null ? { secret: true } : { value: value as string }
}

/** Declared settings in their order. Throws SchemaError for a secret that is written out. */
export function declaredSettings(settings: SettingsInput = {}): { readonly name: string; readonly attrs: SettingAttrs; readonly variable?: string }[] {
  const secretName = new RegExp(SECRET, 'i')
  return Object.entries(settings).map(([name, value]) => {
    checkedName('setting', name)
    if (value === null || value === undefined) refuse(`the setting ${name} has no value`, 'leave it out, or write its value')
    const isSecret = secretName.test(name)
    if (isSecret && !(value instanceof Secret)) refuse(`the setting ${name} is a secret`, `write secret('…'): its value must not stand in schema.ts`)
    if (!(value instanceof Secret)) return { name, attrs: { value: storedSetting(name, value)[1] } }
    if (!isSecret) refuse(`the setting ${name} is not taken for a secret`, 'write its value out: only settings like app.api_key are kept from files')
    return { name, attrs: { secret: true }, variable: value.variable }
  })
}

/**
 * The statement that gives a setting a value, or, without attributes, its default again. `head` says whose: `ALTER ROLE app`; where it
 * holds `%I`, that stands for the database at hand, whose name is no part of a schema.
 */
export function settingStatement(head: string, id: SettingId, attrs: SettingAttrs | undefined): Statement {
  const database = head.includes('%I') ? ['current_database()'] : []
  const text = (sql: string) => (database.length > 0 ? sql : withoutFormat(sql))
  if (attrs && 'secret' in attrs) {
    return statement(statementWithSecrets(`${text(head)} SET ${withoutFormat(settingName(id.name))} = %L`, [variableOf(id)], database))
  }
  const clause = attrs ? settingClause([id.name, attrs.value]) : `RESET ${settingName(id.name)}`
  if (database.length === 0) return statement(`${head} ${clause}`)
  return statement(`DO ${dollarQuote(`BEGIN\n  EXECUTE format(${quoteLiteral(`${head} ${withoutFormat(clause)}`)}, current_database());\nEND`)}`)
}

/** Settings as `schema.ts` writes them: `{ search_path: ['app'], 'app.api_key': secret('…') }`. */
export function printSettings(settings: readonly { readonly id: SettingId; readonly attrs: SettingAttrs }[], printer: Printer): string {
  const members = settings.map(({ id, attrs }) => {
    const code = 'secret' in attrs ? `${printer.use('secret')}(${printer.string(variableOf(id))})` : printer.literal(settingInput([id.name, attrs.value])[1])
    return `${printer.property(id.name)}: ${code}`
  })
  return `{ ${members.join(', ')} }`
}

/** The environment variable of a secret setting. */
function variableOf({ target, name, variable }: SettingId): string {
  return variable ?? variableFrom(target, name)
}
