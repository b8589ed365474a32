import { RevisionError } from '../errors.js'
import { resolve, some } from './identifiers.js'
import type { NewRevision } from './new-revision.js'
import type { RevisionGraph, RevisionNode } from './revision-graph.js'

/** The two branches of a history whose migrations are split, by their labels: what runs before a deploy, and what runs after it. */
export const HALVES = ['expand', 'contract'] as const

export type Half = (typeof HALVES)[number]

/**
 * The places of the two migrations into which the changes of a release are split. Both branches begin where the history ends when it is split for the
 * first time. Each migration follows the one before it on its own branch; that of `contract` depends on that of `expand`, and the next of `expand` on
 * that of `contract`, so that releases run one after the other whichever branch is asked for. `ids` names those that are written.
 *
 * @throws RevisionError for a history with other heads than these two, and for one that joined them again
 * @example splitPlaces(graph, { expand: '8c1f', contract: '9d2e' }).map(({ dependsOn }) => dependsOn) // [[], ['8c1f']]
 */
export function splitPlaces(graph: RevisionGraph, ids: Partial<Record<Half, string>>): (NewRevision & { half: Half })[] {
  const tips = { expand: tipOf(graph, 'expand'), contract: tipOf(graph, 'contract') }
  refuseOtherHeads(graph, tips)
  const begin = beginning(graph)
  return HALVES.flatMap((half) => {
    const revision = ids[half]
    if (revision === undefined) return []
    const tip = tips[half]
    const revises = tip ? [tip] : begin
    const other = half === 'contract' && ids.expand !== undefined ? ids.expand : tips[half === 'expand' ? 'contract' : 'expand']?.id
    const implied = graph.withAncestors(revises)
    return [
      {
        half,
        revision,
        revises: revises.map(({ id }) => id),
        branchLabels: tip ? [] : [half],
        dependsOn: other === undefined || [...implied].some(({ id }) => id === other) ? [] : [other],
      },
    ]
  })
}

/** Whether the history has the branch of a half already. */
export function hasBranch(graph: RevisionGraph, half: Half): boolean {
  return graph.labelled(half) !== undefined
}

function tipOf(graph: RevisionGraph, half: Half): RevisionNode | undefined {
  return hasBranch(graph, half) ? resolve(graph, { text: `${half}@head`, branch: half, symbol: 'head', offset: 0 }).nodes[0] : undefined
}

/** What a branch that is not there yet follows: the same as the other one does, or the end of the history. */
function beginning(graph: RevisionGraph): readonly RevisionNode[] {
  const begun = HALVES.map((half) => graph.labelled(half)).find((node) => node !== undefined)
  return begun ? begun.parents : graph.headNodes
}

function refuseOtherHeads(graph: RevisionGraph, { expand, contract }: Readonly<Record<Half, RevisionNode | undefined>>): void {
  if (expand && expand === contract) {
    const labelled = HALVES.map((half) => graph.labelled(half)!.id)
    throw new RevisionError(`the branches expand and contract were joined by revision ${expand.id}, so nothing can be split between them`, {
      hint: `take branchLabels out of ${[...new Set(labelled)].join(' and ')}: the branches then begin anew behind ${expand.id}`,
    })
  }
  const others = graph.headNodes.filter((node) => node !== expand && node !== contract)
  if (others.length === 0 || (others.length === 1 && !expand && !contract)) return
  const heads = graph.heads
  throw new RevisionError(`there are ${expand || contract ? 'heads beside those of the branches expand and contract' : 'several heads'}: ${some(expand || contract ? others.map(({ id }) => id) : heads)}`, {
    hint: expand || contract ? 'rebase or merge them into one of the two branches first: autogen rebase, autogen merge' : 'merge them with `autogen merge heads` first',
  })
}
