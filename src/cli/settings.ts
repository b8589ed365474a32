import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config.js'
import type { ScratchMode } from '../database/scratch.js'
import { UsageError } from '../errors.js'
import type { ProjectSettings } from '../project/project.js'
import type { Flags } from './program.js'

const DEFAULT_CONFIG = 'autogen.config.ts'

/** Puts flags, environment, configuration file and defaults together; the earlier ones win. */
export async function resolveSettings(flags: Flags, env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): Promise<ProjectSettings> {
  const config = await readConfig(flags.config ?? (env.AUTOGEN_CONFIG || undefined), cwd)
  const scratch = flags.scratch ?? (env.AUTOGEN_SCRATCH || undefined) ?? config.scratch ?? 'auto'
  return {
    cwd,
    database: flags.database ?? (env.DATABASE_URL || undefined) ?? config.database,
    schema: flags.schema ?? (env.AUTOGEN_SCHEMA ? [env.AUTOGEN_SCHEMA] : undefined) ?? list(config.schema) ?? ['schema.ts'],
    migrations: flags.migrations ?? (env.AUTOGEN_MIGRATIONS || undefined) ?? config.migrations ?? 'migrations',
    scratch: scratchMode(scratch),
    allow: codes(flags.allow ?? (env.AUTOGEN_ALLOW || undefined)) ?? config.allow ?? [],
    versionSchema: config.versionSchema ?? 'autogen',
    ...(config.fileTemplate && { fileTemplate: config.fileTemplate }),
  }
}

async function readConfig(file: string | undefined, cwd: string): Promise<Config> {
  const chosen = path.resolve(cwd, file ?? DEFAULT_CONFIG)
  if (!existsSync(chosen)) {
    if (file === undefined) return {}
    throw new UsageError(`the configuration file ${file} does not exist`, { hint: 'check --config and AUTOGEN_CONFIG, or run autogen init' })
  }
  const { loadConfig } = await import('../load-config.js')
  return loadConfig(chosen)
}

function scratchMode(text: string): ScratchMode {
  if (['auto', 'server', 'native', 'embedded'].includes(text) || /^(postgres(ql)?|pglite):\/\//.test(text)) return text as ScratchMode
  throw new UsageError('--scratch does not name an engine', { hint: 'use auto, server, native, embedded or a postgres:// URL' })
}

function list<T>(value: T | readonly T[] | undefined): readonly T[] | undefined {
  return value === undefined ? undefined : Array.isArray(value) ? value : [value as T]
}

function codes(text: string | undefined): string[] | undefined {
  return text?.split(',').map((code) => code.trim()).filter(Boolean)
}
