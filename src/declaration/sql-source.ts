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

/** A script of SQL statements, with what is needed to say where one stands. */
export interface Script {
  readonly file: string
  /** The whole text, when the statements stand in it; else the place in the file is not known. */
  readonly text?: string
  readonly statements: readonly ScriptStatement[]
}

export interface ScriptOptions {
  /** Makes a role that a script names and that is missing; false when it may not be made. By default it is created without the right to log in. */
  readonly createRole?: (name: string) => Promise<boolean>
  readonly scope?: Scope
}

/**
 * The scripts that paths name: `.sql` files, and folders of them in the order of their names.
 *
 * @throws UsageError for a path that names nothing, SchemaError with file:line:column for a command that only psql knows
 * @example const scripts = readScripts(['schema.sql'], process.cwd())
 */
export function readScripts(paths: readonly string[], cwd: string): Script[] {
  return paths.flatMap((given) => sqlFiles(given, cwd)).map(readScript)
}

/** The extensions that scripts create, as far as that can be told without running them. */
export function extensionsIn(scripts: readonly Script[]): string[] {
  const created = /^create\s+extension\s+(?:if\s+not\s+exists\s+)?(?:"((?:[^"]|"")+)"|([\w$]+))/i
  return scripts.flatMap(({ statements }) =>
    statements.flatMap(({ sql }) => {
      const [, quoted, plain] = created.exec(sql) ?? []
      return quoted?.replaceAll('""', '"') ?? plain?.toLowerCase() ?? []
    }),
  )
}

/**
 * What scripts make of an empty scratch database. The objects stay in the database, which cannot be used for anything else afterwards.
 *
 * @throws SchemaError with file:line:column for a statement that PostgreSQL refuses
 * @example const model = await scriptModel(scratch, readScripts(['schema.sql'], cwd))
 */
export async function scriptModel(database: Database, scripts: readonly Script[], options: ScriptOptions = {}): Promise<SchemaModel> {
  const { createRole = (name) => createRoleIn(database, name), scope = everything } = options
  await database.executeAll(EXECUTION_SETTINGS)
  for (const script of scripts) await runScript(database, script, createRole)
  await database.executeAll(['RESET ALL'])
  return reflect(database, scope)
}

/** Makes a role; false where that cannot be done, as inside a transaction that has failed. */
export async function createRoleIn(database: Database, name: string): Promise<boolean> {
  try {
    await database.executeAll([`CREATE ROLE ${quoteIdent(name)} NOLOGIN`])
    ;(database.madeRoles ??= new Set()).add(name)
    return true
  } catch {
    return false
  }
}

/** The role that an error says is missing. */
export function missingRole({ sqlState, message }: DatabaseError): string | undefined {
  return sqlState === '42704' ? /role "(.+)" does not exist/.exec(message)?.[1] : undefined
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

async function runScript(database: Database, script: Script, createRole: (name: string) => Promise<boolean>): Promise<void> {
  for (let next = 0; next < script.statements.length; ) {
    const rest = script.statements.slice(next)
    try {
      await database.executeAll(rest.map(({ sql }) => sql))
      return
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.sqlState === undefined) throw error
      const failed = next + (error.index ?? 0)
      const role = missingRole(error)
      if (role === undefined || !(await createRole(role))) throw await refusal(database, script, script.statements[failed]!, error)
      next = failed
    }
  }
}

async function refusal(database: Database, { file, text }: Script, statement: ScriptStatement, error: DatabaseError): Promise<SchemaError> {
  await database.executeAll(['ROLLBACK']).catch(() => undefined)
  const excerpt = excerptOf(error)
  const inside = error.position === undefined ? 0 : [...statement.sql].slice(0, error.position - 1).join('').length
  return new SchemaError(error.message, {
    at: text === undefined ? { file, line: 1 } : placeAt(file, text, statement.offset + inside),
    detail: [error.detail, excerpt && showExcerpt(excerpt)].filter(Boolean).join('\n') || undefined,
    hint: error.hint ?? (text === undefined ? undefined : 'scripts run in the order they are given, those of a folder in the order of their names'),
    cause: error,
  })
}

function placeAt(file: string, text: string, offset: number): SourcePosition {
  const before = text.slice(0, offset)
  return { file, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
