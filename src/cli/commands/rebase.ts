import { ExitCode } from '../../errors.js'
import { rebase } from '../../project/rebase.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'
import { printWritten } from '../written.js'

export async function run(flags: Flags, revision: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const { moved, onto } = await rebase(project, revision, flags.onto as string | undefined)
    const json = { onto, moved: moved.map(({ revision, file }) => ({ revision, file })) }
    const file = moved[0]!.file!
    const proven = `upgrade and downgrade of ${moved.length === 1 ? 'it are' : `these ${moved.length} are`} proven in scratch`
    if (project.files.dryRun) printWritten(project.files, flags, { file, summary: `it follows ${onto} there; ${proven}`, json })
    else if (flags.json) printJson(json)
    else printResult(`${showPath(file)} follows ${onto} now; ${proven}`)
    return ExitCode.done
  })
}
