import { ExitCode } from '../../errors.js'
import { squash } from '../../project/squash.js'
import { printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'
import { printWritten } from '../written.js'

export async function run(flags: Flags, range: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const message = (flags.message as string | undefined) ?? `${range.replace(':', ' to ')} together`
    const { revision, file, replaced, upgrade, downgrade, joined } = await squash(project, { range, message })
    printWritten(project.files, flags, {
      file,
      summary: `${upgrade.length} steps up, ${downgrade.length} steps down, both proven in scratch`,
      json: { revision, file, replaced: replaced.map((migration) => migration.revision), joined },
    })
    if (flags.json || project.files.dryRun) return ExitCode.done
    if (joined) printResult('it holds their steps as they were, one after the other, since they do more than the schema tells')
    printResult(`it replaces ${replaced.length} migrations, which are kept in _replaced for databases that are in the middle of them`)
    return ExitCode.done
  })
}
