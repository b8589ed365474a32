import { diff } from '../differ/diff.js'
import { renamesAmong, type Rename } from '../differ/renames.js'
import { AutogenError } from '../errors.js'
import { kindOf } from '../kinds/registry.js'
import { describeRef } from '../model/object-ref.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { describeObject } from '../operations/describe.js'
import { invertAll, subject, type Operation } from '../operations/operation.js'
import { observedHazards, type Hazard } from '../planner/hazards.js'
import { phaseOf } from '../planner/phase.js'
import { plan, renameSteps, type PlannedStep } from '../planner/plan.js'
import { realDifferences } from '../planner/proof.js'
import type { Proof, ReviewedMigration, ReviewedOperation, ReviewedStep } from '../review/review.js'
import { dataSteps } from '../revisions/data-steps.js'
import type { Migration, Step } from '../revisions/revision.js'
import type { ReviewGround, Sight } from './review-ground.js'
import { watchable } from './review-steps.js'

/** What running a migration showed, before lint has a say. */
export interface Tried extends Pick<ReviewedMigration, 'operations' | 'before' | 'after' | 'upgrade' | 'downgrade' | 'proof'> {
  readonly planned: readonly Hazard[]
  readonly observed: readonly { readonly hazard: Hazard; readonly step: number }[]
}

/** A name that moves with that of a whole, and the names of parts of that, take a round each. */
const ROUNDS = 4

/** Runs a migration in scratch, up and down, where all that it needs has run, and leaves scratch there. */
export async function tryMigration(ground: ReviewGround, migration: Migration): Promise<Tried> {
  const { upgrade, downgrade } = migration
  const before = await ground.read()
  const up = await run(ground, upgrade, before.model)
  if (up.failed) {
    await ground.rewind()
    return { ...(await untried(migration)), proof: { result: 'failed', direction: 'upgrade', ...up.failed } }
  }
  const after = await ground.read()
  const down = downgrade && (await run(ground, downgrade, after.model))
  const proof = await proofOf(ground, migration, before.model, down?.failed)
  if (proof.result !== 'proven') await ground.rewind()
  const { operations, planned } = await changes(ground, before, after)
  return { before: before.model, after: after.model, operations, planned, upgrade: up.steps, downgrade: down?.steps ?? null, proof, observed: seen(up.steps, before.model) }
}

/** A migration that nothing is known of but its text. */
export async function untried({ upgrade, downgrade }: Migration): Promise<Tried> {
  return { operations: [], before: undefined, after: undefined, planned: [], observed: [], upgrade: await unrun(upgrade), downgrade: downgrade && (await unrun(downgrade)), proof: { result: 'not tried' } }
}

type Failure = Pick<Extract<Proof, { result: 'failed' }>, 'message' | 'at' | 'hint'>

async function run(ground: ReviewGround, steps: readonly Step[], before: SchemaModel): Promise<{ steps: ReviewedStep[]; failed?: Failure }> {
  const watched = await watchable(steps, before)
  const result = await ground.run(watched)
  if (!result.failed) return { steps: await reviewed(steps, result.steps) }
  const { step, error } = result.failed
  const at = steps[watched.indexOf(step)]?.at
  const message = [error.message, error.detail].filter(Boolean).join('; ')
  return { steps: await unrun(steps), failed: { message, ...(at && { at }), ...(error.hint && { hint: error.hint }) } }
}

async function reviewed(steps: readonly Step[], ran: readonly PlannedStep[] = []): Promise<ReviewedStep[]> {
  const data = await dataSteps(steps)
  return steps.map((step, index) => {
    const observed = ran[index]?.observed
    return {
      sql: step.sql,
      transaction: step.type === 'outside' ? 'outside' : 'inside',
      ...(step.at && { at: step.at }),
      ...(step.scratch === null ? { notRun: true as const } : observed && { observed }),
      ...(data.includes(step) && { changesRows: true as const }),
    }
  })
}

const unrun = (steps: readonly Step[]) => reviewed(steps)

/** Scratch is where the downgrade led, or where it failed. */
async function proofOf(ground: ReviewGround, { downgrade, irreversible }: Migration, before: SchemaModel, failed: Failure | undefined): Promise<Proof> {
  if (downgrade === null) return { result: 'irreversible', reason: irreversible }
  if (failed) return { result: 'failed', direction: 'downgrade', ...failed }
  const { model } = await ground.read()
  // What cannot be made once more from its own text is not found to be the same.
  const left = await realDifferences({ settled: (wanted) => ground.settled(wanted).catch(() => wanted) }, model, before)
  return left.length === 0 ? { result: 'proven' } : { result: 'different', left }
}

/** What leads from one state to the other, and what it costs; scratch is in the first, and stays there. */
async function changes(ground: ReviewGround, before: Sight, after: Sight): Promise<{ operations: ReviewedOperation[]; planned: Hazard[] }> {
  const renames: Rename[] = []
  const steps: PlannedStep[] = []
  let from = before
  for (let round = 0; round < ROUNDS; round++) {
    const found = [...renamesAmong(diff(from.model, after.model), from.model, formerly(from, after)), ...madeRoom(from, after)]
    if (found.length === 0) break
    const made = found.flatMap((rename) => renameSteps(rename, from.model, after.model))
    if ((await ground.run(made)).failed) break
    renames.push(...found)
    steps.push(...made)
    from = await ground.read()
  }
  const others = diff(from.model, after.model)
  steps.push(...plan(from.model, after.model, others))
  if (renames.length > 0) await goBack(ground, renames)
  const stillGood = new Set(renames.filter(({ from: old }) => keepsName(old, after.model)).map(({ to }) => to.ref))
  const planned = steps.flatMap(({ action, ref, hazards }) => {
    if (action === 'drop' && isSame(ref, from, after)) return hazards.filter(({ code }) => code !== 'data-loss')
    return action === 'rename' && stillGood.has(ref) ? hazards.filter(({ code }) => code !== 'breaks-code') : hazards
  })
  const operations: Operation[] = [...renames, ...others]
  const ownPhase = (operation: Operation) => phaseOf(operation, planned.filter(({ object }) => object === subject(operation)))
  return { planned, operations: operations.map((operation) => ({ operation, phase: ownPhase(wholeOf(operation, operations)) })) }
}

async function goBack(ground: ReviewGround, renames: readonly Rename[]): Promise<void> {
  const back = invertAll(renames).filter((operation) => operation.type === 'rename')
  if ((await ground.run(back.flatMap((rename) => renameSteps(rename)))).failed) await ground.rewind()
}

/** Objects that are the same under another name, by what PostgreSQL itself knows them by: their refs before by those after. */
function formerly(from: Sight, after: Sight): Map<Ref, Ref> {
  const pairs = [...from.identities].flatMap(([identity, old]) => {
    const next = after.identities.get(identity)
    const [was, is] = [from.model.get(old), next === undefined ? undefined : after.model.get(next)]
    const isRenamed = was && is && next !== old && !after.model.get(old) && !from.model.get(next!) && was.parent === is.parent && kindOf(was).rename
    return isRenamed ? [[next!, old] as const] : []
  })
  return new Map(pairs)
}

/** Objects that got another name because another one took theirs. */
function madeRoom(from: Sight, after: Sight): Rename[] {
  return [...from.identities].flatMap(([identity, old]) => {
    const next = after.identities.get(identity)
    if (next === undefined || next === old || !after.model.get(old) || from.model.get(next)) return []
    const [was, is] = [from.model.get(old), after.model.get(next)]
    return was && is && was.parent === is.parent && kindOf(was).rename ? [{ type: 'rename' as const, from: was, to: is }] : []
  })
}

/** Whether something else is there under the name that an object had, as a view for a table. */
function keepsName(old: SchemaObject, after: SchemaModel): boolean {
  const names = kindOf(old).occupies?.(old) ?? []
  return names.length > 0 && [...after.objects.values()].some((object) => kindOf(object).occupies?.(object).some((name) => names.includes(name)))
}

/** It was neither dropped nor created again: what a plan would lose, the migration does not. */
function isSame(ref: Ref, from: Sight, after: Sight): boolean {
  const identity = [...from.identities].find(([, each]) => each === ref)?.[0]
  return identity !== undefined && after.identities.get(identity) === ref
}

/** What is created or dropped with a whole has the phase of that. */
function wholeOf(operation: Operation, operations: readonly Operation[]): Operation {
  if (operation.type !== 'create' && operation.type !== 'drop') return operation
  const whole = operations.find((each) => each.type === operation.type && each.object.ref === operation.object.parent)
  return whole ? wholeOf(whole, operations) : operation
}

/** The hazards that were seen, each about the relation. */
function seen(steps: readonly ReviewedStep[], before: SchemaModel): { hazard: Hazard; step: number }[] {
  return steps.flatMap(({ observed }, step) => {
    if (!observed) return []
    const relations = new Set([...observed.rewrites, ...observed.reads])
    return [...relations].flatMap((relation) => {
      const object = relationRef(relation, before)
      const own = { ...observed, reads: observed.reads.filter((each) => each === relation), rewrites: observed.rewrites.filter((each) => each === relation) }
      return observedHazards(object, own).map((hazard) => ({ hazard: { ...hazard, message: hazard.message.replace(`${describeObject(object)}: every row of ${relation} is`, `${describeObject(object)}: every row is`) }, step }))
    })
  })
}

function relationRef(relation: string, before: SchemaModel): Ref {
  return [...before.objects.values()].find(({ ref, parent }) => parent === null && describeRef(ref).name === relation)?.ref ?? `table:${relation}`
}

/** What kept a migration from being tried, where that is its own fault. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof AutogenError)) return undefined
  return { message: error.message, ...(error.at && { at: error.at }), ...(error.hint && { hint: error.hint }) }
}
