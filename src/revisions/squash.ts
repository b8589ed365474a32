import { RevisionError } from '../errors.js'
import { historyRange } from './history-range.js'
import { some } from './identifiers.js'
import type { RevisionGraph, RevisionNode } from './revision-graph.js'
import { positionOf, type Revision } from './revision.js'

/** The folder of the migrations that others replace, in that of the migrations; what reads migrations passes over it. */
export const REPLACED_FOLDER = '_replaced'

/** Revisions that one migration can stand for: they begin in one place and end in another. */
export interface SquashRange {
  /** In the order of an upgrade. */
  readonly nodes: readonly RevisionNode[]
  readonly last: RevisionNode
  /** What the first of them revises. */
  readonly revises: readonly string[]
  readonly dependsOn: readonly string[]
  readonly branchLabels: readonly string[]
}

/**
 * The revisions of `a:b`, both ends included.
 *
 * @throws RevisionError where others begin or depend in the middle of them
 */
export function squashRange(graph: RevisionGraph, range: string): SquashRange {
  const ids = new Set(historyRange(graph, range).map(({ revision }) => revision))
  const nodes = graph.sort(new Set([...ids].map((id) => graph.node(id)!)))
  if (nodes.length < 2) throw new RevisionError(`${range} is ${nodes.length === 0 ? 'no revision' : 'one revision'}: there is nothing to put together`)
  const last = nodes.at(-1)!
  const entering = nodes.filter(({ parents }) => parents.length === 0 || parents.some(({ id }) => !ids.has(id)))
  const leaving = nodes.filter((node) => node !== last && [...node.children, ...node.neededBy].some(({ id }) => !ids.has(id)))
  const mixed = entering.length !== 1 || entering[0] !== nodes[0]
  if (mixed || leaving.length > 0) {
    throw new RevisionError(`${range} cannot be put together: ${mixed ? `it begins at ${some(entering.map(({ id }) => id))}` : `others follow ${some(leaving.map(({ id }) => id))}, in the middle of it`}`, {
      hint: 'choose a range in which each revision follows the one before it',
    })
  }
  const outside = nodes.flatMap(({ revision }) => revision.dependsOn).filter((id) => !ids.has(id))
  return {
    nodes,
    last,
    revises: nodes[0]!.revision.revises,
    dependsOn: [...new Set(outside)],
    branchLabels: [...new Set(nodes.flatMap(({ revision }) => revision.branchLabels))],
  }
}

/**
 * The history that a database sees. One that stopped in the middle of what a migration replaces goes on with those that it replaces; for all others
 * that one stands in their place. `replaced` reads them when they are needed.
 *
 * @throws RevisionError when they are needed and gone
 */
export async function historyFor<R extends Revision>(revisions: readonly R[], rows: readonly string[], replaced: () => Promise<readonly R[]>): Promise<readonly R[]> {
  const inside = ({ revision, replaces = {} }: Revision) => rows.find((row) => row !== revision && Object.hasOwn(replaces, row))
  const split = revisions.filter((each) => inside(each) !== undefined)
  if (split.length === 0) return revisions
  const old = new Map((await replaced()).map((each) => [each.revision, each]))
  return revisions.flatMap((each) => {
    if (!split.includes(each)) return [each]
    return Object.keys(each.replaces!).map((id) => {
      const found = old.get(id)
      if (found) return found
      throw new RevisionError(`the database is at ${inside(each)}, in the middle of what revision ${each.revision} replaces, and ${id} is no longer there`, {
        at: positionOf(each),
        hint: `put its file back into ${REPLACED_FOLDER}, until every database is past ${each.revision}`,
      })
    })
  })
}

/** Whether the upgrade that a database ran under this id is another one than that of the file. */
export function isEdited({ revision, checksum, replaces = {} }: Revision & { readonly checksum: string }, ran: string | undefined): boolean {
  return ran !== undefined && ran !== checksum && ran !== replaces[revision]
}
