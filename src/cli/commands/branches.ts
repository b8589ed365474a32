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
    const points = graph.branchPoints
    const childrenOf = (id: string) => graph.node(id)!.children.map((child) => child.revision)
    if (flags.json) {
      printJson(points.map((point) => ({ ...revisionJson(point, graph), branches: childrenOf(point.revision).map(({ revision }) => revision) })))
      return ExitCode.done
    }
    for (const point of points) {
      printResult(flags.verbose ? revisionFacts(point, graph, chalk) : revisionLines([point], graph, { chalk }))
      printResult(revisionLines(childrenOf(point.revision), graph, { chalk }).replace(/^/gm, '  → '))
    }
    if (points.length === 0) printNote('no branches')
    return ExitCode.done
  })
}
