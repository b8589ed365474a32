import { RevisionGraph } from '../../src/revisions/revision-graph.js'
import type { Revision } from '../../src/revisions/revision.js'
import type { Plan } from '../../src/revisions/plan.js'
import type { RowChange } from '../../src/revisions/version-rows.js'

/**
 * Revisions from a notation: one a line or between semicolons, `id`, then `< parent …`, `> dependency …` and `[label …]` where it has them.
 */
export function revisions(notation: string): Revision[] {
  return notation
    .split(/[\n;]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const part = (sign: string) => new RegExp(`[${sign}] *([^<>[\\]]+)`).exec(line)?.[1]?.trim().split(/ +/) ?? []
      return {
        revision: /^[^<>[ ]+/.exec(line)![0],
        revises: part('<'),
        dependsOn: part('>'),
        branchLabels: part('\\['),
        message: '',
      }
    })
}

export function graphOf(notation: string): RevisionGraph {
  return new RevisionGraph(revisions(notation))
}

/** The steps of a plan and the rows after it: `d e => e`. */
export function outline(plan: Plan): string {
  return `${plan.steps.map((step) => step.revision.revision).join(' ')} => ${[...plan.after].sort().join(' ')}`.trim()
}

/** Row changes in short: `-d1 c2:b +e`. */
export function changes(rowChanges: readonly RowChange[]): string {
  return rowChanges
    .map((each) => (each.type === 'update' ? `${each.from}:${each.to}` : `${each.type === 'insert' ? '+' : '-'}${each.revision}`))
    .join(' ')
}

export const linear = graphOf('a; b < a; c < b; d < c; e < d')

export const branched = graphOf('a; b < a; c1 < b [c1branch]; d1 < c1; c2 < b [c2branch]; d2 < c2')

export const merged = graphOf('a; b < a; c1 < b [c1branch]; d1 < c1; c2 < b [c2branch]; d2 < c2; e < d1 d2; f < e')
