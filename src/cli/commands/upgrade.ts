import type { ExitCode } from '../../errors.js'
import { upgrade, preview, runScript } from '../../project/run.js'
import type { Flags } from '../program.js'
import { printPreview, printScript, runMigrations } from '../run-migrations.js'

export async function run(flags: Flags, target = 'head'): Promise<ExitCode> {
  if (flags.sql) return printScript(flags, (project) => runScript(project, 'upgrade', target, { singleTransaction: flags.singleTransaction === true }))
  if (flags.dryRun) return printPreview(flags, (project) => preview(project, 'upgrade', target))
  return runMigrations(flags, 'upgrade', (project, options) => upgrade(project, target, options))
}
