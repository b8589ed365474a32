import { RevisionError } from '../errors.js'
import { parseIdentifier, resolve, type Identifier } from './identifiers.js'
import type { Direction, Revision } from './revision.js'
import { planDowngrade, planUpgrade, type Plan } from './plan.js'
import type { RevisionGraph, RevisionNode } from './revision-graph.js'

/** The two ends of `a:b`; an end that was left out is undefined. */
export function parseRange(text: string): { from: string | undefined; to: string | undefined } {
  const ends = text.split(':')
  if (ends.length !== 2) {
    throw new RevisionError(`"${text}" is not a range of revisions`, { hint: 'write from:to, from: or :to' })
  }
  return { from: ends[0] || undefined, to: ends[1] || undefined }
}

/**
 * The revisions of a range `a:b`, newest first, both ends included: what an upgrade from a to b would run, and a. One end may be relative to the
 * other (`a:+2`, `-2:c`) and is cut off where the history ends. Without a range, the whole history.
 *
 * @example historyRange(graph, 'current:', rows)
 */
export function historyRange(graph: RevisionGraph, range?: string, rows: readonly string[] = []): Revision[] {
  if (range === undefined) return graph.revisions.reverse()
  const { from, to } = parseRange(range)
  const lower = from === undefined ? undefined : parseIdentifier(from)
  const upper = to === undefined ? undefined : parseIdentifier(to)
  if (isRelative(lower) && isRelative(upper)) {
    throw new RevisionError(`both ends of "${range}" are relative to the other one`, { hint: 'name one of them' })
  }
  let [bottom, top] = [ends(graph, lower, rows, []), ends(graph, upper, rows, graph.headNodes)]
  if (isRelative(lower)) bottom = move(graph, top, lower!, 'parents')
  if (isRelative(upper)) top = move(graph, bottom, upper!, 'children')
  const below = graph.withAncestors(bottom)
  const within = [...graph.withAncestors(top)].filter((node) => !below.has(node) || bottom.includes(node))
  return graph.sort(new Set(within)).reverse().map((node) => node.revision)
}

/**
 * The plan for a run without a database, from one revision to another: `a:c`, or for an upgrade `c` alone, which starts from nothing.
 * A downgrade cannot guess where it starts.
 */
export function planOffline(graph: RevisionGraph, direction: Direction, range: string): Plan {
  const { from, to } = range.includes(':') ? parseRange(range) : { from: undefined, to: range }
  if (to === undefined) throw new RevisionError(`"${range}" does not say where to go to`, { hint: 'write from:to' })
  if (direction === 'downgrade' && from === undefined) {
    throw new RevisionError('a downgrade without a database needs to know where it starts', { hint: `write from:to, as in head:${to}` })
  }
  const start = from === undefined ? [] : resolve(graph, parseIdentifier(from)).nodes
  const rows = start.map((node) => node.id)
  return direction === 'upgrade' ? planUpgrade(graph, to, rows) : planDowngrade(graph, to, rows)
}

function isRelative(identifier: Identifier | undefined): boolean {
  return identifier !== undefined && identifier.symbol === undefined
}

function ends(
  graph: RevisionGraph,
  identifier: Identifier | undefined,
  rows: readonly string[],
  otherwise: readonly RevisionNode[],
): readonly RevisionNode[] {
  return identifier === undefined || identifier.symbol === undefined ? otherwise : resolve(graph, identifier, rows).nodes
}

/** All revisions that many steps away, in every direction that the history takes. */
function move(graph: RevisionGraph, from: readonly RevisionNode[], identifier: Identifier, to: 'parents' | 'children'): RevisionNode[] {
  if (identifier.offset > 0 !== (to === 'children')) {
    throw new RevisionError(`"${identifier.text}" points the wrong way in a range`, { hint: 'write from:+N or -N:to' })
  }
  let nodes = new Set(from.length === 0 && to === 'children' ? graph.baseNodes : from)
  let left = Math.abs(identifier.offset) - (from.length === 0 ? 1 : 0)
  for (; left > 0; left--) {
    const next = [...nodes].flatMap((node) => (node[to].length > 0 ? node[to] : to === 'children' ? [node] : []))
    nodes = new Set(next)
  }
  return [...nodes]
}

/** Whether a range is about the database's own revision, so that the database must be asked. */
export function mentionsCurrent(range = ''): boolean {
  return /current|(^|:)[+-]\d/.test(range)
}
