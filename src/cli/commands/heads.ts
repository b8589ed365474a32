import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { graphOf } from '../../project/migrations.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { revisionFacts, revisionJson, revisionLines } from '../revisions-text.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const graph = await graphOf(project)
    const heads = graph.headNodes.map(({ revision }) => revision)
    if (flags.json) printJson(heads.map((revision) => revisionJson(revision, graph)))
    else if (heads.length === 0) printNote('no migrations')
    else if (flags.verbose) printResult(heads.map((revision) => revisionFacts(revision, graph, chalk)).join('\n\n'))
    else printResult(revisionLines(heads, graph, { chalk }))
    return ExitCode.done
  })
}
