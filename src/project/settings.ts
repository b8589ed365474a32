import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config, NamedDatabase } from '../config.js'
import type { ScratchMode } from '../database/scratch.js'
import { UsageError } from '../errors.js'
import { HAZARD_CODES } from '../hazards.js'
import { durationOf, retriesOf, type Refuse, type Timeouts, type TimeoutsInput } from '../revisions/timeouts.js'
import { closest } from '../suggest.js'
import type { NamingConvention } from '../authoring/naming.js'
import type { ProcessOperations } from '../operations/process.js'
import { Filter, type ObjectChoice } from '../reflector/filter.js'
import type { AfterWrite } from './after-write.js'
import type { CustomKinds } from './custom-kinds.js'

/** Where a project's parts are, after flags, environment and configuration file were put together. */
export interface ProjectSettings {
  /** Folder that relative paths start from: that of the configuration file, else the one the run was started in. */
  readonly cwd: string
  /** `postgres://…` or `pglite://<dir>`; undefined is the embedded database in `.autogen/`. */
  readonly database: string | undefined
  readonly schema: readonly string[]
  /** Where migrations are, and the lock file. */
  readonly migrations: string
  /** Further folders with migrations; `db/**` is a folder with all below it. */
  readonly moreMigrations: readonly string[]
  readonly scratch: ScratchMode
  /** Hazard codes that may be written, for all objects or for one (`data-loss:app.users`); `all` allows every one. */
  readonly allow: readonly string[]
  /** Schema of the bookkeeping tables. */
  readonly versionSchema: string
  readonly fileTemplate?: string
  readonly template?: string
  readonly afterWrite?: AfterWrite
  /** The database is reached through a pooler that lends sessions for one transaction at a time. */
  readonly pooler: boolean
  /** How long what migrations do may wait and take, where they do not say so themselves. */
  readonly timeouts: Timeouts
  /** Whether migrations take the forms of statements that let applications go on, of which some run outside a transaction. */
  readonly online: boolean
  /** Whether the changes of a release are written as two migrations: what runs before its deploy, and what runs after. */
  readonly split: boolean
  /** Tables and columns, with `*` for any characters, whose changes are made in steps where one would write all rows anew. */
  readonly gradual: readonly string[]
  /** After each migration, how long replicas are waited for; undefined: not at all. */
  readonly waitForReplicasMs: number | undefined
  /** How long a run waits for another one to end; undefined: as long as the runner does. */
  readonly waitForRunMs: number | undefined
  /** What is called while migrations run. */
  readonly callbacks: Pick<Config, 'beforeMigration' | 'afterMigration' | 'onStep'>
  /** Whether TypeScript checks the schema files before a migration is generated; undefined: where that is quick. */
  readonly typecheck: boolean | undefined
  readonly processOperations?: ProcessOperations | undefined
  /** What is left out of comparisons. */
  readonly filter?: Filter | undefined
  readonly naming?: NamingConvention | undefined
  /** Kinds of the project's own. */
  readonly custom?: CustomKinds | undefined
}

/** What goes before the environment and the configuration file: flags, or what a program that uses the library says. */
export interface SettingsInput extends Omit<TimeoutsInput, 'lockRetries'> {
  /** The configuration file; by default `autogen.config.ts` in this folder or one above it in the same project. */
  readonly config?: string | undefined
  readonly database?: string | undefined
  /** Which of the `databases` of the configuration file. */
  readonly name?: string | undefined
  readonly schema?: readonly string[] | undefined
  readonly migrations?: string | readonly string[] | undefined
  readonly scratch?: string | undefined
  readonly allow?: readonly string[] | undefined
  readonly typecheck?: boolean | undefined
  readonly online?: boolean | undefined
  readonly split?: boolean | undefined
  readonly gradual?: readonly string[] | undefined
  readonly pooler?: boolean | undefined
  readonly lockRetries?: number | string | undefined
  /** Seconds. */
  readonly waitForReplicas?: number | undefined
  /** Seconds. */
  readonly waitForRun?: number | undefined
  readonly processOperations?: ProcessOperations | undefined
  readonly include?: ObjectChoice | undefined
  readonly exclude?: ObjectChoice | undefined
}

/** Environment variables; @types/node, which names them too, need not be installed. */
type Environment = Readonly<Record<string, string | undefined>>

const CONFIG_NAMES = ['autogen.config.ts', 'autogen.config.mts', 'autogen.config.js', 'autogen.config.mjs']

/**
 * Puts what was said, environment, configuration file and defaults together; the earlier ones win.
 *
 * @throws UsageError for a configuration file that is not there or wrong
 * @example const settings = await resolveSettings({ database: 'postgres://localhost/app' })
 */
export async function resolveSettings(input: SettingsInput = {}, env: Environment = process.env, cwd = process.cwd()): Promise<ProjectSettings> {
  const file = configFile(input.config ?? (env.AUTOGEN_CONFIG || undefined), cwd)
  const loaded: Config = file === undefined ? {} : await (await import('../load-config.js')).loadConfig(file)
  const named = namedDatabase(loaded, input.name ?? (env.AUTOGEN_NAME || undefined))
  const config = { ...loaded, ...named }
  const { beforeMigration, afterMigration, onStep } = config
  const root = file === undefined ? cwd : path.dirname(file)
  const here = (given: string) => fromRoot(given, cwd, root)
  const folders = list(input.migrations ?? (env.AUTOGEN_MIGRATIONS || undefined))?.map(here) ?? list(config.migrations) ?? ['migrations']
  // The first is also where new ones are written, which is no pattern.
  const migrations = (folders[0] ?? 'migrations').replace(/[\\/]\*\*$/, '')
  const moreMigrations = folders.filter((folder) => folder !== migrations)
  const database = input.database ?? (named ? undefined : env.DATABASE_URL || undefined)
  if (database === undefined && config.database === undefined && loaded.databases && !named) {
    throw new UsageError('the configuration file names several databases', { hint: `choose one: --name ${Object.keys(loaded.databases).join(', --name ')}` })
  }
  return {
    cwd: root,
    database: database === undefined ? config.database : embeddedFromRoot(database, here),
    schema: (input.schema ?? (env.AUTOGEN_SCHEMA ? [env.AUTOGEN_SCHEMA] : undefined))?.map(here) ?? list(config.schema) ?? ['schema.ts'],
    migrations,
    moreMigrations,
    scratch: firstScratch([
      [input.scratch, '--scratch'],
      [env.AUTOGEN_SCRATCH || undefined, 'AUTOGEN_SCRATCH'],
      [config.scratch, 'the setting scratch'],
    ]),
    allow: firstAllowed([
      [input.allow, '--allow'],
      [codes(env.AUTOGEN_ALLOW), 'AUTOGEN_ALLOW'],
      [config.allow, 'the setting allow'],
    ]),
    versionSchema: config.versionSchema ?? 'autogen',
    ...(config.fileTemplate && { fileTemplate: config.fileTemplate }),
    ...(config.template && { template: config.template }),
    ...(config.afterWrite !== undefined && { afterWrite: config.afterWrite }),
    pooler: input.pooler ?? yesOrNo(env.AUTOGEN_POOLER, 'AUTOGEN_POOLER') ?? config.pooler ?? false,
    timeouts: timeoutsOf(input, env, config),
    online: input.online ?? yesOrNo(env.AUTOGEN_ONLINE, 'AUTOGEN_ONLINE') ?? config.online ?? true,
    split: input.split ?? yesOrNo(env.AUTOGEN_SPLIT, 'AUTOGEN_SPLIT') ?? config.split ?? false,
    gradual: input.gradual ?? codes(env.AUTOGEN_GRADUAL) ?? config.gradual ?? [],
    waitForReplicasMs: milliseconds(input.waitForReplicas ?? seconds(env.AUTOGEN_WAIT_FOR_REPLICAS, 'AUTOGEN_WAIT_FOR_REPLICAS') ?? config.waitForReplicas),
    waitForRunMs: milliseconds(input.waitForRun ?? seconds(env.AUTOGEN_WAIT_FOR_RUN, 'AUTOGEN_WAIT_FOR_RUN', { orNone: true }) ?? config.waitForRun),
    callbacks: { beforeMigration, afterMigration, onStep },
    typecheck: input.typecheck ?? yesOrNo(env.AUTOGEN_TYPECHECK, 'AUTOGEN_TYPECHECK') ?? config.typecheck,
    processOperations: input.processOperations ?? config.processOperations,
    filter: filterOf(input.include ?? config.include, input.exclude ?? config.exclude),
    naming: config.naming,
    ...(config.kinds && { custom: (await import('./custom-kinds.js')).customKinds(config.kinds, file!) }),
  }
}

function filterOf(include: ObjectChoice | undefined, exclude: ObjectChoice | undefined): Filter | undefined {
  return include || exclude ? new Filter({ include, exclude }) : undefined
}

/** What the configuration says of one database; undefined when none is chosen. */
function namedDatabase({ databases = {} }: Config, name: string | undefined): NamedDatabase | undefined {
  if (name === undefined) return undefined
  const found = Object.hasOwn(databases, name) ? databases[name] : undefined
  if (found !== undefined) return typeof found === 'string' ? { database: found } : found
  const names = Object.keys(databases)
  const near = closest(name, names)
  const hint = names.length === 0 ? 'databases in the configuration file is where names are given' : near ? `did you mean ${near}?` : `there are ${names.join(', ')}`
  throw new UsageError(`there is no database named ${JSON.stringify(name)}`, { hint })
}

/** Hazard codes separated by commas. */
export function codes(text: string | undefined): string[] | undefined {
  return text?.trim() ? text.split(',').map((code) => code.trim()).filter(Boolean) : undefined
}

/** The first that is said of each. */
function timeoutsOf(input: SettingsInput, env: Environment, config: Config): Timeouts {
  const first = <T extends number | string>(name: keyof TimeoutsInput, flag: string, variable: string, read: (given: T, refuse: Refuse) => number) => {
    const choices = [[input[name], flag], [env[variable] || undefined, variable], [config[name], `the setting ${name}`]] as [T | undefined, string][]
    const [given, from] = choices.find(([value]) => value !== undefined) ?? []
    if (given === undefined) return undefined
    return read(given, (problem, hint) => {
      throw new UsageError(`${from} ${problem}`, { hint })
    })
  }
  const lockTimeoutMs = first('lockTimeout', '--lock-timeout', 'AUTOGEN_LOCK_TIMEOUT', durationOf)
  const lockRetries = first('lockRetries', '--lock-retries', 'AUTOGEN_LOCK_RETRIES', retriesOf)
  const statementTimeoutMs = first('statementTimeout', '--statement-timeout', 'AUTOGEN_STATEMENT_TIMEOUT', durationOf)
  return { ...(lockTimeoutMs !== undefined && { lockTimeoutMs }), ...(lockRetries !== undefined && { lockRetries }), ...(statementTimeoutMs !== undefined && { statementTimeoutMs }) }
}

function yesOrNo(said: string | undefined, name: string): boolean | undefined {
  if (!said) return undefined
  if (/^(1|true|yes|on)$/i.test(said)) return true
  if (/^(0|false|no|off)$/i.test(said)) return false
  throw new UsageError(`${name} is ${JSON.stringify(said)}`, { hint: 'set it to 1 or 0' })
}

/**
 * Seconds that a flag or a variable gives; `orNone` allows 0.
 *
 * @throws UsageError for what is no number of seconds
 */
export function seconds(said: string | undefined, name: string, { orNone = false } = {}): number | undefined {
  if (!said) return undefined
  const number = Number(said)
  if (number > 0 || (orNone && number === 0)) return number
  throw new UsageError(`${name} ${said} is no number of seconds`, { hint: `write ${name}${name.startsWith('-') ? ' ' : '='}60` })
}

function milliseconds(given: number | undefined): number | undefined {
  return given === undefined ? undefined : given * 1000
}

function configFile(named: string | undefined, cwd: string): string | undefined {
  if (named === undefined) return searchUpwards(cwd)
  const file = path.resolve(cwd, named)
  if (existsSync(file)) return file
  throw new UsageError(`the configuration file ${named} does not exist`, { hint: 'check --config and AUTOGEN_CONFIG, or run autogen init' })
}

/** Files above the project are not run: who may write there is not known. */
function searchUpwards(cwd: string): string | undefined {
  const folders = [cwd]
  for (let at = cwd; path.dirname(at) !== at; folders.push(at)) at = path.dirname(at)
  const within = (marker: string) => folders.findIndex((folder) => existsSync(path.join(folder, marker)))
  const top = [within('.git'), within('package.json'), 0].find((index) => index >= 0)!
  for (const folder of folders.slice(0, top + 1)) {
    const found = CONFIG_NAMES.map((name) => path.join(folder, name)).find((file) => existsSync(file))
    if (found) return found
  }
  return undefined
}

function fromRoot(given: string, cwd: string, root: string): string {
  return path.isAbsolute(given) || cwd === root ? given : path.relative(root, path.resolve(cwd, given)) || '.'
}

function embeddedFromRoot(url: string, here: (given: string) => string): string {
  const [, scheme, folder] = /^(pglite:(?:\/\/)?)(.+)$/is.exec(url) ?? []
  return scheme && folder ? `${scheme}${here(folder)}` : url
}

function firstScratch(choices: readonly (readonly [string | undefined, string])[]): ScratchMode {
  const [text = 'auto', from] = choices.find(([value]) => value !== undefined) ?? []
  if (['auto', 'server', 'native', 'embedded'].includes(text) || /^(postgres(ql)?|pglite):\/\//.test(text)) return text as ScratchMode
  throw new UsageError(`${from} names no engine${/^\w+$/.test(text) ? `: "${text}"` : ''}`, { hint: 'use auto, server, native, embedded or a postgres:// URL' })
}

function firstAllowed(choices: readonly (readonly [readonly string[] | undefined, string])[]): readonly string[] {
  const [allowed = [], from] = choices.find(([value]) => value !== undefined) ?? []
  const codes = [...HAZARD_CODES, 'all']
  const unknown = allowed.map((entry) => entry.replace(/:.*$/s, '')).find((code) => !codes.includes(code))
  if (unknown === undefined) return allowed
  const near = closest(unknown, codes)
  throw new UsageError(`${from} names no hazard: "${unknown}"`, { hint: near ? `did you mean ${near}?` : `there are ${codes.join(', ')}` })
}

function list<T>(value: T | readonly T[] | undefined): readonly T[] | undefined {
  return value === undefined ? undefined : Array.isArray(value) ? value : [value as T]
}
