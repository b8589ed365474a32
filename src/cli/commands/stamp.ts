import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { graphOf } from '../../project/migrations.js'
import { stamp } from '../../runner/runner.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const { migrations } = await graphOf(project)
    const { versionSchema } = project.settings
    const { before, after } = await stamp({ database: await project.live(), migrations, versionSchema }, target, { purge: flags.purge === true })
    if (flags.json) printJson({ before, after })
    else printResult(`${chalk.green('stamped')} ${after.join(', ') || 'base'}${before.length > 0 ? ` (was ${before.join(', ')})` : ''}`)
    return ExitCode.done
  })
}
