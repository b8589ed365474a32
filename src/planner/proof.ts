import type { Database } from '../database/database.js'
import { EXECUTION_SETTINGS } from '../database/scratch-settings.js'
import { diff } from '../differ/diff.js'
import { DatabaseError, ProofError } from '../errors.js'
import { attributesText, SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { kindOf } from '../kinds/registry.js'
import { describeObject, describeOperation } from '../operations/describe.js'
import { invertAll, type Operation } from '../operations/operation.js'
import { plan, type PlannedStep, type PlanOptions } from './plan.js'

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
}

/** Steps that led, in scratch, from exactly one state to exactly the other. */
export interface ProvenSteps {
  readonly steps: readonly PlannedStep[]
  /** The state they led to, as scratch reads it. */
  readonly reached: SchemaModel
}

/** PostgreSQL's side effects that no kind foresees are planned again this often before a proof is given up. */
const ROUNDS = 4
const UNSAFE_NEW_ENUM_VALUE = '55P04'

/**
 * Runs the upgrade in scratch, which must be in the state `from`, and then the downgrade; both must reach exactly what they
 * promise. Scratch ends in the state `from`. Throws ProofError naming the objects that did not come out right.
 */
export async function prove(
  ground: ProvingGround,
  from: SchemaModel,
  to: SchemaModel,
  operations: readonly Operation[],
  options: PlanOptions = {},
): Promise<{ upgrade: ProvenSteps; downgrade: ProvenSteps }> {
  const upgrade = await reach(ground, from, to, operations, options, 'upgrade')
  const downgrade = await reach(ground, upgrade.reached, from, invertAll(operations), {}, 'downgrade')
  return { upgrade, downgrade }
}

/** Plans and runs steps in scratch until it reads as `to`. What is left over after a run is planned again and appended. */
export async function reach(
  ground: ProvingGround,
  from: SchemaModel,
  to: SchemaModel,
  operations: readonly Operation[],
  options: PlanOptions,
  direction: string,
): Promise<ProvenSteps> {
  ground.begin?.(direction)
  const steps: PlannedStep[] = []
  let state = from
  let left = operations
  for (let round = 0; round < ROUNDS; round++) {
    steps.push(...(await planAndRun(ground, state, to, left, options, direction)))
    state = await ground.reflect()
    left = await realDifferences(ground, state, to)
    if (left.length === 0) return { steps: hoisted(steps), reached: state }
  }
  throw new ProofError(`the generated ${direction} does not come out right in scratch`, {
    detail: left.map((operation) => `  ${describeOperation(operation)}${differenceText(operation)}`).join('\n'),
    hint: 'nothing was written; please report this together with the objects named above',
  })
}

/** Differences that stay when the texts of both sides went through scratch equally often. */
async function realDifferences(ground: ProvingGround, state: SchemaModel, to: SchemaModel): Promise<Operation[]> {
  const found = diff(state, to)
  if (!found.some(mayBeTextOnly)) return found
  const settled = await ground.settled(to)
  return found.filter((operation) => {
    if (operation.type !== 'alter') return true
    const again = settled.get(operation.to.ref)
    return !again || attributesText(again) !== attributesText(operation.from)
  })
}

/** Whether an operation may come from PostgreSQL printing one expression in two ways. */
export function mayBeTextOnly(operation: Operation): boolean {
  return operation.type === 'alter' && kindOf(operation.to).holdsExpressions?.(operation.to) === true
}

async function planAndRun(
  ground: ProvingGround,
  from: SchemaModel,
  to: SchemaModel,
  operations: readonly Operation[],
  options: PlanOptions,
  direction: string,
): Promise<PlannedStep[]> {
  const replace = new Set<Ref>(options.replace)
  let commitsEarly = false
  for (;;) {
    let steps = plan(from, to, operations, { ...options, replace })
    if (commitsEarly) steps = hoisted(steps.map(outsideWhenNeeded))
    const result = await run(ground.database(), steps)
    if (!result.failed) return result.steps
    const { step, error } = result.failed
    if (result.committed) await ground.restore(from)
    if (step.elseReplace && !replace.has(step.elseReplace)) replace.add(step.elseReplace)
    else if (error.sqlState === UNSAFE_NEW_ENUM_VALUE && !commitsEarly) commitsEarly = true
    else {
      throw new ProofError(`the generated ${direction} fails in scratch at ${describeObject(step.ref)}: ${error.message}`, {
        detail: [step.statement.sql, error.detail].filter(Boolean).join('\n'),
        hint: error.hint ?? 'nothing was written',
        cause: error,
      })
    }
  }
}

type RunResult =
  | { readonly steps: PlannedStep[]; readonly failed?: undefined }
  | { readonly failed: { step: PlannedStep; error: DatabaseError }; readonly committed: boolean }

/** Runs steps as a migration would; a failure undoes the whole run, so that it can be planned anew. */
async function run(database: Database, steps: readonly PlannedStep[]): Promise<RunResult> {
  const done: PlannedStep[] = []
  let committed = false
  const begin = ['BEGIN', ...EXECUTION_SETTINGS.map((setting) => setting.replace(/^SET /, 'SET LOCAL '))]
  await database.executeAll(begin)
  for (let index = 0; index < steps.length; ) {
    const step = steps[index]!
    try {
      if (step.statement.transaction === 'outside') {
        committed = true
        await database.executeAll(['COMMIT'])
        await database.executeAll([step.statement.sql])
        await database.executeAll(begin)
        done.push(step)
        index++
      } else if (step.statement.alternatives) {
        done.push({ ...step, statement: await firstAccepted(database, step) })
        index++
      } else {
        let end = index
        while (end < steps.length && steps[end]!.statement.transaction === 'inside' && !steps[end]!.statement.alternatives) end++
        await runPlain(database, steps.slice(index, end))
        done.push(...steps.slice(index, end))
        index = end
      }
    } catch (error) {
      await database.executeAll(['ROLLBACK']).catch(() => undefined)
      if (error instanceof StepFailure) return { failed: { step: error.step, error: error.cause }, committed }
      if (error instanceof DatabaseError) return { failed: { step, error }, committed }
      throw error
    }
  }
  await database.executeAll(['COMMIT'])
  return { steps: done }
}

class StepFailure extends Error {
  constructor(
    readonly step: PlannedStep,
    override readonly cause: DatabaseError,
  ) {
    super(cause.message)
  }
}

async function runPlain(database: Database, steps: readonly PlannedStep[]): Promise<void> {
  try {
    await database.executeAll(steps.map((step) => step.statement.sql))
  } catch (error) {
    if (error instanceof DatabaseError) throw new StepFailure(steps[error.index ?? 0]!, error)
    throw error
  }
}

/** Tries the forms of a statement in order; the first failure is the one to report. */
async function firstAccepted(database: Database, step: PlannedStep): Promise<PlannedStep['statement']> {
  let first: DatabaseError | undefined
  for (const sql of [step.statement.sql, ...step.statement.alternatives!]) {
    try {
      await database.executeAll(['SAVEPOINT alternative', sql, 'RELEASE SAVEPOINT alternative'])
      return { sql, transaction: 'inside' }
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      first ??= error
      await database.executeAll(['ROLLBACK TO SAVEPOINT alternative'])
    }
  }
  throw new StepFailure(step, first!)
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
