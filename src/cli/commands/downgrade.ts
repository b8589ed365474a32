import type { ExitCode } from '../../errors.js'
import { downgrade } from '../../runner/runner.js'
import type { Flags } from '../program.js'
import { runMigrations } from '../run-migrations.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  return runMigrations(flags, 'downgrade', (options) => downgrade(options, target))
}
