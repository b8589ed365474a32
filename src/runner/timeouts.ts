import type { Step } from '../revisions/revision.js'
import { DEFAULT_TIMEOUTS, type Timeouts } from '../revisions/timeouts.js'
import { isPatient, mayCommit } from './step-effect.js'

/** What a step runs under; without `statementTimeoutMs` as the role or the database has it. */
export interface StepTimeouts {
  readonly lockTimeoutMs: number
  /** It shares the time with the steps before it, of which others wait for the locks. */
  readonly shared: boolean
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
    const own = timeouts?.lockTimeoutMs
    const general = holdsOthersUp ? lockTimeoutMs : 0
    result.push({ lockTimeoutMs: own ?? general, shared: own === undefined && general > 0, statementTimeoutMs: timeouts?.statementTimeoutMs ?? statementTimeoutMs })
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
    ...(lockTimeoutMs === before?.lockTimeoutMs && next.shared === before.shared ? [] : [`${set} lock_timeout = ${inUnits(lockTimeoutMs)}`]),
    ...(statementTimeoutMs === before?.statementTimeoutMs ? [] : [`${set} statement_timeout = ${statementTimeoutMs === undefined ? 'DEFAULT' : inUnits(statementTimeoutMs)}`]),
  ]
}

/** So long a statement may wait in any case, or it would hardly get a lock that is used all the time. */
const LEAST_MS = 100

/** What the last such statement left; what is set to something else since was set by the migration itself, and stays. */
const LEFT = 'autogen.lock_timeout'

/**
 * The statement that leaves, of the time for which a transaction may wait for locks, what is left: it may hold others up for so long in all, not with
 * each of its statements. One that holds them up for long anyway, by what it does, may wait a tenth longer.
 */
export function remainingStatement(lockTimeoutMs: number): string {
  const left = `least(${lockTimeoutMs}, greatest(${lockTimeoutMs} - ms, ms / 10, ${LEAST_MS}))`
  return [
    `SELECT pg_catalog.set_config('${LEFT}', pg_catalog.set_config('lock_timeout', ${left}::int::text, true), true)`,
    'FROM (SELECT 1000 * extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now())) t(ms)',
    `WHERE pg_catalog.current_setting('lock_timeout')::interval IN ('${lockTimeoutMs} ms', nullif(pg_catalog.current_setting('${LEFT}', true), '')::interval)`,
  ].join(' ')
}

/** `'2s'`, `'1500ms'`, `0`. */
function inUnits(milliseconds: number): string {
  return milliseconds === 0 ? '0' : milliseconds % 1_000 === 0 ? `'${milliseconds / 1_000}s'` : `'${milliseconds}ms'`
}
