import type { ExitCode } from '../../errors.js'
import { upgrade, runScript } from '../../project/run.js'
import type { Flags } from '../program.js'
import { printScript, runMigrations } from '../run-migrations.js'

export async function run(flags: Flags, target = 'head'): Promise<ExitCode> {
  if (flags.sql) return printScript(flags, (project) => runScript(project, 'upgrade', target, { singleTransaction: flags.singleTransaction === true }))
  return runMigrations(flags, 'upgrade', (project, options) => upgrade(project, target, options))
}
