import { RevisionError } from '../errors.js'
import { ambiguous, parseIdentifier, resolve, resolveBranch, signed, some, walkDown, walkUp, type Identifier } from './identifiers.js'
import type { Direction, Revision } from './revision.js'
import type { RevisionGraph, RevisionNode } from './revision-graph.js'
import { VersionRows, type RowChange } from './version-rows.js'

/** One migration to run, with what it changes in the version table. */
export interface PlannedRevision {
  readonly revision: Revision
  readonly direction: Direction
  readonly rowChanges: readonly RowChange[]
}

/** What a run does, in order. */
export interface Plan {
  readonly direction: Direction
  /** The version table's rows before and after. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly steps: readonly PlannedRevision[]
}

/**
 * What an upgrade to `target` runs on a database whose version table holds `rows`; nothing when it is there already.
 * `+N` counts from the database's own revision, `rev+N` from `rev`; `+N` runs exactly N revisions or is an error.
 *
 * @example planUpgrade(graph, 'head', ['41d3b0c9e6f2']).steps.map((step) => step.revision.message)
 */
export function planUpgrade(graph: RevisionGraph, target: string | readonly string[], rows: readonly string[]): Plan {
  const applied = graph.applied(rows)
  const wanted = new Set<RevisionNode>()
  for (const text of typeof target === 'string' ? [target] : target) {
    const identifier = parseIdentifier(text)
    const nodes = identifier.symbol === undefined ? [relativeUpgrade(graph, identifier, rows, applied)] : resolve(graph, identifier, rows).nodes
    if (identifier.symbol === 'base' && nodes.length === 0) {
      throw new RevisionError(`an upgrade cannot lead to "${text}"`, { hint: 'use downgrade to go back' })
    }
    for (const node of graph.withAncestors(nodes)) if (!applied.has(node)) wanted.add(node)
  }
  return planOf(graph, 'upgrade', graph.sort(wanted), rows)
}

/**
 * What a downgrade to `target` runs: everything above it, in every branch unless one is named (`branch@target`), together with what depends on
 * that. `-N` counts from the database's own revision and runs exactly N revisions or is an error.
 *
 * @example planDowngrade(graph, '-1', ['8c1f0e5a2b7d'])
 */
export function planDowngrade(graph: RevisionGraph, target: string, rows: readonly string[]): Plan {
  const identifier = parseIdentifier(target)
  const applied = graph.applied(rows)
  const roots =
    identifier.symbol === undefined ? [relativeDowngrade(graph, identifier, rows, applied)] : rootsAbove(graph, identifier, rows, applied)
  const removed = new Set([...graph.withDescendants(roots)].filter((node) => applied.has(node)))
  if (identifier.symbol === undefined && removed.size !== -identifier.offset) {
    const others = graph.sort(removed).map((node) => node.id)
    throw new RevisionError(`"${target}" would take back ${removed.size} revisions, because others depend on them: ${some(others)}`, {
      hint: 'name the revision to go down to',
    })
  }
  return planOf(graph, 'downgrade', graph.sort(removed).reverse(), rows)
}

/** The plan with one of its revisions, which nothing else in it must precede, put first. */
export function startingWith(graph: RevisionGraph, plan: Plan, id: string): Plan {
  const nodes = plan.steps.map((step) => graph.node(step.revision.revision)!)
  const first = nodes.filter((node) => node.id === id)
  return planOf(graph, plan.direction, [...first, ...nodes.filter((node) => node.id !== id)], plan.before)
}

function planOf(graph: RevisionGraph, direction: Direction, nodes: readonly RevisionNode[], before: readonly string[]): Plan {
  const rows = new VersionRows(graph, before)
  const steps = nodes.map((node) => ({ revision: node.revision, direction, rowChanges: rows.step(node, direction) }))
  return { direction, before, after: rows.current, steps }
}

function relativeUpgrade(
  graph: RevisionGraph,
  identifier: Identifier,
  rows: readonly string[],
  applied: ReadonlySet<RevisionNode>,
): RevisionNode {
  if (identifier.offset <= 0) throw wrongDirection(identifier, 'an upgrade cannot go down', 'use downgrade to go back')
  const branch = identifier.branch === undefined ? undefined : resolveBranch(graph, identifier.branch)
  const start = standing(graph, identifier, rows, applied, branch)
  const end = walkUp(graph, start, identifier, branch) as RevisionNode
  const needed = [...graph.withAncestors([end])].filter((node) => !applied.has(node))
  if (needed.length !== identifier.offset) {
    throw new RevisionError(
      `"${identifier.text}" leads to revision ${end.id}, which needs ${needed.length} revisions to run: ${some(needed.map((node) => node.id).reverse())}`,
      { hint: `write ${end.id} to run them all` },
    )
  }
  return end
}

function relativeDowngrade(
  graph: RevisionGraph,
  identifier: Identifier,
  rows: readonly string[],
  applied: ReadonlySet<RevisionNode>,
): RevisionNode {
  if (identifier.offset >= 0) throw wrongDirection(identifier, 'a downgrade cannot go up', 'use upgrade to go forward')
  const branch = identifier.branch === undefined ? undefined : resolveBranch(graph, identifier.branch)
  const start = standing(graph, identifier, rows, applied, branch)
  const lowest = start === 'base' ? start : walkDown(graph, start, identifier, -identifier.offset - 1, branch)
  if (lowest !== 'base') return lowest
  if (start === 'base') throw new RevisionError(`"${identifier.text}" leads too far: no revision is applied${branch ? ` on branch "${identifier.branch}"` : ''}`)
  throw new RevisionError(`"${identifier.text}" leads too far: fewer than ${-identifier.offset} revisions are applied`, {
    hint: 'downgrade to base takes all of them back',
  })
}

/** Where the database stands, on a branch or at all, for an identifier that is relative to that. */
function standing(
  graph: RevisionGraph,
  identifier: Identifier,
  rows: readonly string[],
  applied: ReadonlySet<RevisionNode>,
  branch: RevisionNode | undefined,
): RevisionNode | 'base' {
  const lineage = branch && graph.lineage(branch)
  const tips = lineage
    ? [...applied].filter((node) => lineage.has(node) && !node.children.some((child) => applied.has(child) && lineage.has(child)))
    : graph.nodesOfRows(rows)
  if (tips.length > 1) throw ambiguous(graph, identifier.text, tips, (name) => `${name}@${signed(identifier.offset)}`)
  return tips[0] ?? 'base'
}

/** The revisions right above the target of a downgrade, on its branch where it names one. */
function rootsAbove(
  graph: RevisionGraph,
  identifier: Identifier,
  rows: readonly string[],
  applied: ReadonlySet<RevisionNode>,
): readonly RevisionNode[] {
  const { nodes, branch } = resolve(graph, identifier, rows)
  if (nodes.length > 1) throw ambiguous(graph, identifier.text, nodes, (name) => `${name}@head`)
  const target = nodes[0]
  if (target && !applied.has(target)) {
    throw new RevisionError(`revision ${target.id} is not a valid downgrade target: it is not applied`, {
      hint: rows.length > 0 ? `the database is at ${some(rows)}` : 'no revision is applied to the database',
    })
  }
  const lineage = branch && graph.lineage(branch)
  return (target ? target.children : graph.baseNodes).filter((node) => !lineage || lineage.has(node))
}

function wrongDirection(identifier: Identifier, message: string, hint: string): RevisionError {
  return new RevisionError(`${message}: "${identifier.text}"`, { hint })
}
