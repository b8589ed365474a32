import { ExitCode } from '../../errors.js'
import { writeLock } from '../../project/lock.js'
import { wrote } from '../notes.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const file = await writeLock(project, { anew: true })
    if (flags.json) printJson({ file })
    else printResult(`${wrote()} ${showPath(file)}`)
    return ExitCode.done
  })
}
