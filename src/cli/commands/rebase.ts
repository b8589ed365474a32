import { ExitCode } from '../../errors.js'
import { rebase } from '../../project/rebase.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, revision: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const { moved, onto } = await rebase(project, revision, flags.onto as string | undefined)
    if (flags.json) printJson({ onto, moved: moved.map(({ revision, file }) => ({ revision, file })) })
    else {
      const [first] = moved
      printResult(`${showPath(first!.file!)} follows ${onto} now; upgrade and downgrade of ${moved.length === 1 ? 'it are' : `these ${moved.length} are`} proven in scratch`)
    }
    return ExitCode.done
  })
}
