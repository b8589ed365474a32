/** A cycle is searched for the one member to take out while that costs no more steps than these. */
const MOST_TRIALS = 20_000_000

/** The first node must come before the second; `yields`: unless nothing else helps. */
export type Edge = readonly [before: number, after: number, yields?: boolean]

/**
 * Nodes joined into groups that are handled as one, sorted so that every edge is kept. A group that would stand in a cycle with
 * others is taken apart at the members through which the cycle runs.
 */
export class Groups {
  readonly #count: number
  #edges: readonly Edge[]
  /** The member each node is joined to; itself when it is a root. */
  readonly #joinedTo: number[]
  readonly #firm = new Set<number>()

  constructor(count: number, edges: readonly Edge[]) {
    this.#count = count
    this.#edges = edges
    this.#joinedTo = Array.from({ length: count }, (_, node) => node)
  }

  /** Makes `node` a part of the group of `other`, if there is one. `firmly`: it is taken out of it only when nothing else helps. */
  join(node: number, other: number | undefined, firmly = false): void {
    if (other === undefined || this.#root(other) === node) return
    this.#joinedTo[node] = other
    if (firmly) this.#firm.add(node)
  }

  /**
   * The groups in order, each with its root first and its members by `compare`. Where edges leave a choice, the group whose root
   * compares lowest comes first.
   */
  sorted(compare: (a: number, b: number) => number): number[][] {
    for (;;) {
      const roots = this.#joinedTo.map((_, node) => this.#root(node))
      const after: Set<number>[] = Array.from({ length: this.#count }, () => new Set())
      for (const [first, second] of this.#edges) {
        if (roots[first] !== roots[second]) after[roots[first]!]!.add(roots[second]!)
      }
      const cycle = findCycle(byIndex(after), roots)
      if (!cycle) return this.#inOrder(roots, after, compare)
      if (this.#split(cycle, roots) || this.#yield(cycle, roots)) continue
      this.#breakCycle(cycle, roots, after, compare)
      return this.#inOrder(roots, after, compare)
    }
  }

  #root(node: number): number {
    let root = node
    while (this.#joinedTo[root] !== root) root = this.#joinedTo[root]!
    return root
  }

  /** A node and what it is joined to, without the root. */
  #pathToRoot(node: number): number[] {
    const path: number[] = []
    for (let at = node; this.#joinedTo[at] !== at; at = this.#joinedTo[at]!) path.push(at)
    return path
  }

  /**
   * Takes members out of the groups of a cycle: the one without which least of it remains; where no single one helps, all through
   * which it runs. False when there are none.
   */
  #split(cycle: ReadonlySet<number>, roots: readonly number[]): boolean {
    const edges = this.#edges.filter(([first, second]) => roots[first] !== roots[second] && cycle.has(roots[first]!) && cycle.has(roots[second]!))
    const joined = [...new Set(edges.flatMap(([first, second]) => [first, second]).flatMap((node) => this.#pathToRoot(node)))].sort((a, b) => a - b)
    const loose = joined.filter((node) => !this.#firm.has(node))
    const members = loose.length > 0 ? loose : joined
    if (members.length * edges.length <= MOST_TRIALS) {
      let best: number | undefined
      let least = cycle.size
      for (const member of members) {
        const joinedTo = this.#joinedTo[member]!
        this.#joinedTo[member] = member
        const left = this.#inCycles(edges)
        this.#joinedTo[member] = joinedTo
        if (left < least) [best, least] = [member, left]
        if (left === 0) break
      }
      if (best !== undefined) {
        this.#joinedTo[best] = best
        return true
      }
    }
    for (const member of members) this.#joinedTo[member] = member
    return members.length > 0
  }

  /** How many groups stand in cycles. */
  #inCycles(edges: readonly Edge[]): number {
    const after = new Map<number, Set<number>>()
    for (const [first, second] of edges) {
      const [a, b] = [this.#root(first), this.#root(second)]
      if (a === b) continue
      for (const node of [a, b]) if (!after.has(node)) after.set(node, new Set())
      after.get(a)!.add(b)
    }
    return findCycles(after, [...after.keys()]).reduce((sum, cycle) => sum + cycle.size, 0)
  }

  /** Gives up the edges of a cycle that yield. False when there are none. */
  #yield(cycle: ReadonlySet<number>, roots: readonly number[]): boolean {
    const kept = this.#edges.filter(([first, second, yields]) => !yields || !cycle.has(roots[first]!) || !cycle.has(roots[second]!))
    const gave = kept.length < this.#edges.length
    this.#edges = kept
    return gave
  }

  /** Single nodes that need each other: edges into the lowest of each remaining cycle are given up, and scratch shows whether that was right. */
  #breakCycle(cycle: ReadonlySet<number>, roots: readonly number[], after: Set<number>[], compare: (a: number, b: number) => number): void {
    for (let current: ReadonlySet<number> | undefined = cycle; current; current = findCycle(byIndex(after), roots)) {
      const lowest = [...current].sort(compare)[0]!
      for (const node of current) after[node]!.delete(lowest)
    }
  }

  #inOrder(roots: readonly number[], after: readonly Set<number>[], compare: (a: number, b: number) => number): number[][] {
    const members = new Map<number, number[]>()
    roots.forEach((root, node) => {
      if (!members.has(root)) members.set(root, [root])
      if (node !== root) members.get(root)!.push(node)
    })
    const waiting = new Map<number, number>()
    for (const root of members.keys()) for (const next of after[root]!) waiting.set(next, (waiting.get(next) ?? 0) + 1)
    const ready = new Heap(compare)
    for (const root of members.keys()) if (!waiting.get(root)) ready.push(root)
    const result: number[][] = []
    for (let root = ready.pop(); root !== undefined; root = ready.pop()) {
      const [first, ...parts] = members.get(root)!
      result.push([first!, ...parts.sort(compare)])
      for (const next of after[root]!) {
        const left = waiting.get(next)! - 1
        waiting.set(next, left)
        if (left === 0) ready.push(next)
      }
    }
    return result
  }
}

function byIndex<T>(list: readonly T[]): { get(index: number): T | undefined } {
  return { get: (index) => list[index] }
}

interface Successors {
  get(node: number): ReadonlySet<number> | undefined
}

function findCycle(after: Successors, nodes: readonly number[]): Set<number> | undefined {
  return findCycles(after, nodes, 1)[0]
}

/** The strongly connected components of more than one node, at most so many, by Tarjan's algorithm without recursion. */
function findCycles(after: Successors, nodes: readonly number[], limit = Infinity): Set<number>[] {
  const found: Set<number>[] = []
  const order = new Map<number, number>()
  const low = new Map<number, number>()
  const stack: number[] = []
  const onStack = new Set<number>()
  for (const start of new Set(nodes)) {
    if (order.has(start)) continue
    const work: { node: number; next: Iterator<number> }[] = []
    const enter = (node: number) => {
      order.set(node, order.size)
      low.set(node, order.get(node)!)
      stack.push(node)
      onStack.add(node)
      work.push({ node, next: after.get(node)!.values() })
    }
    enter(start)
    while (work.length > 0) {
      const { node, next } = work[work.length - 1]!
      const step = next.next()
      if (!step.done) {
        if (!order.has(step.value)) enter(step.value)
        else if (onStack.has(step.value)) low.set(node, Math.min(low.get(node)!, order.get(step.value)!))
        continue
      }
      work.pop()
      const parent = work[work.length - 1]
      if (parent) low.set(parent.node, Math.min(low.get(parent.node)!, low.get(node)!))
      if (low.get(node) === order.get(node)) {
        const component = new Set<number>()
        for (let member = stack.pop()!; ; member = stack.pop()!) {
          onStack.delete(member)
          component.add(member)
          if (member === node) break
        }
        if (component.size > 1) found.push(component)
        if (found.length >= limit) return found
      }
    }
  }
  return found
}

/** A binary heap that gives back the lowest element first. */
class Heap {
  readonly #items: number[] = []
  constructor(readonly compare: (a: number, b: number) => number) {}

  push(item: number): void {
    const items = this.#items
    let child = items.push(item) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (this.compare(items[child]!, items[parent]!) >= 0) break
      ;[items[child], items[parent]] = [items[parent]!, items[child]!]
      child = parent
    }
  }

  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (items.length > 0 && last !== undefined) {
      items[0] = last
      for (let parent = 0; ; ) {
        let least = parent
        for (const child of [2 * parent + 1, 2 * parent + 2]) {
          if (child < items.length && this.compare(items[child]!, items[least]!) < 0) least = child
        }
        if (least === parent) break
        ;[items[parent], items[least]] = [items[least]!, items[parent]!]
        parent = least
      }
    }
    return top
  }
}
