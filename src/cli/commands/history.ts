import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { graphOf, historyOf } from '../../project/migrations.js'
import { historyRange, mentionsCurrent } from '../../revisions/history-range.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { revisionFacts, revisionJson, revisionLines } from '../revisions-text.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const range = flags.revRange as string | undefined
    const needsDatabase = flags.indicateCurrent === true || mentionsCurrent(range)
    const { graph, rows } = needsDatabase ? await historyOf(project) : { graph: await graphOf(project), rows: [] as readonly string[] }
    const revisions = historyRange(graph, range, rows)
    const current = new Set(rows)
    if (flags.json) {
      printJson(revisions.map((revision) => ({ ...revisionJson(revision, graph), ...(flags.indicateCurrent === true && { current: current.has(revision.revision) }) })))
    } else if (revisions.length === 0) printNote('no migrations')
    else if (!flags.verbose) printResult(revisionLines(revisions, graph, { chalk, current, parents: true }))
    else {
      const mark = (id: string) => (current.has(id) ? `\n${chalk.green('the database is here')}` : '')
      printResult(revisions.map((revision) => revisionFacts(revision, graph, chalk) + mark(revision.revision)).join('\n\n'))
    }
    return ExitCode.done
  })
}
