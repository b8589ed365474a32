import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { historyOf } from '../../project/migrations.js'
import { headStatus } from '../../revisions/new-revision.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { revisionLine } from '../revisions-text.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const { graph, rows } = await historyOf(project)
    const status = headStatus(graph, rows)
    if (flags.json) printJson(status)
    else {
      for (const { revision, isKnown } of status.current) {
        const known = graph.get(revision)
        printResult(isKnown && known ? revisionLine(known, graph, chalk) : `${revision} ${chalk.red('(not in the migrations folder)')}`)
      }
      if (rows.length === 0) printNote('no migration has been applied')
    }
    if (!flags.checkHeads || status.atHeads) return ExitCode.done
    printNote(`not at every head; missing: ${status.missing.join(', ') || 'none, but the database is at revisions that are not in the folder'}`)
    return ExitCode.failed
  })
}
