import type { ExitCode } from '../../errors.js'
import { downgrade } from '../../project/run.js'
import type { Flags } from '../program.js'
import { runMigrations } from '../run-migrations.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  return runMigrations(flags, 'downgrade', (project, options) => downgrade(project, target, options))
}
