import fc from 'fast-check'
import { planDowngrade, planUpgrade } from '../../src/revisions/plan.js'
import { RevisionGraph } from '../../src/revisions/revision-graph.js'
import type { Revision } from '../../src/revisions/revision.js'
import { planStamp } from '../../src/revisions/stamp.js'
import { applyRowChanges } from '../../src/revisions/version-rows.js'

/** Histories of up to 12 revisions, each with up to 3 earlier ones as parents and up to 2 as dependencies. */
const histories = fc
  .array(fc.record({ parents: fc.array(fc.nat(), { maxLength: 3 }), needs: fc.array(fc.nat(), { maxLength: 2 }), age: fc.nat(3) }), { minLength: 1, maxLength: 12 })
  .map((nodes) =>
    nodes.map(({ parents, needs, age }, index): Revision => {
      const earlier = (picks: number[]) => (index === 0 ? [] : [...new Set(picks.map((pick) => `r${pick % index}`))])
      return { revision: `r${index}`, revises: earlier(parents), dependsOn: earlier(needs), branchLabels: [], message: '', created: String(age) }
    }),
  )

const needsOf = (revision: Revision) => [...revision.revises, ...revision.dependsOn]

function below(revisions: Revision[], ids: string[]): Set<string> {
  const found = new Set(ids)
  for (const id of found) for (const need of needsOf(revisions[Number(id.slice(1))]!)) found.add(need)
  return found
}

/** What the version table should hold, worked out from the meaning of it. */
function tips(revisions: Revision[], applied: Set<string>): string[] {
  return [...applied].filter((id) => ![...applied].some((other) => other !== id && below(revisions, [other]).has(id))).sort()
}

const pick = (revisions: Revision[], at: number) => revisions[at % revisions.length]!.revision

test('an upgrade runs what is missing, each after what it needs, and the rows say so after every step', () => {
  fc.assert(
    fc.property(histories, fc.nat(), fc.nat(), (revisions, first, second) => {
      const graph = new RevisionGraph(revisions)
      const start = planUpgrade(graph, pick(revisions, first), []).after
      const plan = planUpgrade(graph, pick(revisions, second), start)
      const applied = below(revisions, [...start])
      let rows = [...start]
      for (const { revision, rowChanges } of plan.steps) {
        expect(applied.has(revision.revision)).toBe(false)
        expect(needsOf(revision).filter((need) => !applied.has(need))).toEqual([])
        applied.add(revision.revision)
        rows = applyRowChanges(rows, rowChanges)
        expect([...rows].sort()).toEqual(tips(revisions, applied))
      }
      expect(applied).toEqual(below(revisions, [pick(revisions, first), pick(revisions, second)]))
      expect([...plan.after].sort()).toEqual([...rows].sort())
    }),
  )
})

test('a downgrade keeps its target and everything that does not stand on what it removes', () => {
  fc.assert(
    fc.property(histories, fc.nat(), (revisions, at) => {
      const graph = new RevisionGraph(revisions)
      const full = planUpgrade(graph, 'heads', []).after
      const target = pick(revisions, at)
      const plan = planDowngrade(graph, target, full)
      const removed = new Set(plan.steps.map((step) => step.revision.revision))
      const children = revisions.filter((each) => each.revises.includes(target)).map((each) => each.revision)
      const expected = revisions.filter((each) => children.some((child) => below(revisions, [each.revision]).has(child)))
      expect([...removed].sort()).toEqual(expected.map((each) => each.revision).sort())
      const kept = new Set(revisions.map((each) => each.revision).filter((id) => !removed.has(id)))
      expect([...plan.after].sort()).toEqual(tips(revisions, kept))
    }),
  )
})

test('down to base is the exact reverse of up to the heads', () => {
  fc.assert(
    fc.property(histories, (revisions) => {
      const graph = new RevisionGraph(revisions)
      const up = planUpgrade(graph, 'heads', [])
      const down = planDowngrade(graph, 'base', up.after)
      expect(down.steps.map((step) => step.revision)).toEqual(up.steps.map((step) => step.revision).reverse())
      expect(down.after).toEqual([])
      expect([...planStamp(graph, 'heads', []).after].sort()).toEqual([...up.after].sort())
    }),
  )
})

test('the order of the files does not matter', () => {
  fc.assert(
    fc.property(histories, (revisions) => {
      const order = (list: Revision[]) => planUpgrade(new RevisionGraph(list), 'heads', []).steps.map((step) => step.revision.revision)
      expect(order([...revisions].reverse())).toEqual(order(revisions))
    }),
  )
})
