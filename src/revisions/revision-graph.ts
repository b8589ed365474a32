import { RevisionError } from '../errors.js'
import type { Revision } from './revision.js'
import { linkRevisions } from './validity.js'

/** A revision with its neighbours, each list from the oldest. */
export interface RevisionNode {
  readonly id: string
  readonly revision: Revision
  /** What it revises. */
  readonly parents: readonly RevisionNode[]
  /** What revises it. */
  readonly children: readonly RevisionNode[]
  /** What must be applied before it: dependencies, then parents. */
  readonly needs: readonly RevisionNode[]
  readonly neededBy: readonly RevisionNode[]
}

/**
 * The revisions of a history and how they follow one another. Pure: knows neither files nor databases.
 *
 * Order of an upgrade: a revision comes after everything it needs. Where that leaves a choice, a branch stays in one piece; what a revision
 * depends on runs before the rest of its own branch; of two branches, the one whose last revision is older comes first, and age is `created`,
 * then the id. A downgrade is the exact reverse of the upgrade that leads there.
 *
 * Throws a `RevisionError` for revisions that are no history: duplicates, missing parents, cycles.
 *
 * @example
 * const graph = new RevisionGraph([{ revision: 'a1b2', revises: [], dependsOn: [], branchLabels: [], message: 'first' }])
 * graph.heads // ['a1b2']
 */
export class RevisionGraph {
  /** All nodes in tie order. */
  readonly nodes: readonly RevisionNode[]
  private readonly byId: ReadonlyMap<string, RevisionNode>
  private readonly byLabel: ReadonlyMap<string, RevisionNode>
  private labels: Map<RevisionNode, string[]> | undefined

  constructor(revisions: readonly Revision[]) {
    const linked = linkRevisions(revisions)
    this.nodes = linked.nodes
    this.byId = linked.byId
    this.byLabel = linked.byLabel
  }

  /** All revisions, in the order in which an upgrade from nothing runs them. */
  get revisions(): Revision[] {
    return this.sort(new Set(this.nodes)).map((node) => node.revision)
  }

  /** Ids of the revisions that nothing revises. */
  get heads(): string[] {
    return this.headNodes.map((node) => node.id)
  }

  /** Ids of the revisions that revise nothing. */
  get bases(): string[] {
    return this.baseNodes.map((node) => node.id)
  }

  /** Revisions that several others revise. */
  get branchPoints(): Revision[] {
    return this.nodes.filter((node) => node.children.length > 1).map((node) => node.revision)
  }

  /** Revisions that revise several others. */
  get mergePoints(): Revision[] {
    return this.nodes.filter((node) => node.parents.length > 1).map((node) => node.revision)
  }

  get headNodes(): RevisionNode[] {
    return this.nodes.filter((node) => node.children.length === 0)
  }

  get baseNodes(): RevisionNode[] {
    return this.nodes.filter((node) => node.parents.length === 0)
  }

  /** The revision of an exact id. */
  get(id: string): Revision | undefined {
    return this.byId.get(id)?.revision
  }

  node(id: string): RevisionNode | undefined {
    return this.byId.get(id)
  }

  labelled(label: string): RevisionNode | undefined {
    return this.byLabel.get(label)
  }

  /** The nodes of the version table's rows; a row that is no revision of this history is an error. */
  nodesOfRows(rows: readonly string[]): RevisionNode[] {
    return rows.map((row, index) => {
      if (rows.indexOf(row) !== index) {
        throw new RevisionError(`the version table holds revision ${row} more than once; expected one row`, {
          hint: 'delete the superfluous row',
        })
      }
      const node = this.byId.get(row)
      if (node) return node
      throw new RevisionError(`the database is at revision ${row}, which is not in the migrations folder`, {
        hint: 'bring its file back, for example from the branch it was made on, or say where the database really is: autogen stamp --purge <revision>',
      })
    })
  }

  /** Every revision that is applied in a database whose version table has these rows. */
  applied(rows: readonly string[]): Set<RevisionNode> {
    return this.withAncestors(this.nodesOfRows(rows))
  }

  /** The revisions that an upgrade to all heads would still run, in order. */
  pending(rows: readonly string[]): Revision[] {
    const applied = this.applied(rows)
    return this.sort(new Set(this.nodes.filter((node) => !applied.has(node)))).map((node) => node.revision)
  }

  withAncestors(nodes: readonly RevisionNode[]): Set<RevisionNode> {
    return reach(nodes, (node) => node.needs)
  }

  withDescendants(nodes: readonly RevisionNode[]): Set<RevisionNode> {
    return reach(nodes, (node) => node.neededBy)
  }

  /** The branch a node is on: what it follows and what follows it, dependencies left aside unless asked for. */
  lineage(node: RevisionNode, withDependencies = false): Set<RevisionNode> {
    const up = reach([node], withDependencies ? (each) => each.neededBy : (each) => each.children)
    const down = reach([node], withDependencies ? (each) => each.needs : (each) => each.parents)
    for (const each of up) down.add(each)
    return down
  }

  /** Those of the nodes that no other of them needs, directly or not; `nodes` leaves out nothing that lies between two of its members. */
  maximal(nodes: ReadonlySet<RevisionNode>): RevisionNode[] {
    return this.nodes.filter((node) => nodes.has(node) && !node.neededBy.some((child) => nodes.has(child)))
  }

  /** The nodes in the order of an upgrade. */
  sort(nodes: ReadonlySet<RevisionNode>): RevisionNode[] {
    const sorted: RevisionNode[] = []
    const seen = new Set<RevisionNode>()
    for (const last of this.maximal(nodes)) {
      const stack = [{ node: last, next: 0 }]
      while (stack.length > 0) {
        const top = stack.at(-1)!
        const need = top.node.needs[top.next++]
        if (need === undefined) {
          stack.pop()
          sorted.push(top.node)
          seen.add(top.node)
        } else if (nodes.has(need) && !seen.has(need)) {
          stack.push({ node: need, next: 0 })
        }
      }
    }
    return sorted
  }

  /** The branch labels a revision goes by: its own, those of what it follows, and those of what follows it up to the next branch or merge. */
  branchLabelsOf(id: string): readonly string[] {
    this.labels ??= this.spreadLabels()
    const node = this.byId.get(id)
    return (node && this.labels.get(node)) ?? []
  }

  private spreadLabels(): Map<RevisionNode, string[]> {
    const labels = new Map<RevisionNode, string[]>()
    const add = (node: RevisionNode, label: string) => {
      const known = labels.get(node)
      if (known) known.push(label)
      else labels.set(node, [label])
    }
    for (const [label, node] of this.byLabel) {
      for (const each of reach([node], (one) => one.children)) add(each, label)
      let below = node.parents
      while (below.length === 1 && below[0]!.children.length === 1) {
        add(below[0]!, label)
        below = below[0]!.parents
      }
    }
    return labels
  }
}

function reach(from: readonly RevisionNode[], next: (node: RevisionNode) => readonly RevisionNode[]): Set<RevisionNode> {
  const reached = new Set(from)
  for (const node of reached) for (const each of next(node)) reached.add(each)
  return reached
}
