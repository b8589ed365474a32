import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Database } from '../database/database.js'
import { EXECUTION_SETTINGS } from '../database/scratch-settings.js'
import { DatabaseError, SchemaError, UsageError, type SourcePosition } from '../errors.js'
import type { SchemaModel } from '../model/schema-model.js'
import { reflect } from '../reflector/reflect.js'
import { everything, type Scope } from '../reflector/scope.js'
import { quoteIdent } from '../sql/identifiers.js'
import { splitScript, type ScriptStatement } from '../sql/split.js'
import { excerptOf, showExcerpt } from './failures.js'

/** Commands of psql that change nothing of a schema. */
const HARMLESS = /^\\(restrict|unrestrict|echo|qecho|warn|set|unset|pset|timing|x|a|t|encoding|!)$/

interface Script {
  readonly file: string
  readonly text: string
  readonly statements: readonly ScriptStatement[]
}

/**
 * What SQL scripts make of an empty scratch database: `.sql` files, and folders of them in the order of their names. The objects
 * stay in the database, which cannot be used for anything else afterwards.
 *
 * @throws UsageError for a path that names nothing, SchemaError with file:line:column for a statement that PostgreSQL refuses
 * @example const model = await sqlModel(scratch, ['schema.sql'], { cwd: process.cwd() })
 */
export async function sqlModel(database: Database, paths: readonly string[], { cwd, scope = everything }: { cwd: string; scope?: Scope }): Promise<SchemaModel> {
  const scripts = paths.flatMap((given) => sqlFiles(given, cwd)).map(readScript)
  await database.executeAll(EXECUTION_SETTINGS)
  for (const script of scripts) await runScript(database, script)
  await database.executeAll(['RESET ALL'])
  return reflect(database, scope)
}

function sqlFiles(given: string, cwd: string): string[] {
  const absolute = path.resolve(cwd, given)
  if (!existsSync(absolute)) throw new UsageError(`${given} does not exist`)
  if (!statSync(absolute).isDirectory()) return [absolute]
  const files = readdirSync(absolute, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sql'))
  if (files.length === 0) throw new UsageError(`the folder ${given} holds no .sql files`)
  return files.sort().map((name) => path.join(absolute, name))
}

function readScript(file: string): Script {
  const text = readFileSync(file, 'utf8').replace(/^\ufeff/, '')
  const { statements, commands } = splitScript(text)
  const foreign = commands.find(({ name }) => !HARMLESS.test(name))
  if (foreign) {
    throw new SchemaError(`${foreign.name} is a command of psql, not SQL`, {
      at: placeAt(file, text, foreign.offset),
      hint: 'write what it does as SQL, or remove it',
    })
  }
  return { file, text, statements }
}

async function runScript(database: Database, script: Script): Promise<void> {
  for (let next = 0; next < script.statements.length; ) {
    const rest = script.statements.slice(next)
    try {
      await database.executeAll(rest.map(({ sql }) => sql))
      return
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.sqlState === undefined) throw error
      const failed = next + (error.index ?? 0)
      if (!(await createRole(database, error))) throw await refusal(database, script, script.statements[failed]!, error)
      next = failed
    }
  }
}

/** Makes the role that a statement misses; not inside a transaction of the script, which is lost by then. */
async function createRole(database: Database, { sqlState, message }: DatabaseError): Promise<boolean> {
  const role = sqlState === '42704' ? /role "(.+)" does not exist/.exec(message)?.[1] : undefined
  if (role === undefined) return false
  try {
    await database.executeAll([`CREATE ROLE ${quoteIdent(role)} NOLOGIN`])
    return true
  } catch {
    return false
  }
}

async function refusal(database: Database, { file, text }: Script, statement: ScriptStatement, error: DatabaseError): Promise<SchemaError> {
  await database.executeAll(['ROLLBACK']).catch(() => undefined)
  const excerpt = excerptOf(error)
  const inside = error.position === undefined ? 0 : [...statement.sql].slice(0, error.position - 1).join('').length
  return new SchemaError(error.message, {
    at: placeAt(file, text, statement.offset + inside),
    detail: [error.detail, excerpt && showExcerpt(excerpt)].filter(Boolean).join('\n') || undefined,
    hint: error.hint ?? 'scripts run in the order they are given, those of a folder in the order of their names',
    cause: error,
  })
}

function placeAt(file: string, text: string, offset: number): SourcePosition {
  const before = text.slice(0, offset)
  return { file, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
