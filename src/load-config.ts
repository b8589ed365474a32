import type { Config } from './config.js'
import { UsageError } from './errors.js'
import { loadModule } from './revisions/load-module.js'

const MEMBERS: Record<keyof Config, (value: unknown) => boolean> = {
  database: isString,
  schema: (value) => isString(value) || isStrings(value),
  migrations: isString,
  scratch: isString,
  allow: isStrings,
  versionSchema: isString,
  fileTemplate: isString,
}

/** Loads a configuration file and checks its members; throws a UsageError naming the file and what is wrong in it. */
export async function loadConfig(file: string): Promise<Config> {
  const { default: config } = await loadModule(file)
  const at = { file, line: 1 }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError('the configuration file does not export a configuration', { at, hint: 'write export default defineConfig({ … })' })
  }
  for (const [name, value] of Object.entries(config)) {
    if (!(name in MEMBERS)) {
      throw new UsageError(`the configuration has no setting "${name}"`, { at, hint: `it has ${Object.keys(MEMBERS).join(', ')}` })
    }
    if (value !== undefined && !MEMBERS[name as keyof Config](value)) {
      throw new UsageError(`the setting "${name}" of the configuration has the wrong type`, { at, hint: 'see the types of defineConfig' })
    }
  }
  return config as Config
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every(isString)
}
