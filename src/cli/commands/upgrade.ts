import type { ExitCode } from '../../errors.js'
import { upgrade } from '../../project/run.js'
import type { Flags } from '../program.js'
import { runMigrations } from '../run-migrations.js'

export async function run(flags: Flags, target = 'head'): Promise<ExitCode> {
  return runMigrations(flags, 'upgrade', (project, options) => upgrade(project, target, options))
}
