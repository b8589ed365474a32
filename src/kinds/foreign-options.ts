import { refuse } from '../authoring/checks.js'
import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { Secret, statementWithSecrets, variableFrom, withoutFormat } from '../sql/secret.js'
import { statement, type Statement } from '../sql/statement.js'
import type { Printer } from './kind.js'

/** Options of foreign data objects by name, in the order of their names. */
export type ForeignOptions = Readonly<Record<string, string>>

/** Options as the catalogs keep them, `name=value`; undefined when there are none. */
function readOptions(list: readonly string[] | null): ForeignOptions | undefined {
  if (!list?.length) return undefined
  return sortedOptions(Object.fromEntries(list.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)])))
}

/** Declared options in their only order; undefined when there are none. */
function sortedOptions(options: ForeignOptions | undefined): ForeignOptions | undefined {
  const entries = Object.entries(options ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, value] of entries) {
    if (name === '' || typeof value !== 'string' || value.includes('\0')) refuse(`option ${JSON.stringify(name)} is not a text`, 'options have a name and a text')
  }
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

/** `OPTIONS (host 'localhost', port '5432')`; empty when there are none. */
export function optionsClause(options: ForeignOptions | undefined): string {
  const texts = Object.entries(options ?? {}).map(([name, value]) => `${quoteIdent(name)} ${quoteLiteral(value)}`)
  return texts.length > 0 ? `OPTIONS (${texts.join(', ')})` : ''
}

/** `OPTIONS (ADD host 'a', SET port '1', DROP dbname)`; empty when nothing differs. */
function optionsChange(from: ForeignOptions = {}, to: ForeignOptions = {}): string {
  const texts = [
    ...Object.keys(from).flatMap((name) => (name in to ? [] : [`DROP ${quoteIdent(name)}`])),
    ...Object.entries(to).flatMap(([name, value]) => {
      if (from[name] === value) return []
      return [`${name in from ? 'SET' : 'ADD'} ${quoteIdent(name)} ${quoteLiteral(value)}`]
    }),
  ]
  return texts.length > 0 ? `OPTIONS (${texts.join(', ')})` : ''
}

/** Names of options whose values are secret. `password_required` of postgres_fdw is a yes or no. */
const SECRET = '^(?!password_required(=|$))[^=]*(passw|passphrase|secret|token|credential|private_?key|api_?key|access_?key)'

/** The options in a catalog's column, where the values of secret ones never leave the server. */
export function withoutSecrets(column: string): string {
  return `(SELECT array_agg(CASE WHEN o ~* '${SECRET}' THEN substr(o, 1, strpos(o, '=')) ELSE o END) FROM unnest(${column}) o)`
}

/** Options, those with secret values by name only. */
export interface OptionsAttrs {
  readonly options?: ForeignOptions
  readonly secrets?: readonly string[]
}

/** The environment variables that hold the values of secret options, where the author named them; never compared. */
export type SecretVariables = Readonly<Record<string, string>>

/** Options as builders take them. */
export type ForeignOptionsInput = Readonly<Record<string, string | Secret>>

/** What the catalogs hold, as `withoutSecrets` gives it. */
export function readOptionsAttrs(list: readonly string[] | null): OptionsAttrs {
  const all = Object.entries(readOptions(list) ?? {})
  const isSecret = isSecretName()
  return optionsAttrs(Object.fromEntries(all.filter(([name]) => !isSecret(name))), all.map(([name]) => name).filter(isSecret))
}

/** Declared options; throws SchemaError for a secret that is written out. `what` names the object. */
export function declaredOptions(what: string, input: ForeignOptionsInput = {}): { attrs: OptionsAttrs; variables?: SecretVariables } {
  const isSecret = isSecretName()
  const open: Record<string, string> = {}
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(input)) {
    if (!isSecret(name) && value instanceof Secret) refuse(`option ${name} of ${what} is not taken for a secret`, 'write its value out: only options like password are kept from files')
    if (isSecret(name) && !(value instanceof Secret)) refuse(`option ${name} of ${what} is a secret`, `write secret('…'): its value must not stand in schema.ts`)
    if (value instanceof Secret) variables[name] = value.variable
    else open[name] = value
  }
  const secrets = Object.keys(variables)
  return { attrs: optionsAttrs(open, secrets), ...(secrets.length > 0 && { variables }) }
}

function optionsAttrs(open: ForeignOptions, secrets: readonly string[]): OptionsAttrs {
  const options = sortedOptions(open)
  return { ...(options && { options }), ...(secrets.length > 0 && { secrets: [...secrets].sort() }) }
}

function isSecretName(): (name: string) => boolean {
  const pattern = new RegExp(SECRET, 'i')
  return (name) => pattern.test(name)
}

/** Where secret values come from: the variables that the author named, else some named after the object. */
export interface SecretSource {
  readonly names: readonly string[]
  readonly variables?: SecretVariables | undefined
}

/** The environment variable of a secret option. */
export function variableOf({ names, variables }: SecretSource, option: string): string {
  return variables?.[option] ?? variableFrom(...names, option)
}

/** A CREATE with options. */
export function createWithOptions(head: string, { options, secrets = [] }: OptionsAttrs, source: SecretSource): Statement[] {
  return withSecrets(head, optionsClause(options), '', secrets, source)
}

/** An ALTER from some options to others; none when nothing differs. What a secret is cannot be compared: only one that is new is set. */
export function alterOptions(head: string, from: OptionsAttrs, to: OptionsAttrs, source: SecretSource): Statement[] {
  const [before, after] = [from.secrets ?? [], to.secrets ?? []]
  const gone = before.filter((name) => !after.includes(name)).map((name) => `DROP ${quoteIdent(name)}`)
  const change = optionsChange(from.options, to.options)
  const clause = gone.length === 0 ? change : change ? change.replace(/\)$/, `, ${gone.join(', ')})`) : `OPTIONS (${gone.join(', ')})`
  const added = after.filter((name) => !before.includes(name))
  return clause === '' && added.length === 0 ? [] : withSecrets(head, clause, 'ADD ', added, source)
}

/** An ALTER that adds the secret options alone, to what was made with the others. */
export function secretsAlone(head: string, to: OptionsAttrs, source: SecretSource): Statement[] {
  return alterOptions(head, to.options ? { options: to.options } : {}, to, source)
}

function withSecrets(head: string, clause: string, verb: string, secrets: readonly string[], source: SecretSource): Statement[] {
  if (secrets.length === 0) return [statement([head, clause].filter(Boolean).join(' '))]
  const open = clause.replace(/^OPTIONS \(/, '').replace(/\)$/, '')
  const places = secrets.map((name) => `${verb}${withoutFormat(quoteIdent(name))} %L`)
  const format = `${withoutFormat(head)} OPTIONS (${[withoutFormat(open), ...places].filter(Boolean).join(', ')})`
  return [statement(statementWithSecrets(format, secrets.map((name) => variableOf(source, name))))]
}

/** Options as `schema.ts` writes them: `{ user: 'app', password: secret('…') }`; undefined when there are none. */
export function printOptions({ options, secrets }: OptionsAttrs, source: SecretSource, printer: Printer): string | undefined {
  const entries = [
    ...Object.entries(options ?? {}).map(([name, value]) => [name, printer.string(value)]),
    ...(secrets ?? []).map((name) => [name, `${printer.use('secret')}(${printer.string(variableOf(source, name))})`]),
  ].map(([name, code]) => `${printer.property(name!)}: ${code}`)
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : undefined
}
