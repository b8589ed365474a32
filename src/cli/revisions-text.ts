import path from 'node:path'
import type { ChalkInstance } from 'chalk'
import type { RevisionGraph } from '../revisions/revision-graph.js'
import type { Revision } from '../revisions/revision.js'

/** One line about a revision: `41d3b0c9e6f2 -> 8c1f0e5a2b7d (head), add last_login`. */
export function revisionLine(revision: Revision, graph: RevisionGraph, chalk: ChalkInstance): string {
  const from = revision.revises.length === 0 ? '<base>' : revision.revises.join(', ')
  return `${chalk.dim(`${from} ->`)} ${chalk.yellow(revision.revision)}${marks(revision, graph)}, ${revision.message || 'no message'}`
}

/** Everything known about a revision, a fact a line. */
export function revisionFacts(revision: Revision, graph: RevisionGraph, chalk: ChalkInstance): string {
  const facts: [string, string | undefined][] = [
    ['revision', `${chalk.yellow(revision.revision)}${marks(revision, graph)}`],
    ['revises', revision.revises.join(', ') || '<base>'],
    ['depends on', revision.dependsOn.join(', ')],
    ['branch labels', revision.branchLabels.join(', ')],
    ['message', revision.message],
    ['file', revision.file && path.relative(process.cwd(), revision.file)],
  ]
  return facts.flatMap(([name, value]) => (value ? [`${name.padEnd(13)} ${value}`] : [])).join('\n')
}

/** A revision for machines. */
export function revisionJson(revision: Revision, graph: RevisionGraph): Record<string, unknown> {
  return {
    revision: revision.revision,
    revises: revision.revises,
    dependsOn: revision.dependsOn,
    branchLabels: revision.branchLabels,
    message: revision.message,
    file: revision.file,
    head: graph.heads.includes(revision.revision),
  }
}

function marks(revision: Revision, graph: RevisionGraph): string {
  const node = graph.node(revision.revision)
  const labels = revision.branchLabels.length > 0 ? ` [${revision.branchLabels.join(', ')}]` : ''
  return `${labels}${node?.children.length === 0 ? ' (head)' : ''}${(node?.children.length ?? 0) > 1 ? ' (branchpoint)' : ''}${revision.revises.length > 1 ? ' (mergepoint)' : ''}`
}
