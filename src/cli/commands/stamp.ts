import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { stamp } from '../../project/run.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const { before, after } = await stamp(project, target, { purge: flags.purge === true })
    if (flags.json) printJson({ before, after })
    else printResult(`${chalk.green('stamped')} ${after.join(', ') || 'base'}${before.length > 0 ? ` (was ${before.join(', ')})` : ''}`)
    return ExitCode.done
  })
}
