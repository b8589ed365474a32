import { UsageError } from '../errors.js'
import { newRevisionId } from '../generator/migration-file.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Operation } from '../operations/operation.js'
import type { RevisionDirective } from '../operations/process.js'
import type { SqlByHand } from '../planner/by-hand.js'
import type { PlanOptions } from '../planner/plan.js'
import { prove, type ProvenMigration, type ProvingGround } from '../planner/proof.js'
import { split, withDelays } from '../planner/split.js'
import type { NewRevision } from '../revisions/new-revision.js'
import type { RevisionGraph } from '../revisions/revision-graph.js'
import { hasBranch, HALVES, splitPlaces, type Half } from '../revisions/split-branches.js'
import type { RevisionRequest } from './migrations.js'

/** A migration that is proven and not yet written. */
export interface DraftMigration extends ProvenMigration {
  readonly revision: NewRevision & { readonly message: string }
  readonly half?: Half
  /** Lines at the top of its file. */
  readonly notes?: readonly string[]
}

/** What is to be split: the differences, with scratch in the state `from`. */
export interface ToSplit {
  readonly graph: RevisionGraph
  readonly ground: ProvingGround
  readonly from: SchemaModel
  readonly to: SchemaModel
  readonly operations: readonly Operation[]
  readonly directive: RevisionDirective
}

/** When each half runs, for people. */
export const WHEN: Readonly<Record<Half, string>> = {
  expand: 'before the deploy: autogen upgrade expand@head',
  contract: 'after the deploy: autogen upgrade contract@head',
}

/**
 * The place of the first of two migrations, before it is known whether there is anything for both.
 *
 * @throws UsageError for a request that is about one migration; RevisionError for a history that cannot be split
 */
export function plannedSplit(graph: RevisionGraph, { heads, revision, branchLabel, splice, message, dependsOn }: RevisionRequest): NewRevision & { message: string } {
  if (heads || revision || branchLabel || splice || dependsOn) {
    throw new UsageError('the place, the id, the label and the dependencies of a migration are chosen where changes are split into two', {
      hint: 'leave out --head, --rev-id, --branch-label, --depends-on and --splice, or say --no-split',
    })
  }
  return { ...splitPlaces(graph, { expand: newRevisionId() })[0]!, message }
}

/**
 * Proves both halves of a release: the one from the state of the database, the other from the state that the first reached, and back the same way. A half
 * for which there is nothing is left out, unless its branch is not there yet.
 *
 * @throws ProofError; UsageError when the hook of the configuration gives a branch label
 */
export async function proveSplit({ graph, ground, from, to, operations, directive }: ToSplit, { byHand, ...options }: PlanOptions & { readonly byHand: SqlByHand }): Promise<DraftMigration[]> {
  if (directive.branchLabel) throw new UsageError('processOperations gives a branch label, where changes are split between the branches expand and contract', { hint: 'leave branchLabel out, or say --no-split' })
  const { between, delayed, ...halves } = split(from, to, operations, options)
  // SQL by hand stays before and after all that was found.
  const around = halves.contract.length > 0 ? { expand: { ...byHand, last: [] }, contract: { ...byHand, first: [] } } : { expand: byHand, contract: { ...byHand, first: [], last: [] } }
  const isNeeded = (half: Half) => halves[half].length + around[half].first.length + around[half].last.length > 0
  const proven = { expand: nothing(from), contract: nothing(to) }
  const proveContract = async (reached: SchemaModel) => {
    const { upgrade, downgrade } = await prove(ground, reached, to, halves.contract, { ...options, byHand: around.contract })
    proven.contract = { upgrade: { ...upgrade, steps: withDelays(upgrade.steps, delayed) }, downgrade }
  }
  if (isNeeded('expand')) proven.expand = await prove(ground, from, between, halves.expand, { ...options, byHand: around.expand, ...(isNeeded('contract') && { above: proveContract }) })
  else await proveContract(from)
  const written = HALVES.filter((half) => isNeeded(half) || !hasBranch(graph, half))
  const ids = Object.fromEntries(written.map((half, index) => [half, index === 0 ? directive.revision : newRevisionId()]))
  return splitPlaces(graph, ids).map(({ half, ...place }, index) => ({
    ...proven[half],
    half,
    revision: { ...place, dependsOn: [...place.dependsOn, ...((index === 0 && directive.dependsOn) || [])], message: directive.message ? `${half}: ${directive.message}` : half },
    notes: [`Runs ${WHEN[half]}`],
  }))
}

/** The proof of a migration without steps. */
function nothing(state: SchemaModel): ProvenMigration {
  return { upgrade: { steps: [], operations: [], reached: state, renamed: state }, downgrade: { steps: [], reached: state } }
}
