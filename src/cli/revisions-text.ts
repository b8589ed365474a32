import type { ChalkInstance } from 'chalk'
import type { RevisionGraph } from '../revisions/revision-graph.js'
import type { Revision } from '../revisions/revision.js'
import { visible } from '../review/visible.js'
import { showPath } from './output.js'

/** What a list of revisions says beside their facts. */
export interface ListOptions {
  readonly chalk: ChalkInstance
  /** Revisions that the database is at. */
  readonly current?: ReadonlySet<string>
  /** Also names what each one follows where that is not the next in the list. */
  readonly parents?: boolean
}

/** Revisions, one a line: `8c1f0e5a2b7d  2026-01-31 09:30  add last_login (head)`. */
export function revisionLines(revisions: readonly Revision[], graph: RevisionGraph, options: ListOptions): string {
  const { chalk, current = new Set(), parents = false } = options
  const width = Math.max(0, ...revisions.map(({ revision }) => revision.length))
  const dates = revisions.some(({ created }) => created)
  return revisions
    .map((revision, index) => {
      const next = revisions[index + 1]?.revision
      const follows = revision.revises
      const obvious = follows.length === 0 ? next === undefined : follows.length === 1 && follows[0] === next
      const from = parents && !obvious ? chalk.dim(` ← ${follows.join(' + ') || 'base'}`) : ''
      const needs = parents && revision.dependsOn.length > 0 ? chalk.dim(` needs ${revision.dependsOn.join(', ')}`) : ''
      const date = dates ? `${chalk.dim(dateOf(revision).padEnd(16))}  ` : ''
      const mark = current.has(revision.revision) ? ` ${chalk.green('(current)')}` : ''
      return `${chalk.yellow(revision.revision.padEnd(width))}  ${date}${oneLine(revision.message) || chalk.dim('no message')}${marks(revision, graph)}${mark}${from}${needs}`
    })
    .join('\n')
}

/** Everything known about a revision, a fact a line. */
export function revisionFacts(revision: Revision, graph: RevisionGraph, chalk: ChalkInstance): string {
  const facts: [string, string | undefined][] = [
    ['revision', `${chalk.yellow(revision.revision)}${marks(revision, graph)}`],
    ['revises', revision.revises.join(', ') || 'base'],
    ['depends on', revision.dependsOn.join(', ')],
    ['branch labels', revision.branchLabels.join(', ')],
    ['message', oneLine(revision.message)],
    ['created', dateOf(revision)],
    ['file', revision.file && showPath(revision.file)],
  ]
  return facts.flatMap(([name, value]) => (value ? [`${chalk.dim(name.padEnd(13))} ${value}`] : [])).join('\n')
}

/** A revision for machines. */
export function revisionJson(revision: Revision, graph: RevisionGraph): Record<string, unknown> {
  return {
    revision: revision.revision,
    revises: revision.revises,
    dependsOn: revision.dependsOn,
    branchLabels: revision.branchLabels,
    message: revision.message,
    created: revision.created,
    file: revision.file,
    head: graph.heads.includes(revision.revision),
  }
}

function marks(revision: Revision, graph: RevisionGraph): string {
  const children = graph.node(revision.revision)?.children.length ?? 0
  return [
    ...(revision.branchLabels.length > 0 ? [`[${revision.branchLabels.join(', ')}]`] : []),
    ...(children === 0 ? ['(head)'] : []),
    ...(children > 1 ? ['(branchpoint)'] : []),
    ...(revision.revises.length > 1 ? ['(mergepoint)'] : []),
  ]
    .map((mark) => ` ${mark}`)
    .join('')
}

/** `20260131_0930` as `2026-01-31 09:30`. */
function dateOf({ created }: Revision): string {
  return created?.replace(/^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d).*$/, '$1-$2-$3 $4:$5') ?? ''
}

function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' '))
}
