import type { Database } from '../database/database.js'
import { EXECUTION_SETTINGS } from '../database/scratch-settings.js'
import { DatabaseError } from '../errors.js'
import { placeholdersFor } from '../sql/secret.js'
import { scratchForm } from '../sql/statement.js'
import type { PlannedStep } from './plan.js'

/** The steps with the forms that PostgreSQL took; or the one that failed, and whether something was committed before. */
export type RunResult =
  | { readonly steps: PlannedStep[]; readonly failed?: undefined }
  | { readonly failed: { step: PlannedStep; error: DatabaseError }; readonly committed: boolean }

/** Runs steps as a migration would; a failure undoes the whole run, so that it can be planned anew. */
export async function runSteps(database: Database, steps: readonly PlannedStep[]): Promise<RunResult> {
  const done: PlannedStep[] = []
  let committed = false
  const begin = [
    'BEGIN',
    ...EXECUTION_SETTINGS.map((setting) => setting.replace(/^SET /, 'SET LOCAL ')),
    ...placeholdersFor(steps.map(({ statement }) => statement.sql)),
  ]
  await database.executeAll(begin)
  for (let index = 0; index < steps.length; ) {
    const step = steps[index]!
    try {
      if (step.statement.transaction === 'outside') {
        committed = true
        await database.executeAll(['COMMIT'])
        await database.executeAll([scratchForm(step.statement)])
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
    await database.executeAll(steps.map((step) => scratchForm(step.statement)))
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
