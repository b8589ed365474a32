import type { Database } from '../database/database.js'
import { DatabaseError, UsageError } from '../errors.js'
import { positionOf, type Step } from '../revisions/revision.js'
import { placeholder, secretsIn, settingName } from '../sql/secret.js'
import { excerpt } from './migration-error.js'
import type { MigrationRun } from './run-migration.js'

/** Where the values of secrets come from: that of an environment variable, undefined when it is not set. */
export type SecretLookup = (variable: string) => string | undefined

/** From the environment of this process. What sets it in CI gives an empty value to a secret that is not there. */
export const fromEnvironment: SecretLookup = (variable) => process.env[variable] || undefined

/** In scratch, where a proof or a replay needs no secret. */
export const fromNowhere: SecretLookup = placeholder

/** Throws UsageError for the first secret that a step to be run needs and that is not set. */
export function requireSecrets(runs: readonly MigrationRun[], lookup: SecretLookup): void {
  for (const { migration, direction, steps, finished } of runs) {
    for (const [index, step] of steps.entries()) {
      const missing = index < finished ? undefined : secretsIn(step.sql).find((variable) => lookup(variable) === undefined)
      if (missing === undefined) continue
      throw new UsageError(`the environment variable ${missing} is not set, whose value step ${index + 1} of the ${direction} of ${migration.revision} needs`, {
        at: step.at ?? positionOf(migration),
        detail: `${excerpt(step.sql)}\nnothing was run`,
        hint: `set ${missing} to the secret for this run`,
      })
    }
  }
}

/**
 * Gives the session the values that steps name, for the transaction that is open, or, outside of one, until `forgetSecrets`. They travel as
 * bound parameters, and where the role may say so the server's log leaves these out.
 */
export async function handOverSecrets(database: Database, steps: readonly Step[], lookup: SecretLookup, local: boolean): Promise<void> {
  const variables = namedIn(steps)
  if (variables.length === 0) return
  await database.query(`
    SELECT pg_catalog.set_config('log_parameter_max_length', '0', ${local}) FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper`)
  for (const variable of variables) {
    await database.query(`SELECT pg_catalog.set_config($1, $2, ${local}) IS NULL`, [settingName(variable), lookup(variable)])
  }
}

/** Takes back what was handed over outside of a transaction. */
export async function forgetSecrets(database: Database, steps: readonly Step[]): Promise<void> {
  const variables = namedIn(steps)
  if (variables.length === 0) return
  await database.executeAll([
    ...variables.map((variable) => `RESET ${settingName(variable)}`),
    `DO $$BEGIN RESET log_parameter_max_length; EXCEPTION WHEN insufficient_privilege THEN NULL; END$$`,
  ])
}

/** An error of steps without the values that they name, which PostgreSQL may quote, in whole or in part. */
export function withoutSecrets(error: unknown, steps: readonly Step[], lookup: SecretLookup): unknown {
  const variables = namedIn(steps)
  if (variables.length === 0 || !(error instanceof DatabaseError)) return error
  const values = variables.map((variable) => lookup(variable) ?? '')
  const pieces = values.flatMap((value) => [value, value.replaceAll("'", "''"), ...value.split(/[\s='"\\]+/)]).filter((piece) => piece.length > 3)
  const longestFirst = [...new Set(pieces)].sort((a, b) => b.length - a.length)
  const hide = (text: string) => longestFirst.reduce((rest, piece) => rest.replaceAll(piece, '***'), text)
  const { detail, hint, sqlState, statement, index, position } = error
  return new DatabaseError(hide(error.message), { detail: detail && hide(detail), hint: hint && hide(hint), sqlState, statement, index, position })
}

function namedIn(steps: readonly Step[]): string[] {
  return [...new Set(steps.flatMap(({ sql }) => secretsIn(sql)))]
}
