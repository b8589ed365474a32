import type { Database } from '../database/database.js'
import type { OrderedAction } from '../differ/order.js'
import type { AlterContext } from '../kinds/kind.js'
import { DatabaseError } from '../errors.js'
import type { SchemaObject } from '../model/schema-object.js'
import { statementsOf } from '../planner/render.js'
import { placeholdersFor } from '../sql/secret.js'
import { scratchForm, type Statement } from '../sql/statement.js'

/** One action and its statements. */
export interface Step {
  readonly ordered: OrderedAction
  readonly statements: readonly Statement[]
  readonly context?: AlterContext
}

/** A step that PostgreSQL refuses, however often it is tried. */
export interface Failure {
  readonly step: Step
  readonly error: DatabaseError
}

export function stepOf(ordered: OrderedAction, context?: AlterContext): Step {
  return { ordered, statements: statementsOf(ordered, context), ...(context && { context }) }
}

/** The object a step is about. */
export function objectOf({ ordered: { action } }: Step): SchemaObject {
  return action.type === 'alter' || action.type === 'rename' ? action.to : action.object
}

/**
 * Runs steps in the transaction that is open: all at once first; when one is refused, one by one, where a refused step is tried
 * again after the others until nothing moves. Gives back what is left; `ran` gets what went through, in its order and form.
 */
export async function runSteps(database: Database, steps: readonly Step[], ran: Step[] = []): Promise<Failure[]> {
  const statements = steps.flatMap((step) => step.statements)
  await database.executeAll([...placeholdersFor(statements.map(({ sql }) => sql)), 'SAVEPOINT elaboration'])
  const failed = await runBlindly(database, steps)
  ran.push(...steps.slice(0, failed))
  if (failed === undefined) return []
  const before = steps.slice(0, failed).flatMap(({ statements }) => statements.map(scratchForm))
  await database.executeAll(['ROLLBACK TO SAVEPOINT elaboration', ...before])
  return runPatiently(database, steps.slice(failed), ran)
}

/** The index of the step at which it stopped; undefined when all went through. */
async function runBlindly(database: Database, steps: readonly Step[]): Promise<number | undefined> {
  const owners: number[] = []
  const statements = steps.flatMap((step, index) =>
    step.statements.map((statement) => {
      owners.push(index)
      return scratchForm(statement)
    }),
  )
  try {
    await database.executeAll(statements)
    return undefined
  } catch (error) {
    if (!isRefusal(error)) throw error
    return owners[error.index ?? 0]
  }
}

async function runPatiently(database: Database, steps: readonly Step[], ran: Step[]): Promise<Failure[]> {
  const whole = new Map<Step, Failure>()
  let waiting = steps
  for (;;) {
    const failures = await tryEach(database, waiting, ran)
    if (failures.length === 0) return []
    const moved = failures.length < waiting.length
    waiting = failures.map(({ step }) => step)
    if (moved) continue
    const taken = failures.filter(({ step }) => !whole.has(step) && step.ordered.parts.length > 0)
    if (taken.length === 0) return withWholeErrors(failures, whole)
    waiting = waiting.flatMap((step) => {
      const failure = taken.find((failure) => failure.step === step)
      if (!failure) return [step]
      const [root, ...parts] = unfold(step)
      whole.set(root!, failure)
      return [root!, ...parts]
    })
  }
}

/**
 * Parts of a table may need what needs the table; then they must be created after it. It also shows which part PostgreSQL refuses.
 */
function unfold({ ordered: { action, parts }, context }: Step): Step[] {
  if (action.type !== 'create') return [stepOf({ action, parts: [] }, context)]
  const parentOf = (part: (typeof parts)[number]) => (part.type === 'create' ? part.object.parent : null)
  const below = (ref: string): (typeof parts)[number][] =>
    parts.filter((part) => parentOf(part) === ref).flatMap((part) => (part.type === 'create' ? [part, ...below(part.object.ref)] : []))
  return [
    stepOf({ action, parts: [] }, context),
    ...parts
      .filter((part) => parentOf(part) === action.object.ref)
      .map((part) => stepOf({ action: part, parts: part.type === 'create' ? below(part.object.ref) : [] }, context)),
  ]
}

/** SQLSTATEs for a column or constraint that is there already: the bare object has it from a parent. */
const THERE_ALREADY = /^(42701|42710|42P07)$/

/**
 * Where even the bare object is refused, or has the parts without being told, the error of the whole says more, and its parts are
 * no failures of their own.
 */
function withWholeErrors(failures: readonly Failure[], whole: ReadonlyMap<Step, Failure>): Failure[] {
  const wholeOf = new Map([...whole].map(([root, failure]) => [objectOf(root).ref, failure]))
  const untold = new Map<string, Failure>()
  for (const { step, error } of failures) {
    const root = whole.has(step) ? objectOf(step).ref : THERE_ALREADY.test(error.sqlState ?? '') ? objectOf(step).parent : null
    const failure = root === null ? undefined : wholeOf.get(root)
    if (failure) untold.set(root!, failure)
  }
  const others = failures.filter(({ step }) => !untold.has(objectOf(step).ref) && !untold.has(objectOf(step).parent ?? ''))
  return [...untold.values(), ...others]
}

const LARGEST_BATCH = 256

/** Tries every step once, each behind a savepoint; gives back those that failed, and adds the others to `ran`. */
export async function tryEach(database: Database, steps: readonly Step[], ran: Step[] = []): Promise<Failure[]> {
  const failures: Failure[] = []
  let size = 1
  for (let next = 0; next < steps.length; ) {
    const batch = steps.slice(next, next + size)
    const refused = await runGuarded(database, batch)
    if (!refused) {
      ran.push(...batch)
      next += batch.length
      size = Math.min(size * 2, LARGEST_BATCH)
      continue
    }
    ran.push(...batch.slice(0, batch.indexOf(refused.step)))
    const failure = await tryAlternatives(database, refused, ran)
    if (failure) failures.push(failure)
    next += batch.indexOf(refused.step) + 1
    size = 1
  }
  return failures
}

/** Runs steps, each behind a savepoint; the first that fails is rolled back and given with the place of its statement. */
async function runGuarded(database: Database, steps: readonly Step[]): Promise<(Failure & { readonly at: number }) | undefined> {
  const sent: string[] = []
  const owners: { step: Step; at: number }[] = []
  const send = (step: Step, at: number, sql: string) => {
    sent.push(sql)
    owners.push({ step, at })
  }
  for (const step of steps) {
    send(step, -1, 'SAVEPOINT step')
    step.statements.forEach((statement, at) => send(step, at, scratchForm(statement)))
    send(step, step.statements.length, 'RELEASE SAVEPOINT step')
  }
  try {
    await database.executeAll(sent)
    return undefined
  } catch (error) {
    if (!isRefusal(error)) throw error
    await database.executeAll(['ROLLBACK TO SAVEPOINT step', 'RELEASE SAVEPOINT step'])
    return { ...owners[error.index ?? 0]!, error }
  }
}

/** Takes the other forms of a refused statement in turn; gives back the first failure when none of them is taken. */
async function tryAlternatives(database: Database, first: Failure & { readonly at: number }, ran: Step[]): Promise<Failure | undefined> {
  let current = first
  let { step } = first
  for (;;) {
    const refused = step.statements[current.at]
    const [sql, ...alternatives] = refused?.alternatives ?? []
    if (!refused || sql === undefined) return { step: first.step, error: first.error }
    step = { ...step, statements: step.statements.with(current.at, { ...refused, sql, alternatives }) }
    const outcome = await runGuarded(database, [step])
    if (!outcome) {
      ran.push(step)
      return undefined
    }
    current = outcome
  }
}

/** A refusal of the statement itself, as opposed to a lost connection or a server without memory, disk or time. */
function isRefusal(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.sqlState !== undefined && !/^(08|53|57|58)/.test(error.sqlState)
}
