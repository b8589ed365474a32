import type { RevisionGraph, RevisionNode } from './revision-graph.js'
import type { Direction } from './revision.js'

/** One change of the version table; each concerns exactly one row. */
export type RowChange =
  | { readonly type: 'insert'; readonly revision: string }
  | { readonly type: 'delete'; readonly revision: string }
  | { readonly type: 'update'; readonly from: string; readonly to: string }

/**
 * The version table as steps move it. It holds the applied revisions that no other applied one needs: a revision that another implies, as parent
 * or as dependency, has no row of its own.
 */
export class VersionRows {
  private readonly rows: Set<string>
  /** How many applied revisions need each applied one. */
  private readonly needed = new Map<RevisionNode, number>()

  constructor(graph: RevisionGraph, rows: readonly string[]) {
    this.rows = new Set(rows)
    const applied = graph.applied(rows)
    for (const node of applied) this.needed.set(node, node.neededBy.filter((each) => applied.has(each)).length)
  }

  get current(): string[] {
    return [...this.rows]
  }

  /** Moves over one revision and says what that changes in the table. */
  step(node: RevisionNode, direction: Direction): RowChange[] {
    const gone: string[] = []
    const come: string[] = []
    const remove = (id: string) => this.rows.delete(id) && gone.push(id)
    const add = (id: string) => !this.rows.has(id) && this.rows.add(id) && come.push(id)
    if (direction === 'upgrade') {
      for (const need of node.needs) {
        this.needed.set(need, (this.needed.get(need) ?? 0) + 1)
        remove(need.id)
      }
      this.needed.set(node, 0)
      add(node.id)
    } else {
      remove(node.id)
      this.needed.delete(node)
      for (const need of node.needs) {
        const left = this.needed.get(need)! - 1
        this.needed.set(need, left)
        if (left === 0) add(need.id)
      }
    }
    return pair(gone, come)
  }
}

/** What turns one set of rows into another: as many updates as possible, then deletes or inserts for the rest. */
export function rowChanges(before: Iterable<string>, after: Iterable<string>): RowChange[] {
  const old = new Set(before)
  const wanted = new Set(after)
  return pair(
    [...old].filter((row) => !wanted.has(row)),
    [...wanted].filter((row) => !old.has(row)),
  )
}

/** The rows after changes. */
export function applyRowChanges(rows: readonly string[], changes: readonly RowChange[]): string[] {
  const result = new Set(rows)
  for (const change of changes) {
    if (change.type !== 'insert') result.delete(change.type === 'update' ? change.from : change.revision)
    if (change.type !== 'delete') result.add(change.type === 'update' ? change.to : change.revision)
  }
  return [...result]
}

function pair(gone: readonly string[], come: readonly string[]): RowChange[] {
  const surplus = Math.max(0, gone.length - come.length)
  return [
    ...gone.slice(0, surplus).map((revision): RowChange => ({ type: 'delete', revision })),
    ...gone.slice(surplus).map((from, index): RowChange => ({ type: 'update', from, to: come[index]! })),
    ...come.slice(gone.length - surplus).map((revision): RowChange => ({ type: 'insert', revision })),
  ]
}
