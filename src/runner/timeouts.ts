import type { Step } from '../revisions/revision.js'
import { DEFAULT_TIMEOUTS, type Timeouts } from '../revisions/timeouts.js'
import { isPatient, mayCommit } from './step-effect.js'

/** What a step runs under; without `statementTimeoutMs` as the role or the database has it. */
export interface StepTimeouts {
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs?: number | undefined
}

/**
 * What each of some steps, which run in one transaction or are one outside, runs under: what it says itself, else its migration, else the run. A
 * statement that waits for others by its nature has all the time it needs, unless its transaction holds other locks meanwhile; so has a procedure that
 * commits by itself, which cannot be tried again.
 */
export async function timeoutsOfSteps(steps: readonly Step[], migration: Timeouts = {}, run: Timeouts = {}): Promise<StepTimeouts[]> {
  const { lockTimeoutMs, statementTimeoutMs } = { ...DEFAULT_TIMEOUTS, ...run, ...migration }
  const result: StepTimeouts[] = []
  let holdsOthersUp = false
  for (const { sql, timeouts, ...step } of steps) {
    const isOfManyTransactions = step.type === 'outside' && !step.backfill && (await mayCommit(sql))
    holdsOthersUp ||= !isOfManyTransactions && !(await isPatient(sql))
    result.push({ lockTimeoutMs: timeouts?.lockTimeoutMs ?? (holdsOthersUp ? lockTimeoutMs : 0), statementTimeoutMs: timeouts?.statementTimeoutMs ?? statementTimeoutMs })
  }
  return result
}

/** How often steps that run together are tried again. */
export function retriesOfSteps(steps: readonly Step[], migration: Timeouts = {}, run: Timeouts = {}): number {
  const { lockRetries } = { ...DEFAULT_TIMEOUTS, ...run, ...migration }
  const own = steps.flatMap(({ timeouts }) => timeouts?.lockRetries ?? [])
  return own.length > 0 ? Math.max(...own) : lockRetries
}

/** The statements that set timeouts, after those of `before` were set. */
export function settingStatements(next: StepTimeouts, before?: StepTimeouts, { local = true } = {}): string[] {
  const set = local ? 'SET LOCAL' : 'SET'
  const { lockTimeoutMs, statementTimeoutMs } = next
  return [
    ...(lockTimeoutMs === before?.lockTimeoutMs ? [] : [`${set} lock_timeout = ${inUnits(lockTimeoutMs)}`]),
    ...(statementTimeoutMs === before?.statementTimeoutMs ? [] : [`${set} statement_timeout = ${statementTimeoutMs === undefined ? 'DEFAULT' : inUnits(statementTimeoutMs)}`]),
  ]
}

/** `'2s'`, `'1500ms'`, `0`. */
function inUnits(milliseconds: number): string {
  return milliseconds === 0 ? '0' : milliseconds % 1_000 === 0 ? `'${milliseconds / 1_000}s'` : `'${milliseconds}ms'`
}
