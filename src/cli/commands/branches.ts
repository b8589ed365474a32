import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { graphOf } from '../../project/migrations.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { revisionFacts, revisionJson, revisionLine } from '../revisions-text.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const { graph } = await graphOf(project)
    const points = graph.branchPoints
    if (flags.json) {
      printJson(points.map((revision) => ({ ...revisionJson(revision, graph), branches: graph.node(revision.revision)!.children.map(({ id }) => id) })))
      return ExitCode.done
    }
    for (const revision of points) {
      printResult(flags.verbose ? revisionFacts(revision, graph, chalk) : revisionLine(revision, graph, chalk))
      for (const child of graph.node(revision.revision)!.children) printResult(`  ${revisionLine(child.revision, graph, chalk)}`)
    }
    if (points.length === 0) printNote('no branches')
    return ExitCode.done
  })
}
