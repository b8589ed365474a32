import { chooseFolder, headStatus, placeRevision, refusePending, type NewRevisionOptions } from '../../src/revisions/new-revision.js'
import type { RevisionGraph } from '../../src/revisions/revision-graph.js'
import { branched, graphOf, linear } from './histories.js'

const place = (graph: RevisionGraph, options: Partial<NewRevisionOptions> = {}) => placeRevision(graph, { revision: 'fresh', ...options })

describe('B49 the place of a new revision', () => {
  test('after the head, a base, a merge', () => {
    expect(place(linear).revises).toEqual(['e'])
    expect(place(graphOf('')).revises).toEqual([])
    expect(place(linear, { heads: ['base'] }).revises).toEqual([])
    expect(place(branched, { heads: ['heads'] }).revises).toEqual(['d1', 'd2'])
    expect(place(branched, { heads: ['c2branch@head'] }).revises).toEqual(['d2'])
  })

  test('a parent that is not a head needs splice', () => {
    expect(() => place(linear, { heads: ['c'] })).toThrow('revision c is not a head')
    expect(place(linear, { heads: ['c'], splice: true }).revises).toEqual(['c'])
  })

  test('several heads, of which one must be chosen', () => {
    expect(() => place(branched)).toThrow('there are several heads: d1, d2')
    expect(() => place(branched, { heads: ['head'] })).toThrow('"head" is ambiguous: it could mean d1, d2')
    expect(() => place(branched, { heads: ['d1', 'd1'] })).toThrow('revision d1 is given twice as a parent')
    expect(() => place(linear, { heads: ['e', 'c'], splice: true })).toThrow('parent c comes before parent e already')
  })

  test('a merge joins several', () => {
    expect(place(branched, { heads: ['heads'], merge: true }).revises).toEqual(['d1', 'd2'])
    expect(() => place(linear, { heads: ['heads'], merge: true })).toThrow(expect.objectContaining({ message: 'there is nothing to merge with e', hint: 'the history has one head' }))
    expect(() => place(branched, { heads: ['d2'], merge: true })).toThrow(expect.objectContaining({ message: 'there is nothing to merge with d2', hint: 'the heads are d1, d2' }))
  })

  test('a head that another one depends on is joined with it', () => {
    const split = graphOf('a; b < a [expand]; c < a > b [contract]')
    expect(place(split, { heads: ['heads'], merge: true }).revises).toEqual(['b', 'c'])
  })

  test('names', () => {
    for (const id of ['a@b', 'a-b', 'a+b', 'a:b']) expect(() => place(linear, { revision: id })).toThrow(`the revision id "${id}" holds`)
    expect(() => place(linear, { revision: 'a' })).toThrow('the revision id "a" is taken by revision a')
    expect(() => place(branched, { heads: ['d1'], branchLabels: ['c1branch'] })).toThrow('the branch label "c1branch" is taken by revision c1')
  })

  test('dependencies are stored by full id, labels stay labels', () => {
    const graph = graphOf('abcd1234; bbbb0000 [lib]')
    expect(place(graph, { heads: ['base'], dependsOn: ['abcd', 'lib'] }).dependsOn).toEqual(['abcd1234', 'lib'])
    expect(() => place(graph, { heads: ['base'], dependsOn: ['nothing'] })).toThrow('there is no revision or branch "nothing"')
  })

  test('the folder', () => {
    expect(chooseFolder(['/m'])).toBe('/m')
    expect(chooseFolder(['/m/**'])).toBe('/m')
    expect(chooseFolder(['/m', '/n'], '/n')).toBe('/n')
    expect(chooseFolder(['/m', '/n/**'], '/n/deep/down')).toBe('/n/deep/down')
    expect(chooseFolder(['/m', '/n/**'], undefined, '/n/deep/x.ts')).toBe('/n/deep')
    expect(() => chooseFolder(['/m', '/n'])).toThrow('there are several folders with migrations, and none was chosen for the new revision')
    expect(() => chooseFolder(['/m', '/n'], '/o')).toThrow('/o is none of the folders with migrations')
    expect(() => chooseFolder(['/m', '/n'], '/n/deep')).toThrow('/n/deep is none of the folders with migrations')
  })
})

test('B50 a database that is behind is no base for a comparison', () => {
  expect(() => refusePending(linear, ['c'])).toThrow('the database is not up to date: d, e are not applied')
  expect(() => refusePending(branched, ['d1', 'c2'])).toThrow('the database is not up to date: d2 is not applied')
  expect(() => refusePending(linear, [])).toThrow('a, b, c and 2 more are not applied')
  refusePending(branched, ['d1', 'd2'])
})

test('B52 where a database is', () => {
  expect(headStatus(linear, [])).toEqual({ current: [], atHeads: false, missing: ['e'] })
  expect(headStatus(linear, ['e'])).toEqual({ current: [{ revision: 'e', isHead: true, isKnown: true }], atHeads: true, missing: [] })
  expect(headStatus(branched, ['d1', 'd2']).atHeads).toBe(true)
  expect(headStatus(branched, ['d1', 'c2'])).toMatchObject({ atHeads: false, missing: ['d2'] })
  expect(headStatus(graphOf('a1; b1 < a1; a2; b2 < a2 > b1'), ['b2'])).toMatchObject({ atHeads: true, missing: [] })
  expect(headStatus(linear, ['gone'])).toEqual({ current: [{ revision: 'gone', isHead: false, isKnown: false }], atHeads: false, missing: ['e'] })
})
