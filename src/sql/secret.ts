import { dollarQuote, quoteLiteral } from './identifiers.js'
import { AS_SQL, sql, SqlText, type SqlSource } from './template.js'

/**
 * Settings that begin so hold, for the transaction of a migration, the values of environment variables. PostgreSQL takes no notice of
 * capitals in the names of settings: a variable's name has no small letters.
 */
const PREFIX = 'autogen.secret.'
const NAMED = /current_setting\('autogen\.secret\.([A-Z_][A-Z0-9_]*)'\)/g

/** Stands for every secret in scratch: a password to some, to others a connection string that leads nowhere. */
const PLACEHOLDER = 'dbname=scratch password=scratch'

/** A value that stands in no file: the name of the environment variable that holds it. In sql`…` it is the value, in the transaction of a migration. */
export class Secret implements SqlSource {
  constructor(readonly variable: string) {}

  [AS_SQL](): SqlText {
    return new SqlText(settingOf(this.variable))
  }
}

/** Whether an environment variable may have this name. */
export function isVariableName(name: unknown): name is string {
  // 63 bytes are what PostgreSQL lets a name have.
  return typeof name === 'string' && /^[A-Z_][A-Z0-9_]{0,62}$/.test(name)
}

/** A name for a variable, from those of an object. */
export function variableFrom(...names: string[]): string {
  const name = names.join('_').toUpperCase().replace(/[^A-Z0-9_]+/g, '_').slice(0, 63)
  return /^[A-Z_]/.test(name) ? name : `_${name}`.slice(0, 63)
}

/**
 * A statement with a secret at each `%L`, after what takes the SQL of `others`: a block that puts the values in when it runs, so that they stand in no text that is sent. When
 * PostgreSQL refuses it, neither the client nor the server's log gets to see the statement, which an error would quote, nor a message that
 * may hold a part of the value.
 *
 * @example statementWithSecrets('CREATE USER MAPPING FOR app SERVER archive OPTIONS (password %L)', ['ARCHIVE_PASSWORD'])
 */
export function statementWithSecrets(format: string, variables: readonly string[], others: readonly string[] = []): string {
  const values = [...others, ...variables.map(settingOf)].map((value) => `,\n    ${value}`)
  return `DO ${dollarQuote(`BEGIN
  EXECUTE format(${quoteLiteral(format)}${values.join('')});
EXCEPTION WHEN OTHERS THEN
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = CASE WHEN SQLSTATE ~ '^(42[57]|58|0A)' THEN SQLERRM
    ELSE 'SQLSTATE ' || SQLSTATE || '; the message is left out, since it may quote the secret' END;
END`)}`
}

/**
 * A statement with secrets for a hand-written migration: they stand in no text that is sent, and an error shows neither them nor the statement. For
 * statements that run inside a transaction.
 *
 * @example op.execute(withSecrets`ALTER USER MAPPING FOR app SERVER archive OPTIONS (SET password ${secret('ARCHIVE_PASSWORD')})`)
 */
export function withSecrets(strings: TemplateStringsArray, ...values: unknown[]): SqlText {
  const variables: string[] = []
  const parts = values.map((value) => {
    if (!(value instanceof Secret)) return withoutFormat(sql`${value}`.text)
    variables.push(value.variable)
    return '%L'
  })
  const format = strings.map((text, index) => withoutFormat(text) + (parts[index] ?? '')).join('')
  return new SqlText(statementWithSecrets(format, variables))
}

/** Text that stays as it is in a format of `statementWithSecrets`. */
export function withoutFormat(sql: string): string {
  return sql.replaceAll('%', '%%')
}

/** The environment variables whose values a statement needs. */
export function secretsIn(sql: string): string[] {
  return [...new Set([...sql.matchAll(NAMED)].map(([, variable]) => variable!))]
}

/** What lets statements with secrets run in scratch, in the transaction that is open. */
export function placeholdersFor(statements: readonly string[]): string[] {
  const variables = new Set(statements.flatMap(secretsIn))
  return [...variables].map((variable) => `SET LOCAL ${settingName(variable)} = ${quoteLiteral(PLACEHOLDER)}`)
}

/** The setting that holds the value of a variable. */
export function settingName(variable: string): string {
  return PREFIX + variable
}

/** The value of every secret in scratch. */
export function placeholder(): string {
  return PLACEHOLDER
}

function settingOf(variable: string): string {
  return `current_setting('${settingName(variable)}')`
}
