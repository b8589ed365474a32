import { codes, resolveSettings, type ProjectSettings } from '../project/settings.js'
import type { Flags } from './program.js'

/** The settings that flags, environment and configuration file give together. */
export function settingsOf(flags: Flags, env: NodeJS.ProcessEnv = process.env): Promise<ProjectSettings> {
  const { config, database, schema, migrations, scratch, typecheck } = flags
  return resolveSettings({ config, database, schema, migrations, scratch, allow: codes(flags.allow), typecheck: typecheck as boolean | undefined }, env)
}
