import { ProofError, UsageError, type AutogenError } from '../errors.js'
import { newRevisionId } from '../generator/migration-file.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Operation } from '../operations/operation.js'
import type { RevisionDirective } from '../operations/process.js'
import { describeOperation } from '../operations/describe.js'
import { bridgeRenames, refilled, withoutLoss, type Bridged } from '../planner/bridge.js'
import type { SqlByHand } from '../planner/by-hand.js'
import { runInScratch } from '../planner/gradual.js'
import { hazardText } from '../planner/hazards.js'
import type { PlanOptions } from '../planner/plan.js'
import { prove, realDifferences, type ProvenMigration, type ProvingGround } from '../planner/proof.js'
import { split, withDelays, type Split } from '../planner/split.js'
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

type ProofOptions = PlanOptions & { readonly byHand: SqlByHand }

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

/** The migrations of a release, as they are proven. */
export interface SplitDrafts {
  readonly drafts: readonly DraftMigration[]
  /** Why nothing of it can run before the deploy, where the two halves could not be proven one by one. */
  readonly unsplit?: AutogenError
}

/**
 * Proves both halves of a release: the one from the state of the database, the other from the state that the first reached, and back the same way. A half
 * for which there is nothing is left out, unless its branch is not there yet. Changes that hang together in a way that only PostgreSQL knows are all in the second.
 *
 * @throws ProofError; UsageError when the hook of the configuration gives a branch label
 */
export async function proveSplit(found: ToSplit, options: ProofOptions): Promise<SplitDrafts> {
  const { graph, ground, from, to, operations, directive } = found
  if (directive.branchLabel) throw new UsageError('processOperations gives a branch label, where changes are split between the branches expand and contract', { hint: 'leave branchLabel out, or say --no-split' })
  const { byHand: _, ...planOptions } = options
  const bridged = await bridgeRenames(ground, from, to, operations, planOptions)
  const { reached: start, left, held } = bridged
  const halves = split(start, to, left, { ...planOptions, held })
  let unsplit: AutogenError | undefined
  const rest = { ...found, from: start, operations: left }
  const proven = await proveHalves(rest, halves, options, bridged).catch(async (error: unknown) => {
    if (!(error instanceof ProofError) || halves.expand.length * halves.contract.length === 0) throw error
    unsplit = error
    await ground.restore(start)
    return proveHalves(rest, { expand: [], between: start, contract: left, delayed: new Map() }, options, bridged)
  })
  if (bridged.steps.length > 0) proven.expand = await withBridges(ground, from, bridged, proven.expand ?? nothing(start))
  const written = HALVES.filter((half) => proven[half] || !hasBranch(graph, half))
  const ids = Object.fromEntries(written.map((half, index) => [half, index === 0 ? directive.revision : newRevisionId()]))
  const drafts = splitPlaces(graph, ids).map(({ half, ...place }, index) => {
    const { upgrade, downgrade } = proven[half] ?? nothing(half === 'expand' ? from : to)
    const breaking = upgrade.steps.flatMap(({ hazards }) => hazards.filter(({ breaksNextRelease }) => breaksNextRelease).map(hazardText))
    return {
      upgrade,
      downgrade,
      half,
      revision: { ...place, dependsOn: [...place.dependsOn, ...((index === 0 && directive.dependsOn) || [])], message: directive.message ? `${half}: ${directive.message}` : half },
      notes: [`Runs ${WHEN[half]}`, ...(half === 'contract' ? bridged.refused : []), ...(proven[half] ? breaking : ['Nothing yet: the branch begins here'])],
    }
  })
  return { drafts, ...(unsplit && { unsplit }) }
}

/** The halves that have steps. */
async function proveHalves({ ground, from, to }: ToSplit, { between, delayed, ...halves }: Split, { byHand, ...options }: ProofOptions, { held, back }: Bridged): Promise<Partial<Record<Half, ProvenMigration>>> {
  // SQL by hand stays before and after all that was found.
  const around = halves.contract.length > 0 ? { expand: { ...byHand, last: [] }, contract: { ...byHand, first: [] } } : { expand: byHand, contract: { ...byHand, first: [], last: [] } }
  const isNeeded = (half: Half) => halves[half].length + around[half].first.length + around[half].last.length > 0
  let contract: ProvenMigration | undefined
  const proveContract = async (reached: SchemaModel) => {
    const { upgrade, downgrade } = await prove(ground, reached, to, halves.contract, { ...options, byHand: around.contract })
    const fills = await runInScratch(ground, back)
    contract = {
      upgrade: { ...upgrade, steps: withoutLoss(withDelays(upgrade.steps, delayed), held) },
      downgrade: { ...downgrade, steps: refilled(downgrade.steps, fills) },
    }
  }
  if (!isNeeded('expand')) {
    await proveContract(from)
    return { contract: contract! }
  }
  const above = isNeeded('contract') && { above: proveContract }
  const expand = await prove(ground, from, between, halves.expand, { ...options, byHand: around.expand, ...above })
  return { expand, ...(contract && { contract }) }
}

/** The first half with the renames before it, which are taken back last. */
async function withBridges(ground: ProvingGround, from: SchemaModel, { steps, undo, operations }: Bridged, { upgrade, downgrade }: ProvenMigration): Promise<ProvenMigration> {
  const undone = await runInScratch(ground, undo)
  const state = await ground.reflect()
  const differences = await realDifferences(ground, state, from)
  if (differences.length > 0) {
    throw new ProofError('the renames that keep the old names are not taken back as they should be', { detail: differences.map((operation) => `  ${describeOperation(operation)}`).join('\n') })
  }
  return {
    upgrade: { ...upgrade, steps: [...steps, ...upgrade.steps], operations: [...operations, ...upgrade.operations] },
    downgrade: { steps: [...downgrade.steps, ...undone], reached: state },
  }
}

/** The proof of a migration without steps. */
function nothing(state: SchemaModel): ProvenMigration {
  return { upgrade: { steps: [], operations: [], reached: state, renamed: state }, downgrade: { steps: [], reached: state } }
}
