import type { Database } from '../database/database.js'
import { EXECUTION_SETTINGS } from '../database/scratch-settings.js'
import { DatabaseError } from '../errors.js'
import { placeholdersFor } from '../sql/secret.js'
import { scratchForm, statement } from '../sql/statement.js'
import { documented, Observer } from './observe.js'
import { observedStep, type PlannedStep } from './plan.js'

/** The steps with the forms that PostgreSQL took; or the one that failed, and whether something was committed before. */
export type RunResult =
  | { readonly steps: PlannedStep[]; readonly failed?: undefined }
  | { readonly failed: { step: PlannedStep; error: DatabaseError }; readonly committed: boolean }

/** Runs steps as a migration would, and looks at what they do to relations in use; a failure undoes the whole run, so that it can be planned anew. */
export async function runSteps(database: Database, steps: readonly PlannedStep[]): Promise<RunResult> {
  const run = new ScratchRun(database, steps.some(({ isWatched }) => isWatched) ? await Observer.of(database) : undefined, [
    'BEGIN',
    ...EXECUTION_SETTINGS.map((setting) => setting.replace(/^SET /, 'SET LOCAL ')),
    ...placeholdersFor(steps.map(({ statement }) => statement.sql)),
  ])
  try {
    return { steps: await run.all(steps) }
  } catch (error) {
    await database.executeAll(['ROLLBACK']).catch(() => undefined)
    if (error instanceof StepFailure) return { failed: { step: error.step, error: error.cause }, committed: run.committed }
    throw error
  }
}

class StepFailure extends Error {
  constructor(
    readonly step: PlannedStep,
    override readonly cause: DatabaseError,
  ) {
    super(cause.message)
  }
}

class ScratchRun {
  committed = false
  /** Whether statements ran since the observer last looked. */
  #unseen = false

  constructor(
    readonly database: Database,
    readonly observer: Observer | undefined,
    readonly begin: readonly string[],
  ) {}

  async all(steps: readonly PlannedStep[]): Promise<PlannedStep[]> {
    const done: PlannedStep[] = []
    await this.#begin()
    for (let index = 0; index < steps.length; ) {
      const together = this.#together(steps, index)
      if (together.length > 0) {
        await this.#plain(together)
        done.push(...together)
        index += together.length
      } else {
        const step = steps[index++]!
        done.push(step.statement.transaction === 'outside' ? await this.#outside(step) : await this.#inside(step))
      }
    }
    await this.database.executeAll(['COMMIT'])
    return done
  }

  /** The steps from an index on that need no look in between, and have one form only. */
  #together(steps: readonly PlannedStep[], index: number): readonly PlannedStep[] {
    let end = index
    while (end < steps.length && steps[end]!.statement.transaction === 'inside' && !steps[end]!.statement.alternatives && !steps[end]!.isWatched) end++
    return steps.slice(index, end)
  }

  async #plain(steps: readonly PlannedStep[]): Promise<void> {
    this.#unseen = true
    try {
      await this.database.executeAll(steps.map((step) => scratchForm(step.statement)))
    } catch (error) {
      if (error instanceof DatabaseError) throw new StepFailure(steps[error.index ?? 0]!, error)
      throw error
    }
  }

  async #inside(step: PlannedStep): Promise<PlannedStep> {
    if (step.isWatched && this.#unseen) await this.observer?.look()
    this.#unseen = false
    const accepted = step.statement.alternatives ? { ...step, statement: await firstAccepted(this.database, step) } : step
    if (accepted === step) await this.#plain([step])
    if (!step.isWatched || !this.observer) return accepted
    this.#unseen = false
    return observedStep(accepted, await this.observer.look())
  }

  async #outside(step: PlannedStep): Promise<PlannedStep> {
    const { alone, documented: effect } = step.statement
    await this.database.executeAll(['COMMIT'])
    this.committed = true
    if (alone) await this.#begin()
    try {
      await this.#plain([step])
    } catch (error) {
      const [sql, ...alternatives] = step.statement.alternatives ?? []
      if (sql === undefined || !(error instanceof StepFailure)) throw error
      await this.#begin()
      return this.#inside({ ...step, statement: statement(sql, alternatives) })
    }
    const seen = effect ? documented(effect) : alone && step.isWatched ? await this.observer?.look() : undefined
    if (alone) await this.database.executeAll(['COMMIT'])
    await this.#begin()
    return seen ? observedStep(step, seen) : step
  }

  async #begin(): Promise<void> {
    await this.database.executeAll(this.begin)
    await this.observer?.begun()
    this.#unseen = false
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
