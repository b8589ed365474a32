import { planDowngrade, planUpgrade } from '../src/revisions/plan.js'
import { RevisionGraph } from '../src/revisions/revision-graph.js'
import type { Revision } from '../src/revisions/revision.js'

const REVISIONS = 10_000

/** What the operations of a revision graph cost with a long history, in milliseconds: the best of three. */
export function measureGraph(): [name: string, ms: number][] {
  const revisions = history()
  const graph = new RevisionGraph(revisions)
  const middle = id(REVISIONS / 2 - (REVISIONS / 2) % 5)
  const operations: [string, () => unknown][] = [
    ['build', () => new RevisionGraph(revisions)],
    ['upgrade from nothing', () => planUpgrade(graph, 'heads', [])],
    ['upgrade from the middle', () => planUpgrade(graph, 'heads', [middle])],
    ['downgrade to base', () => planDowngrade(graph, 'base', graph.heads)],
    ['what is pending', () => graph.pending([middle])],
    ['history', () => graph.revisions],
  ]
  return operations.map(([name, run]) => [name, Math.min(...[1, 2, 3].map(() => timed(run)))])
}

/** A line in which every fifth revision merges a branch of one. */
function history(): Revision[] {
  const facts = { dependsOn: [], branchLabels: [], message: 'm' }
  return Array.from({ length: REVISIONS }, (_, n) => {
    const revises = n === 0 ? [] : n % 5 === 4 ? [id(n - 2)] : n % 5 === 0 ? [id(n - 1), id(n - 2)] : [id(n - 1)]
    return { revision: id(n), revises, ...facts }
  })
}

function id(n: number): string {
  return n.toString(16).padStart(12, '0')
}

function timed(run: () => unknown): number {
  const start = performance.now()
  run()
  return performance.now() - start
}
