import chalk from 'chalk'
import { ExitCode, UsageError } from '../../errors.js'
import { stamp, stampingScript } from '../../project/run.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { listener, printScript } from '../run-migrations.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  if (flags.sql) {
    if (flags.purge) throw new UsageError('--sql and --purge exclude each other', { hint: 'a script is for a database at a known revision: write from:to' })
    return printScript(flags, (project) => stampingScript(project, target))
  }
  const dryRun = flags.dryRun === true
  return withProject(flags, { mayWriteToLive: !dryRun }, async (project) => {
    const { before, after } = await stamp(project, target, { purge: flags.purge === true, dryRun, onEvent: listener(flags) })
    if (flags.json) printJson({ before, after })
    else printResult(`${dryRun ? 'would stamp' : chalk.green('stamped')} ${after.join(', ') || 'base'}${before.length > 0 ? ` (was ${before.join(', ')})` : ''}`)
    return ExitCode.done
  })
}
