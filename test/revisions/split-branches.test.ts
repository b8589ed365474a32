import { placeRevision } from '../../src/revisions/new-revision.js'
import { planDowngrade, planUpgrade } from '../../src/revisions/plan.js'
import { RevisionGraph } from '../../src/revisions/revision-graph.js'
import type { Revision } from '../../src/revisions/revision.js'
import { splitPlaces, type Half } from '../../src/revisions/split-branches.js'

const revision = (id: string, revises: readonly string[], more: Partial<Revision> = {}): Revision => ({ revision: id, revises, dependsOn: [], branchLabels: [], message: '', ...more })

/** A history to which releases are added, each with one half or both: `['e1 c1', 'e2']`. */
function history(releases: readonly string[], before: readonly Revision[] = [revision('m1', []), revision('m2', ['m1'])]): RevisionGraph {
  let revisions = before
  for (const release of releases) {
    const ids = Object.fromEntries(release.split(' ').map((id) => [id.startsWith('e') ? 'expand' : 'contract', id])) as Partial<Record<Half, string>>
    revisions = [...revisions, ...splitPlaces(new RevisionGraph(revisions), ids).map((place) => revision(place.revision, place.revises, place))]
  }
  return new RevisionGraph(revisions)
}

/** What an upgrade runs, and where the database is then. */
function ran(graph: RevisionGraph, target: string, rows: readonly string[]): string {
  const { steps, after } = planUpgrade(graph, target, rows)
  return `${steps.map((step) => step.revision.revision).join(' ')} → ${after.join(' ')}`
}

test('release after release, the one half runs before the deploy and the other after it', () => {
  const graph = history(['e1 c1', 'e2 c2', 'e3', 'c4'])
  expect(graph.heads).toEqual(['c4', 'e3'])
  expect(ran(history(['e1 c1']), 'expand@head', ['m2'])).toBe('e1 → e1')
  expect(ran(history(['e1 c1']), 'contract@head', ['e1'])).toBe('c1 → c1')
  const second = history(['e1 c1', 'e2 c2'])
  expect(ran(second, 'expand@head', ['c1'])).toBe('e2 → e2')
  expect(ran(second, 'contract@head', ['e2'])).toBe('c2 → c2')
  expect(ran(graph, 'expand@head', ['c2'])).toBe('e3 → e3')
  expect(ran(graph, 'heads', ['e3'])).toBe('c4 → c4')
  expect(ran(graph, 'heads', [])).toBe('m1 m2 e1 c1 e2 c2 e3 c4 → c4')
  // A database that missed the end of a release gets it before the next one begins.
  expect(ran(second, 'expand@head', ['e1'])).toBe('c1 e2 → e2')
})

test('a history of nothing begins with both branches, and is taken back one by one', () => {
  const graph = history(['e1 c1', 'e2 c2'], [])
  expect(graph.bases).toEqual(['c1', 'e1'])
  expect(planDowngrade(graph, 'contract@-1', ['c2']).after).toEqual(['e2'])
  expect(planDowngrade(graph, 'expand@-1', ['e2']).after).toEqual(['c1'])
  expect(planDowngrade(graph, 'base', ['c2']).steps.map((step) => step.revision.revision)).toEqual(['c2', 'e2', 'c1', 'e1'])
})

test('what a revision needs anyway is no dependency of its own', () => {
  const dependencies = history(['e1 c1', 'e2 c2', 'e3', 'e4']).nodes.map(({ id, revision: { dependsOn } }) => `${id}: ${dependsOn.join(' ')}`)
  expect(dependencies).toEqual(['c1: e1', 'c2: e2', 'e1: ', 'e2: c1', 'e3: c2', 'e4: ', 'm1: ', 'm2: '])
})

test('other heads, and branches that were joined, are refused with what to do', () => {
  const others = new RevisionGraph([...history(['e1 c1']).revisions, revision('x1', ['m1'])])
  expect(() => splitPlaces(others, { expand: 'e2' })).toThrow('there are heads beside those of the branches expand and contract: x1')
  expect(() => splitPlaces(new RevisionGraph([revision('a1', []), revision('b1', [])]), { expand: 'e1' })).toThrow('there are several heads: a1, b1')
  const joined = [...history(['e1 c1']).revisions, revision('m3', ['c1', 'e1'])]
  expect(() => splitPlaces(new RevisionGraph(joined), { expand: 'e2' })).toThrow('the branches expand and contract were joined by revision m3')
  const unlabelled = joined.map((each) => ({ ...each, branchLabels: [] }))
  expect(splitPlaces(new RevisionGraph(unlabelled), { expand: 'e2' })).toEqual([{ half: 'expand', revision: 'e2', revises: ['m3'], branchLabels: ['expand'], dependsOn: [] }])
  expect(() => placeRevision(history(['e1 c1']), { revision: 'n1' })).toThrow('there are several heads: c1, e1')
})
