import chalk, { chalkStderr } from 'chalk'
import { ExitCode } from '../../errors.js'
import { historyOf } from '../../project/migrations.js'
import { headStatus } from '../../revisions/new-revision.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { revisionFacts, revisionLines } from '../revisions-text.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const { graph, rows } = await historyOf(project)
    const status = headStatus(graph, rows)
    if (flags.json) printJson(status)
    else {
      const known = status.current.flatMap(({ revision }) => graph.get(revision) ?? [])
      if (known.length > 0) printResult(flags.verbose ? known.map((each) => revisionFacts(each, graph, chalk)).join('\n\n') : revisionLines(known, graph, { chalk }))
      for (const { revision } of status.current.filter(({ isKnown }) => !isKnown)) printResult(`${revision} ${chalk.red('(not in the migrations folder)')}`)
      if (rows.length === 0) printNote('no migration has been applied')
      const behind = status.current.every(({ isKnown }) => isKnown) ? graph.pending(rows).length : 0
      if (behind > 0) printNote(chalkStderr.dim(`${behind} ${behind === 1 ? 'migration is' : 'migrations are'} not applied: autogen upgrade ${graph.heads.length > 1 ? 'heads' : 'head'}`))
    }
    if (!flags.checkHeads || status.atHeads) return ExitCode.done
    printNote(`not at every head; missing: ${status.missing.join(', ') || 'none, but the database is at revisions that are not in the folder'}`)
    return ExitCode.failed
  })
}
