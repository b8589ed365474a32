import { planDowngrade, planUpgrade } from '../../src/revisions/plan.js'
import type { RevisionGraph } from '../../src/revisions/revision-graph.js'
import { VersionRows } from '../../src/revisions/version-rows.js'
import { branched, changes, graphOf, linear, merged, outline } from './histories.js'

const up = (graph: RevisionGraph, target: string, ...rows: string[]) => outline(planUpgrade(graph, target, rows))
const down = (graph: RevisionGraph, target: string, ...rows: string[]) => outline(planDowngrade(graph, target, rows))

describe('a linear history a b c d e', () => {
  test('B1 upgrade to a revision', () => {
    expect(up(linear, 'e', 'c')).toBe('d e => e')
    expect(up(linear, 'c')).toBe('a b c => c')
  })

  test('B2 upgrade relative to where the database is', () => {
    expect(up(linear, '+2', 'a')).toBe('b c => c')
    expect(up(linear, '+1', 'a')).toBe('b => b')
    expect(up(linear, '+3', 'b')).toBe('c d e => e')
  })

  test('B3 upgrade relative to a revision', () => {
    expect(up(linear, 'b+2', 'a')).toBe('b c d => d')
  })

  test('B4 upgrade to below a revision', () => {
    expect(up(linear, 'd-2', 'a')).toBe('b => b')
  })

  test('B5 upgrade down or too far is an error', () => {
    expect(() => up(linear, '-2', 'b')).toThrow('an upgrade cannot go down: "-2"')
    expect(() => up(linear, '+5', 'b')).toThrow('"+5" leads too far: only 3 of the revisions it needs are above revision b')
    expect(() => up(linear, 'base', 'b')).toThrow('an upgrade cannot lead to "base"')
  })

  test('B6 downgrade to a revision or to base', () => {
    expect(down(linear, 'c', 'e')).toBe('e d => c')
    expect(down(linear, 'base', 'c')).toBe('c b a =>')
  })

  test('B7 downgrade relative to where the database is', () => {
    expect(down(linear, '-1', 'c')).toBe('c => b')
    expect(down(linear, '-3', 'e')).toBe('e d c => b')
    expect(down(linear, '-3', 'c')).toBe('c b a =>')
  })

  test('B8 downgrade relative to a revision', () => {
    expect(down(linear, 'a+2', 'd')).toBe('d => c')
    expect(down(linear, 'c-2', 'd')).toBe('d c b => a')
    expect(down(linear, 'c-3', 'd')).toBe('d c b a =>')
  })

  test('B9 downgrade up, too far or from nothing is an error', () => {
    expect(() => down(linear, '+2', 'b')).toThrow('a downgrade cannot go up: "+2"')
    expect(() => down(linear, '-5', 'b')).toThrow('"-5" leads too far')
    expect(() => down(linear, '-3', 'b')).toThrow('"-3" leads too far: fewer than 3 revisions are applied')
    expect(() => down(linear, '-1')).toThrow('"-1" leads too far: no revision is applied')
  })

  test('B10 downgrade to what is not applied is an error', () => {
    expect(() => down(linear, 'b')).toThrow('revision b is not a valid downgrade target: it is not applied')
    expect(() => down(linear, 'c', 'b')).toThrow('revision c is not a valid downgrade target: it is not applied')
  })

  test('B11 downgrade to where the database is does nothing', () => {
    expect(down(linear, 'a', 'a')).toBe('=> a')
    expect(down(linear, 'c', 'c')).toBe('=> c')
    expect(down(linear, 'e', 'e')).toBe('=> e')
    expect(down(linear, 'base')).toBe('=>')
  })

  test('B12 upgrade to where the database is, or was, does nothing', () => {
    expect(up(linear, 'c', 'c')).toBe('=> c')
    expect(up(linear, 'head', 'e')).toBe('=> e')
    expect(up(linear, 'a', 'c')).toBe('=> c')
    expect(up(graphOf(''), 'head')).toBe('=>')
  })
})

describe('a branched history a b, c1 d1, c2 d2', () => {
  test('B14 upgrade to one branch', () => {
    expect(up(branched, 'd1', 'b')).toBe('c1 d1 => d1')
  })

  test('B15 upgrade to all heads keeps each branch in one piece, the older one first', () => {
    expect(up(branched, 'heads', 'a')).toBe('b c1 d1 c2 d2 => d1 d2')
  })

  test('B16 upgrade to head names the heads and what to write', () => {
    expect(() => up(branched, 'head', 'a')).toThrow(
      expect.objectContaining({
        message: '"head" is ambiguous: it could mean d1, d2',
        hint: 'write heads or c1branch@head or c2branch@head',
      }),
    )
  })

  test('B17 upgrade to below a head', () => {
    expect(up(branched, 'c2branch@head-1', 'b')).toBe('c2 => c2')
  })

  test('B18 downgrade to below the branch point takes both branches', () => {
    expect(down(branched, 'a', 'd1', 'd2')).toBe('d2 c2 d1 c1 b => a')
  })

  test('B19 downgrade relative to base, in all branches or one', () => {
    expect(down(branched, 'base+2', 'd1', 'd2')).toBe('d2 c2 d1 c1 => b')
    expect(down(branched, 'c2branch@base+2', 'd1', 'd2')).toBe('d2 c2 => d1')
  })

  test('B20 downgrade to a revision of one branch leaves the other', () => {
    expect(down(branched, 'c2', 'd1', 'd2')).toBe('d2 => c2 d1')
    expect(down(branched, 'c2branch@base+3', 'd1', 'd2')).toBe('d2 => c2 d1')
  })

  test('B21 downgrade -1 from two heads is an error that names the choices', () => {
    expect(() => down(branched, '-1', 'd1', 'd2')).toThrow(
      expect.objectContaining({ message: '"-1" is ambiguous: it could mean d1, d2', hint: 'write c1branch@-1 or c2branch@-1' }),
    )
    expect(down(branched, 'c1branch@-1', 'd1', 'd2')).toBe('d1 => c1 d2')
  })

  test('B22 downgrade to below a revision or a head', () => {
    expect(down(branched, 'd2-1', 'd2', 'c1')).toBe('d2 => c1 c2')
    expect(down(branched, 'c1branch@head-1', 'd1', 'd2')).toBe('d1 => c1 d2')
  })

  test('B23 downgrade one branch to the branch point, named by any of its members', () => {
    expect(down(branched, 'c1branch@b', 'c1', 'd2')).toBe('c1 => d2')
    expect(down(branched, 'c2@b', 'd1', 'd2')).toBe('d2 c2 => d1')
    expect(down(branched, 'd1@b', 'd1', 'd2')).toBe('d1 c1 => d2')
  })

  test('B24 upgrade one branch by one', () => {
    expect(up(branched, 'c2branch@+1', 'c1')).toBe('c2 => c1 c2')
    expect(up(branched, 'c2branch@+1', 'c1', 'c2')).toBe('d2 => c1 d2')
  })

  test('B25 upgrade +1', () => {
    expect(() => up(branched, '+1', 'c1', 'c2')).toThrow(
      expect.objectContaining({ message: '"+1" is ambiguous: it could mean c1, c2', hint: 'write c1branch@+1 or c2branch@+1' }),
    )
    expect(() => up(branched, '+1', 'b')).toThrow('"+1" is ambiguous: it could mean c1, c2')
    expect(up(branched, '+1')).toBe('a => a')
    expect(up(branched, 'base+1')).toBe('a => a')
  })

  test('B26 downgrade to a row that is there does nothing', () => {
    expect(down(branched, 'c2', 'd1', 'c2')).toBe('=> c2 d1')
    expect(down(branched, 'd1', 'd1', 'c2')).toBe('=> c2 d1')
  })
})

describe('a merged history a b, c1 d1, c2 d2, e f', () => {
  test('B28 upgrade across the merge', () => {
    const plan = planUpgrade(merged, 'f', ['b'])
    expect(outline(plan)).toBe('c1 d1 c2 d2 e f => f')
    expect(plan.steps.map((step) => changes(step.rowChanges))).toEqual(['b:c1', 'c1:d1', '+c2', 'c2:d2', '-d1 d2:e', 'e:f'])
  })

  test('B29 downgrade across the merge', () => {
    const plan = planDowngrade(merged, 'b', ['f'])
    expect(outline(plan)).toBe('f e d2 c2 d1 c1 => b')
    expect(plan.steps.map((step) => changes(step.rowChanges))).toEqual(['f:e', 'e:d1 +d2', 'd2:c2', '-c2', 'd1:c1', 'c1:b'])
  })

  test('one step back from a merge is the merge alone, further is ambiguous', () => {
    expect(down(merged, '-1', 'e')).toBe('e => d1 d2')
    expect(() => down(merged, '-2', 'e')).toThrow(
      expect.objectContaining({ message: '"-2" is ambiguous: it could mean d1, d2', hint: 'write c1branch@-2 or c2branch@-2' }),
    )
    expect(down(merged, 'c1branch@-2', 'e')).toBe('e d1 => c1 d2')
  })

  test('one step forward that needs more than one migration is an error', () => {
    expect(() => up(merged, '+1', 'd1')).toThrow(
      expect.objectContaining({ message: '"+1" leads to revision e, which needs 3 revisions to run: c2, d2, e', hint: 'write e to run them all' }),
    )
  })
})

describe('several bases', () => {
  test('B32 upgrade a forest to its heads', () => {
    expect(up(graphOf('a1; b1 < a1; a2; b2 < a2'), 'heads')).toBe('a1 b1 a2 b2 => b1 b2')
  })

  const two = graphOf('a1; b1 < a1; c1 < b1; a2; b2 < a2; c2 < b2; d1 < c1 c2; d2 < c2')

  test('B33 a merge of which one side went on', () => {
    expect(up(two, 'd1', 'd2', 'b1')).toBe('c1 d1 => d1 d2')
    expect(down(two, 'b1', 'd2', 'd1')).toBe('d1 c1 => b1 d2')
  })

  test('B34 a merge of three, two of which went on', () => {
    const three = graphOf('a1; b1 < a1; c1 < b1; a2; b2 < a2; c2 < b2; a3; b3 < a3; c3 < b3; d1 < c1 c2 c3; d2 < c2; d3 < c3')
    expect(up(three, 'd1', 'd3', 'b2', 'b1')).toBe('c1 c2 d1 => d1 d3')
    expect(planUpgrade(three, 'd1', ['d3', 'b2', 'b1']).steps.map((step) => changes(step.rowChanges))).toEqual(['b1:c1', 'b2:c2', '-c1 c2:d1'])
    expect(up(three, 'd2', 'd3', 'd1')).toBe('d2 => d1 d2 d3')
  })
})

describe('rows of the version table, step by step', () => {
  function rowsAfterEach(graph: RevisionGraph, start: string[], steps: string): string {
    const rows = new VersionRows(graph, start)
    return steps
      .split(' ')
      .map((id) => {
        rows.step(graph.node(id)!, 'upgrade')
        return rows.current.sort().join(' ')
      })
      .join('; ')
  }

  test('B35 two merges of the same three', () => {
    const graph = graphOf('a; b1 < a; b2 < a; b3 < a; c1 < b1 b2 b3; c2 < b1 b2 b3; d1 < c1; d2 < c2')
    expect(rowsAfterEach(graph, ['a'], 'b3 b1 b2 c2 d2 c1 d1')).toBe('b3; b1 b3; b1 b2 b3; c2; d2; c1 d2; d1 d2')
  })

  test('B36 two merges that share one', () => {
    const graph = graphOf('a; b1 < a; b2 < a; b3 < a; c1 < b1 b2; c2 < b2 b3; d1 < c1; d2 < c2')
    expect(rowsAfterEach(graph, ['a'], 'b2 b3 c2 d2 b1 c1 d1')).toBe('b2; b2 b3; c2; d2; b1 d2; c1 d2; d1 d2')
  })
})

describe('dependencies', () => {
  const lib = 'a1 [lib1]; b1 < a1; c1 < b1 [c1lib]; d1 < c1; e1 < d1; f1 < e1; a2; b2 < a2; c2 < b2 >'

  test('B37 what is depended on runs first and has no row of its own', () => {
    expect(up(graphOf(`${lib} c1`), 'c2', 'a2')).toBe('a1 b1 c1 b2 c2 => c2')
    expect(up(graphOf(`${lib} c1lib`), 'c2', 'a2')).toBe('a1 b1 c1 b2 c2 => c2')
  })

  test('B38 downgrade to what another branch depends on', () => {
    expect(down(graphOf(`${lib} c1`), 'c1', 'c2', 'd1')).toBe('d1 => c2')
  })

  test('a branch that only a dependency has applied can be stepped', () => {
    expect(up(graphOf(`${lib} c1`), 'lib1@+1', 'c2')).toBe('d1 => c2 d1')
    expect(() => down(graphOf(`${lib} c1`), 'lib1@-1', 'c2')).toThrow('"lib1@-1" would take back 2 revisions, because others depend on them: c1, c2')
  })

  test('B39 crossed dependencies', () => {
    const graph = graphOf('a1; a2 < a1; a3 < a2 > b1; b1; b2 < b1 > a2; b3 < b2')
    expect(down(graph, 'b1', 'a3', 'b2')).toBe('b2 => a3')
  })

  test('B40 a dependency on the own parent counts once', () => {
    const graph = graphOf('a1; a2 < a1 > a1')
    expect(up(graph, 'a2')).toBe('a1 a2 => a2')
    expect(down(graph, 'a1', 'a2')).toBe('a2 => a1')
  })

  test('B41 a dependency that another revision implies gets no row back', () => {
    const graph = graphOf('a1; a2 < a1; a3 < a2; b1; b2 < b1 > a3; b3 < b2; b4 < b3 > a3')
    expect(down(graph, 'b3', 'b4')).toBe('b4 => b3')
  })

  test('B42 a merge with what is depended on', () => {
    const graph = graphOf('a1; b1 > a1; bmerge < a1 b1')
    expect(up(graph, 'b1', 'a1')).toBe('b1 => b1')
    expect(up(graph, 'bmerge', 'b1')).toBe('bmerge => bmerge')
    expect(down(graph, 'a1', 'bmerge')).toBe('bmerge => b1')
    expect(down(graph, 'b1', 'bmerge')).toBe('bmerge => b1')
  })

  test('B43 taking back a branch takes back what depends on it', () => {
    const graph = graphOf('a; b < a; c1 < b [c1branch]; d1 < c1; c2 < b [c2branch]; d2 < c2 > c1')
    expect(down(graph, 'c1branch@b', 'd1', 'd2')).toBe('d2 d1 c1 => c2')
    expect(down(graph, 'c2branch@b', 'd1', 'd2')).toBe('d2 c2 => d1')
  })

  test('B44 from all heads, only what nothing else covers', () => {
    const graph = graphOf('a1; a2; a3; amerge < a1 a2 a3; b1; b2; bmerge < b1 b2; c1; c2; c3; cmerge < c1 c2 c3; d1 > a3 b2 c1')
    expect(down(graph, 'd1@base', 'amerge', 'bmerge', 'cmerge', 'd1')).toBe('d1 => amerge bmerge cmerge')
  })

  test('B44 rows that a dependency implied come back when nothing else covers them', () => {
    const graph = graphOf(`
      a1; a2; a3; amerge < a1 a2 a3
      b1; b2; bmerge < b1 b2
      c1; c2; c3; cmerge < c1 c2 c3
      d1 > a3 b2 c1
    `)
    expect(down(graph, 'd1@base', 'amerge', 'd1', 'b1', 'cmerge')).toBe('d1 => amerge b1 b2 cmerge')
    expect(down(graph, 'b2', 'amerge', 'bmerge', 'cmerge', 'd1')).toBe('bmerge => amerge b1 cmerge d1')
    expect(down(graph, 'base', 'amerge', 'b1', 'b2', 'cmerge').endsWith('=>')).toBe(true)
  })
})

describe('rows that do not fit the history', () => {
  test('B53 a row that is there twice', () => {
    expect(() => up(linear, 'e', 'c', 'c')).toThrow('the version table holds revision c more than once; expected one row')
  })

  test('a row of a revision that is not in the folder', () => {
    expect(() => up(linear, 'e', 'zzzz')).toThrow('the database is at revision zzzz, which is not in the migrations folder')
  })
})

describe('order', () => {
  test('age decides between branches, before the id', () => {
    const dated = (id: string, revises: string[], created: string) => ({ revision: id, revises, dependsOn: [], branchLabels: [], message: '', created })
    const graph = new (branched.constructor as typeof RevisionGraph)([
      dated('aaaa', ['zzzz'], '20260103_0900'),
      dated('bbbb', ['zzzz'], '20260102_0900'),
      dated('zzzz', [], '20260101_0900'),
    ])
    expect(up(graph, 'heads')).toBe('zzzz bbbb aaaa => aaaa bbbb')
    expect(down(graph, 'base', 'aaaa', 'bbbb')).toBe('aaaa bbbb zzzz =>')
  })
})
