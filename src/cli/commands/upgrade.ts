import type { ExitCode } from '../../errors.js'
import { upgrade } from '../../runner/runner.js'
import type { Flags } from '../program.js'
import { runMigrations } from '../run-migrations.js'

export async function run(flags: Flags, target = 'head'): Promise<ExitCode> {
  return runMigrations(flags, 'upgrade', (options) => upgrade(options, target))
}
