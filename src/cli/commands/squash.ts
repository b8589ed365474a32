import { ExitCode } from '../../errors.js'
import { squash } from '../../project/squash.js'
import { wrote } from '../notes.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, range: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const message = (flags.message as string | undefined) ?? `${range.replace(':', ' to ')} together`
    const { revision, file, replaced, upgrade, downgrade, joined } = await squash(project, { range, message })
    if (flags.json) printJson({ revision, file, replaced: replaced.map((migration) => migration.revision), joined })
    else {
      printResult(`${wrote()} ${showPath(file)}: ${upgrade.length} steps up, ${downgrade.length} steps down, both proven in scratch`)
      if (joined) printResult('it holds their steps as they were, one after the other, since they do more than the schema tells')
      printResult(`it replaces ${replaced.length} migrations, which are kept in _replaced for databases that are in the middle of them`)
    }
    return ExitCode.done
  })
}
