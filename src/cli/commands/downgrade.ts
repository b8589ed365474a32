import type { ExitCode } from '../../errors.js'
import { downgrade, preview, runScript } from '../../project/run.js'
import type { Flags } from '../program.js'
import { printPreview, printScript, runMigrations } from '../run-migrations.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  if (flags.sql) return printScript(flags, (project) => runScript(project, 'downgrade', target, { singleTransaction: flags.singleTransaction === true }))
  if (flags.dryRun) return printPreview(flags, (project) => preview(project, 'downgrade', target))
  return runMigrations(flags, 'downgrade', (project, options) => downgrade(project, target, options))
}
