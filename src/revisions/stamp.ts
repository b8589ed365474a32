import { RevisionError } from '../errors.js'
import { parseRange } from './history-range.js'
import { absolute, resolve } from './identifiers.js'
import type { RevisionGraph, RevisionNode } from './revision-graph.js'
import { rowChanges, type RowChange } from './version-rows.js'

/** What a stamp changes in the version table. */
export interface StampPlan {
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly rowChanges: readonly RowChange[]
}

/**
 * What a stamp with `targets` changes in a version table that holds `rows`: the rows before and after each target, dependencies included, make
 * room for it; those of other branches stay. `purge` empties the table first, whatever it holds.
 *
 * @example planStamp(graph, 'head', []).rowChanges // [{ type: 'insert', revision: '8c1f0e5a2b7d' }]
 */
export function planStamp(
  graph: RevisionGraph,
  targets: string | readonly string[],
  rows: readonly string[],
  options: { purge?: boolean } = {},
): StampPlan {
  const current = options.purge ? [] : graph.nodesOfRows(rows)
  const destinations: RevisionNode[] = []
  const replaced = new Set<RevisionNode>()
  for (const text of typeof targets === 'string' ? [targets] : targets) {
    const identifier = absolute(text)
    const { nodes, branch } = resolve(graph, identifier, rows)
    destinations.push(...nodes)
    const lineages = (nodes.length > 0 ? nodes : branch ? [branch] : []).map((node) => graph.lineage(node, true))
    for (const node of current) if (nodes.length === 0 && !branch ? true : lineages.some((lineage) => lineage.has(node))) replaced.add(node)
  }
  const tips = new Set(graph.maximal(graph.withAncestors(destinations)))
  const kept = current.filter((node) => !replaced.has(node) || tips.has(node))
  const after = [...new Set([...kept, ...tips])].map((node) => node.id)
  return { before: rows, after, rowChanges: rowChanges(rows, after) }
}

/**
 * The plan for a stamp without a database: targets, each alone or as `from:to`. All starts must be the same one; without any, the version table
 * is taken to be empty.
 */
export function planStampOffline(graph: RevisionGraph, ranges: readonly string[]): StampPlan {
  const ends = ranges.map((range) => (range.includes(':') ? parseRange(range) : { from: undefined, to: range }))
  const starts = new Set(ends.flatMap((end) => end.from ?? []))
  if (starts.size > 1) {
    throw new RevisionError(`a stamp without a database starts at one place, not at ${[...starts].join(' and ')}`, { hint: 'stamp one range at a time' })
  }
  const rows = [...starts].flatMap((start) => resolve(graph, absolute(start)).nodes.map((node) => node.id))
  return planStamp(graph, ends.map((end) => end.to ?? 'heads'), rows)
}
