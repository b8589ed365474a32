import { ExitCode } from '../../errors.js'
import { writeLock } from '../../project/lock.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'
import { printWritten } from '../written.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const file = await writeLock(project, { anew: true })
    printWritten(project.files, flags, { file, json: { file } })
    return ExitCode.done
  })
}
