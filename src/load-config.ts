import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isRegExp } from 'node:util/types'
import { mistakeInNaming } from './authoring/naming.js'
import type { Config } from './config.js'
import { cacheKey, DiskCache } from './declaration/disk-cache.js'
import { plainClosure } from './declaration/source-closure.js'
import { UsageError } from './errors.js'
import { mistakeInChoice } from './reflector/filter.js'
import { loadModule } from './revisions/load-module.js'
import { closest } from './suggest.js'

interface Member {
  readonly accepts: (value: unknown) => boolean
  readonly wants: string | ((value: unknown) => string)
}

const TEXT: Member = { accepts: isString, wants: 'a string' }
const TIME: Member = { accepts: (value) => isString(value) || typeof value === 'number', wants: "milliseconds, or a time such as '2s'" }
const YES_OR_NO: Member = { accepts: (value) => typeof value === 'boolean', wants: 'true or false' }
const SECONDS: Member = { accepts: (value) => typeof value === 'number' && value > 0, wants: 'a number of seconds' }
const FUNCTION: Member = { accepts: (value) => typeof value === 'function', wants: 'a function' }
const MEMBERS: Record<keyof Config, Member> = {
  database: TEXT,
  databases: { accepts: isDatabases, wants: 'an object of addresses or settings by name' },
  schema: { accepts: (value) => isString(value) || isStrings(value), wants: 'a string or a list of strings' },
  migrations: { accepts: (value) => isString(value) || isStrings(value), wants: 'a string or a list of strings' },
  scratch: TEXT,
  allow: { accepts: isStrings, wants: 'a list of strings' },
  versionSchema: TEXT,
  fileTemplate: TEXT,
  template: TEXT,
  afterWrite: { accepts: (value) => isString(value) || typeof value === 'function', wants: 'a command or a function' },
  lockTimeout: TIME,
  lockRetries: { accepts: (value) => typeof value === 'number', wants: 'a number' },
  statementTimeout: TIME,
  pooler: YES_OR_NO,
  online: YES_OR_NO,
  split: YES_OR_NO,
  gradual: { accepts: isStrings, wants: 'a list of strings' },
  typecheck: YES_OR_NO,
  waitForReplicas: SECONDS,
  waitForRun: { accepts: (value) => value === 0 || SECONDS.accepts(value), wants: 'a number of seconds' },
  beforeMigration: FUNCTION,
  afterMigration: FUNCTION,
  onStep: FUNCTION,
  processOperations: { accepts: (value) => typeof value === 'function', wants: 'a function' },
  include: saying(mistakeInChoice),
  exclude: saying(mistakeInChoice),
  naming: saying(mistakeInNaming),
  kinds: { accepts: (value) => Array.isArray(value), wants: 'a list of what defineKind gives' },
}

const OF_ONE: readonly (keyof Config)[] = ['database', 'schema', 'migrations', 'scratch', 'allow', 'versionSchema', 'pooler', 'waitForReplicas', 'waitForRun', 'lockTimeout', 'lockRetries', 'statementTimeout']

function isDatabases(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return isString(one)
    return Object.entries(one).every(([name, setting]) => (OF_ONE as readonly string[]).includes(name) && (setting === undefined || MEMBERS[name as keyof Config].accepts(setting)))
  })
}

/**
 * Loads a configuration file and checks its members. One that cannot say something else the next time is remembered,
 * unless it may hold a password.
 *
 * @throws UsageError naming the file and what is wrong in it
 * @example const config = await loadConfig('/project/autogen.config.ts')
 */
export async function loadConfig(file: string): Promise<Config> {
  if (statSync(file).isDirectory()) {
    throw new UsageError(`the configuration file ${path.basename(file)} is a folder`, { hint: 'name a file with --config or AUTOGEN_CONFIG' })
  }
  const sources = plainClosure([file])
  const cache = new DiskCache(path.join(path.dirname(file), '.autogen', 'cache'))
  const name = sources && `config-${cacheKey(...[...sources].flat())}`
  const known = name && (await cache.read<Config>(name))
  if (known) return known
  const config = await readConfig(file)
  const isData = isPlainData(config)
  if (name && isData && !JSON.stringify(config).includes('@')) await cache.write(name, config)
  return config
}

async function readConfig(file: string): Promise<Config> {
  const { default: config } = await loadModule(file)
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError('the configuration file does not export a configuration', {
      at: { file, line: 1 },
      hint: 'write export default defineConfig({ … })',
    })
  }
  for (const [name, value] of Object.entries(config)) {
    const member = Object.hasOwn(MEMBERS, name) ? MEMBERS[name as keyof Config] : undefined
    if (!member) {
      const near = closest(name, Object.keys(MEMBERS))
      throw new UsageError(`the configuration has no setting "${name}"`, {
        at: await placeOf(file, name),
        hint: near ? `did you mean ${near}?` : `it has ${Object.keys(MEMBERS).join(', ')}`,
      })
    }
    if (value !== undefined && !member.accepts(value)) {
      const said = typeof member.wants === 'string' ? `${member.wants}, not ${nameOf(value)}` : member.wants(value)
      throw new UsageError(`the setting "${name}" of the configuration must be ${said}`, { at: await placeOf(file, name) })
    }
  }
  return config as Config
}

/** Whether JSON holds all of a value: no functions, no regular expressions. */
function isPlainData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  return !isRegExp(value) && Object.values(value).every(isPlainData)
}

/** Where a setting stands in the file, when it stands there plainly. */
async function placeOf(file: string, name: string): Promise<{ file: string; line: number; column?: number }> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  for (const [index, line] of lines.entries()) {
    const column = line.search(new RegExp(`(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}['"]?\\s*[:,}]`))
    if (column >= 0 && !line.trimStart().startsWith('//')) return { file, line: index + 1, column: column + 1 }
  }
  return { file, line: 1 }
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.every(isString) ? 'a list' : 'a list with something else in it'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every(isString)
}

/** Accepts what no mistake is found in. */
function saying(mistakeIn: (value: unknown) => string | undefined): Member {
  return { accepts: (value) => mistakeIn(value) === undefined, wants: (value) => mistakeIn(value)! }
}
