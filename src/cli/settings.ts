import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { UsageError } from '../errors.js'
import { codes, resolveSettings, seconds, type ProjectSettings } from '../project/settings.js'
import { chooseLog } from './log.js'
import type { Flags } from './program.js'

/** The settings that flags, environment and configuration file give together. */
export function settingsOf(flags: Flags, env: NodeJS.ProcessEnv = process.env): Promise<ProjectSettings> {
  if (typeof flags.env === 'string') {
    readEnvironment(flags.env, env)
    chooseLog((flags.log as string | undefined) ?? env.AUTOGEN_LOG)
  }
  const { config, database, schema, migrations, scratch, typecheck } = flags
  const name = flags.name as string | undefined
  const { lockTimeout, lockRetries, statementTimeout } = flags as Record<string, string | undefined>
  return resolveSettings(
    {
      config, database, name, schema, migrations, scratch, lockTimeout, lockRetries, statementTimeout,
      allow: codes(flags.allow),
      typecheck: typecheck as boolean | undefined,
      split: flags.split as boolean | undefined,
      online: flags.online as boolean | undefined,
      gradual: codes(flags.gradual as string | undefined),
      pooler: flags.pooler as boolean | undefined,
      waitForReplicas: seconds(flags.waitForReplicas as string | undefined, '--wait-for-replicas'),
      waitForRun: seconds(flags.waitForRun as string | undefined, '--wait-for-run', { orNone: true }),
    },
    env,
  )
}

/** Adds the variables of a file to the environment; those that are there already stay. */
function readEnvironment(file: string, env: NodeJS.ProcessEnv): void {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`the file ${file} with environment variables cannot be read: ${(error as Error).message}`, { hint: 'check --env' })
  }
  for (const [variable, value] of Object.entries(parseEnv(text))) env[variable] ??= value
}
