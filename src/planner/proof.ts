import type { Database } from '../database/database.js'
import { diff } from '../differ/diff.js'
import { DatabaseError, ProofError } from '../errors.js'
import { attributesText, SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { kindOf } from '../kinds/registry.js'
import { applyOperations } from '../operations/apply.js'
import { describeObject, describeOperation } from '../operations/describe.js'
import { invertAll, type Operation } from '../operations/operation.js'
import { renamesAmong, type Rename } from '../differ/renames.js'
import { refuseOtherEffects, runByHand, stepsByHand, type SqlByHand } from './by-hand.js'
import { changeGradually, GradualRefusal, inGroups, rewritings, unrelated, withReasons } from './gradual.js'
import { plan, renameSteps, type PlannedStep, type PlanOptions } from './plan.js'
import { detoursAfter, type Detours } from './repairs.js'
import { runSteps } from './run-steps.js'
import { standAside } from './stand-aside.js'

/** A place in which migrations are tried: a scratch database in a known state. */
export interface ProvingGround {
  /** The present scratch database; another one after `restore`. */
  database(): Database
  /** Puts an earlier state back, when steps that cannot be undone were committed before a failure. */
  restore(state: SchemaModel): Promise<void>
  /** Reads the database's present state, restricted to what the comparison is about. */
  reflect(): Promise<SchemaModel>
  /** Told which direction is tried from now on. */
  begin?(direction: string): void
  /** The model as it reads after it was rebuilt from its own text once more. */
  settled(model: SchemaModel): Promise<SchemaModel>
  /** The model as it reads after statements were run in the schema that it describes. */
  after(model: SchemaModel, statements: readonly string[]): Promise<SchemaModel>
}

/** Steps that led, in scratch, from exactly one state to exactly the other. */
export interface ProvenSteps {
  readonly steps: readonly PlannedStep[]
  /** The state they led to, as scratch reads it. */
  readonly reached: SchemaModel
}

/** PostgreSQL's side effects that no kind foresees are planned again this often before a proof is given up. */
const ROUNDS = 4

/** What scratch is to be brought to, from the state that it is in. */
export interface Way {
  readonly from: SchemaModel
  readonly to: SchemaModel
  /** How they differ. */
  readonly operations: readonly Operation[]
  readonly options: PlanOptions
  /** Upgrade or downgrade, for messages. */
  readonly direction: string
}

/** A proven upgrade, and what its inverse needs to know. */
export interface ProvenUpgrade extends ProvenSteps {
  /** What it does: renames first, then the differences that were left after them. */
  readonly operations: readonly Operation[]
  /** The state after the renames alone. */
  readonly renamed: SchemaModel
}

export interface ProofOptions extends PlanOptions {
  readonly byHand?: SqlByHand | undefined
  /** Proves what comes after the upgrade, in the state that it reached, to which it must lead back; the downgrade is proven then. */
  readonly above?: (reached: SchemaModel) => Promise<void>
}

/** A migration that is proven in both directions. */
export interface ProvenMigration {
  readonly upgrade: ProvenUpgrade
  readonly downgrade: ProvenSteps
}

/**
 * Runs the upgrade in scratch, which must be in the state `from`, and then the downgrade; both must reach exactly what they
 * promise. Scratch ends in the state `from`. Throws ProofError naming the objects that did not come out right.
 */
export async function prove(ground: ProvingGround, from: SchemaModel, to: SchemaModel, operations: readonly Operation[], { byHand, above, ...options }: ProofOptions = {}): Promise<ProvenMigration> {
  if (byHand && byHand.first.length + byHand.last.length > 0) return proveAround(ground, from, to, operations, { ...options, ...(above && { above }), byHand })
  const upgrade = await proveUpgrade(ground, from, to, operations, options)
  await above?.(upgrade.reached)
  return { upgrade, downgrade: await proveDowngrade(ground, upgrade, from, options) }
}

/** The same with SQL by hand before and after. It may do what is wanted and the operations leave out, and must take it back. */
async function proveAround(
  ground: ProvingGround,
  from: SchemaModel,
  to: SchemaModel,
  operations: readonly Operation[],
  { byHand: { first, last, wanted }, above, ...options }: ProofOptions & { readonly byHand: SqlByHand },
): Promise<ProvenMigration> {
  const run = async (steps: readonly PlannedStep[], should: SchemaModel, direction: string, also?: SchemaModel) => {
    if (steps.length === 0) return { steps, state: should }
    const ran = await runByHand(ground.database(), steps)
    const state = await ground.reflect()
    refuseOtherEffects(await realDifferences(ground, state, should), { state, ...(also && { wanted: also }) }, direction)
    return { steps: ran, state }
  }
  const before = await run(stepsByHand(first, 'up'), from, 'upgrade')
  const upgrade = await proveUpgrade(ground, from, to, operations, options)
  const after = await run(stepsByHand(last, 'up'), upgrade.reached, 'upgrade', wanted)
  await above?.(after.state)
  const back = await run(stepsByHand(last, 'down'), upgrade.reached, 'downgrade')
  // Without a way back it must have left the schema alone.
  if (back.steps.length === 0) refuseOtherEffects(await realDifferences(ground, after.state, upgrade.reached), after, 'downgrade')
  const downgrade = await proveDowngrade(ground, upgrade, from, options)
  const end = await run(stepsByHand(first, 'down'), from, 'downgrade')
  return {
    upgrade: { ...upgrade, reached: after.state, steps: [...before.steps, ...upgrade.steps, ...after.steps], operations: [...first, ...upgrade.operations, ...last] },
    downgrade: { ...downgrade, steps: [...back.steps, ...downgrade.steps, ...end.steps] },
  }
}

/** Runs the inverse of an upgrade in scratch, which must be in the state that it reached. */
async function proveDowngrade(ground: ProvingGround, upgrade: ProvenUpgrade, from: SchemaModel, { online, isGradual }: PlanOptions): Promise<ProvenSteps> {
  const renames = upgrade.operations.filter(isRename)
  const others = upgrade.operations.filter((operation) => !isRename(operation))
  const back = await reach(ground, { from: upgrade.reached, to: upgrade.renamed, operations: invertAll(others), options: { online, isGradual }, direction: 'downgrade' })
  const renamedBack = await runRenames(ground, upgrade.renamed, from, invertAll(renames).filter(isRename), 'downgrade')
  const downgrade = { steps: [...back.steps, ...renamedBack], reached: renames.length > 0 ? await ground.reflect() : back.reached }
  const left = await realDifferences(ground, downgrade.reached, from)
  if (left.length > 0) throw notReached('downgrade', left)
  return downgrade
}

/** Runs an upgrade in scratch, which must be in the state `from`, and leaves it in the state `to`. */
export async function proveUpgrade(
  ground: ProvingGround,
  from: SchemaModel,
  to: SchemaModel,
  operations: readonly Operation[],
  options: PlanOptions = {},
): Promise<ProvenUpgrade> {
  ground.begin?.('upgrade')
  const renames: Rename[] = []
  const steps: PlannedStep[] = []
  let renamed = from
  let left = operations
  // A column can only be looked for after its table has its new name.
  for (let found = renamesAmong(left, renamed, options.formerly); found.length > 0; found = renamesAmong(left, renamed, options.formerly)) {
    steps.push(...(await runRenames(ground, renamed, to, found, 'upgrade')))
    renames.push(...found)
    renamed = await ground.reflect()
    left = await realDifferences(ground, renamed, to)
  }
  const rest = await reach(ground, { from: renamed, to, operations: left, options, direction: 'upgrade' })
  return { steps: hoisted([...steps, ...rest.steps]), reached: rest.reached, operations: [...renames, ...left], renamed }
}

async function runRenames(ground: ProvingGround, from: SchemaModel, to: SchemaModel, renames: readonly Rename[], direction: string): Promise<readonly PlannedStep[]> {
  if (renames.length === 0) return []
  const result = await runSteps(ground.database(), renames.flatMap((rename) => renameSteps(rename, from, to)))
  if (result.failed) throw refused(result.failed.step, result.failed.error, direction)
  return result.steps
}

/**
 * Plans and runs steps in scratch until it reads as `to`. Where the statements that block least do not lead there, since they come in another order, the
 * plain ones do, of which is said what they cost.
 */
export async function reach(ground: ProvingGround, way: Way): Promise<ProvenSteps> {
  const { online, isGradual } = way.options
  const further = [...(isGradual ? [{ isGradual: undefined }] : []), ...(online ? [{ online: false }] : []), ...(isGradual && online ? [{ online: false, isGradual: undefined }] : [])]
  try {
    return await reachBy(ground, way)
  } catch (error) {
    if (!(error instanceof ProofError)) throw error
    for (const less of further) {
      await ground.restore(way.from)
      const reached = await reachBy(ground, { ...way, options: { ...way.options, ...less } }).catch(() => undefined)
      if (reached) return reached
    }
    throw error
  }
}

/** What is left over after a run is planned again and appended. */
async function reachBy(ground: ProvingGround, way: Way): Promise<ProvenSteps> {
  const { from, to, operations, options, direction } = way
  ground.begin?.(direction)
  const moved = options.online ? await standAside(ground, from, to, operations) : undefined
  const first = await firstRound(ground, { ...way, ...(moved && { from: moved.state, operations: moved.left }), options: { ...options, aside: moved?.aside } })
  const steps: PlannedStep[] = [...(moved?.steps ?? []), ...first]
  for (let round = 1; ; round++) {
    const state = await ground.reflect()
    const left = await realDifferences(ground, state, to)
    if (left.length === 0) return { steps: hoisted(steps), reached: state }
    if (round >= ROUNDS) throw notReached(direction, left)
    steps.push(...(await planAndRun(ground, { ...way, from: state, operations: left })))
  }
}

/** Plans and runs. What was seen to write all rows anew, and shall not, is changed gradually instead, after everything that has nothing to do with it. */
async function firstRound(ground: ProvingGround, way: Way): Promise<PlannedStep[]> {
  const { from, to } = way
  const { isGradual, ...options } = way.options
  const plainly = { ...way, options }
  const plain = await planAndRun(ground, plainly)
  const found = isGradual ? rewritings(plain, from, to, isGradual) : []
  const reasons = new Map(found.flatMap(({ ref, why }) => (why === undefined ? [] : [[ref, why] as const])))
  let refs = found.filter(({ why }) => why === undefined).map(({ ref }) => ref)
  if (refs.length === 0) return withReasons(plain, reasons)
  while (refs.length > 0) {
    await ground.restore(from)
    try {
      return withReasons(await groupByGroup(ground, plainly, refs), reasons)
    } catch (error) {
      if (!(error instanceof ProofError) && !(error instanceof DatabaseError)) throw error
      // One that cannot be is no reason for the others.
      const refused = error instanceof GradualRefusal ? error.refs : refs
      for (const ref of refused) reasons.set(ref, error.message)
      refs = refs.filter((ref) => !refused.includes(ref))
    }
  }
  await ground.restore(from)
  await planAndRun(ground, plainly)
  return withReasons(plain, reasons)
}

/** Groups of objects that have nothing to do with each other change one after the other, each with all that needs it, so that no transaction locks more than it must. */
async function groupByGroup(ground: ProvingGround, way: Way, refs: readonly Ref[]): Promise<PlannedStep[]> {
  const { from, to, operations } = way
  const steps: PlannedStep[] = []
  let [state, left, later] = [from, operations, refs]
  for (const group of [[], ...inGroups(from, to, refs)]) {
    if (group.length > 0) {
      steps.push(...(await changeGradually(ground, state, to, group)))
      later = later.filter((ref) => !group.includes(ref))
      // The next round comes to what is left of the last one.
      if (later.length === 0) break
      state = await ground.reflect()
      left = await realDifferences(ground, state, to)
    }
    const others = unrelated(state, to, left, later)
    if (others.length === 0) continue
    const reached = await reach(ground, { ...way, from: state, to: applyOperations(state, to, others).model, operations: others })
    steps.push(...reached.steps)
    state = reached.reached
  }
  return steps
}

function notReached(direction: string, left: readonly Operation[]): ProofError {
  return new ProofError(`the generated ${direction} does not come out right in scratch`, {
    detail: left.map((operation) => `  ${describeOperation(operation)}${differenceText(operation)}`).join('\n'),
    hint: 'nothing was written; please report this together with the objects named above',
  })
}

function refused(step: PlannedStep, error: DatabaseError, direction: string): ProofError {
  return new ProofError(`the generated ${direction} fails in scratch at ${describeObject(step.ref)}: ${error.message}`, {
    detail: [step.statement.sql, error.detail].filter(Boolean).join('\n'),
    hint: error.hint ?? 'nothing was written',
    cause: error,
  })
}

/** Differences that stay when the texts of both sides went through scratch equally often. */
export async function realDifferences(ground: Pick<ProvingGround, 'settled'>, state: SchemaModel, to: SchemaModel): Promise<Operation[]> {
  const found = diff(state, to)
  if (!found.some(mayBeTextOnly)) return found
  const settled = await ground.settled(to)
  return found.filter((operation) => {
    if (operation.type !== 'alter') return true
    const again = settled.get(operation.to.ref)
    return !again || attributesText(again) !== attributesText(operation.from)
  })
}

function isRename(operation: Operation): operation is Rename {
  return operation.type === 'rename'
}

/** Whether an operation may come from PostgreSQL printing one expression in two ways. */
export function mayBeTextOnly(operation: Operation): boolean {
  return operation.type === 'alter' && kindOf(operation.to).holdsExpressions?.(operation.to) === true
}

/** Plans and runs, again with detours after what PostgreSQL refuses. */
async function planAndRun(ground: ProvingGround, { from, to, operations, options, direction }: Way): Promise<PlannedStep[]> {
  let detours: Detours = { replace: new Set(options.replace), commitsEarly: false }
  for (;;) {
    const steps = plan(from, to, operations, { ...options, replace: detours.replace })
    const result = await runSteps(ground.database(), detours.commitsEarly ? hoisted(steps.map(outsideWhenNeeded)) : steps)
    if (!result.failed) return result.steps
    const { step, error } = result.failed
    if (result.committed) await ground.restore(from)
    const further = detoursAfter({ step, error, from, to, operations }, detours)
    if (!further) throw refused(step, error, direction)
    detours = further
  }
}

function outsideWhenNeeded(step: PlannedStep): PlannedStep {
  return step.statement.usableAfterCommit ? { ...step, statement: { ...step.statement, transaction: 'outside' } } : step
}

/** Steps whose effect needs a commit come first: nothing has been done yet that the commit could leave half done. */
function hoisted(steps: readonly PlannedStep[]): PlannedStep[] {
  const first = (step: PlannedStep) => step.statement.usableAfterCommit === true && step.statement.transaction === 'outside'
  return [...steps.filter(first), ...steps.filter((step) => !first(step))]
}

/** What an attribute is and should be, for the message of a failed proof. */
function differenceText(operation: Operation): string {
  if (operation.type !== 'alter') return ''
  const keys = new Set([...Object.keys(operation.from.attrs as object), ...Object.keys(operation.to.attrs as object)])
  return [...keys]
    .map((key) => [key, text(operation.from, key), text(operation.to, key)] as const)
    .filter(([, is, should]) => is !== should)
    .map(([key, is, should]) => `\n      ${key}: is ${is}, should be ${should}`)
    .join('')
}

function text(object: SchemaObject, key: string): string {
  return JSON.stringify((object.attrs as Record<string, unknown>)[key]) ?? 'absent'
}
