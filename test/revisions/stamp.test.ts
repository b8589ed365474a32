import { planStamp, planStampOffline } from '../../src/revisions/stamp.js'
import type { RevisionGraph } from '../../src/revisions/revision-graph.js'
import { branched, changes, graphOf, linear, merged } from './histories.js'

const stamp = (graph: RevisionGraph, target: string, ...rows: string[]) => changes(planStamp(graph, target, rows).rowChanges)

test('B13 stamp a linear history', () => {
  expect(stamp(linear, 'base', 'd')).toBe('-d')
  expect(stamp(linear, 'b', 'd')).toBe('d:b')
  expect(stamp(linear, 'd')).toBe('+d')
  expect(stamp(linear, 'd', 'd')).toBe('')
})

test('B27 stamp a branched history', () => {
  expect(stamp(branched, 'b', 'd1', 'c2')).toBe('-d1 c2:b')
  expect(stamp(branched, 'c1branch@base', 'd1', 'c2')).toBe('-d1')
  expect(stamp(branched, 'c2branch@head', 'd1', 'c2')).toBe('c2:d2')
})

test('B30 stamp upwards across a merge', () => {
  expect(stamp(merged, 'e', 'd1', 'c2')).toBe('-d1 c2:e')
  expect(stamp(merged, 'e', 'c2')).toBe('c2:e')
  expect(stamp(merged, 'e', 'b')).toBe('b:e')
})

test('B31 stamp downwards across a merge', () => {
  expect(stamp(merged, 'c2', 'e')).toBe('e:c2')
  expect(stamp(merged, 'a', 'e')).toBe('e:a')
  expect(planStamp(merged, 'c2branch@head', ['d1', 'c2']).after).toEqual(['f'])
})

test('B32 stamp a forest', () => {
  const forest = graphOf('a1; b1 < a1; a2; b2 < a2')
  expect(stamp(forest, 'heads')).toBe('+b1 +b2')
  expect(stamp(forest, 'heads', 'b1', 'b2')).toBe('')
})

test('B38 stamp across a dependency', () => {
  const graph = graphOf('a1; b1 < a1; c1 < b1; d1 < c1; e1 < d1; a2; b2 < a2; c2 < b2 > c1')
  expect(planStamp(graph, 'b1', ['e1', 'c2']).after).toEqual(['b1'])
})

test('several targets, and purge for a table that holds anything', () => {
  expect(planStamp(branched, ['d1', 'd2'], ['b']).after).toEqual(['d1', 'd2'])
  expect(() => planStamp(branched, 'd1', ['gone'])).toThrow('the database is at revision gone, which is not in the migrations folder')
  expect(changes(planStamp(branched, 'd1', ['gone'], { purge: true }).rowChanges)).toBe('gone:d1')
  expect(() => planStamp(branched, '+1', [])).toThrow('"+1" is relative, where the name of a revision is wanted')
})

test('B51 a stamp without a database has one start', () => {
  expect(changes(planStampOffline(linear, ['b:d']).rowChanges)).toBe('b:d')
  expect(changes(planStampOffline(linear, ['d']).rowChanges)).toBe('+d')
  expect(() => planStampOffline(branched, ['c1:d1', 'c2:d2'])).toThrow('a stamp without a database starts at one place, not at c1 and c2')
})
