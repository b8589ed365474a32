/** A length of time: milliseconds, or text with its unit such as `500ms`, `2s` or `5min`. 0 is without end. */
export type Duration = number | string

/** How long what a migration does may wait and take. */
export interface TimeoutsInput {
  /** How long a statement waits for a lock, while others queue behind it, before it gives way. */
  readonly lockTimeout?: Duration | undefined
  /** How often a transaction that did not get its locks, or a step outside of one, is tried again. */
  readonly lockRetries?: number | undefined
  /** How long a statement may run. Left out: as the role or the database has it. */
  readonly statementTimeout?: Duration | undefined
}

/** The same in milliseconds; what is left out is decided elsewhere. */
export interface Timeouts {
  readonly lockTimeoutMs?: number
  readonly lockRetries?: number
  readonly statementTimeoutMs?: number
}

/** What holds where nothing is said. */
export const DEFAULT_TIMEOUTS = { lockTimeoutMs: 2_000, lockRetries: 10 } as const

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 }
/** PostgreSQL keeps such settings in 32 bits. */
const LONGEST_MS = 2_147_483_647

/** Told what is wrong with a value, and what to write instead. */
export type Refuse = (problem: string, hint: string) => never

/**
 * Timeouts in milliseconds. What makes no sense is handed to `refuse`, which throws.
 *
 * @example timeoutsOf({ lockTimeout: '2s' }, refuse) // { lockTimeoutMs: 2000 }
 */
export function timeoutsOf({ lockTimeout, lockRetries, statementTimeout }: TimeoutsInput, refuse: Refuse): Timeouts {
  return {
    ...(lockTimeout !== undefined && { lockTimeoutMs: durationOf(lockTimeout, (problem, hint) => refuse(`lockTimeout ${problem}`, hint)) }),
    ...(lockRetries !== undefined && { lockRetries: retriesOf(lockRetries, (problem, hint) => refuse(`lockRetries ${problem}`, hint)) }),
    ...(statementTimeout !== undefined && { statementTimeoutMs: durationOf(statementTimeout, (problem, hint) => refuse(`statementTimeout ${problem}`, hint)) }),
  }
}

/** Milliseconds; a number in text is nothing without a unit, since some would read seconds. */
export function durationOf(given: Duration, refuse: Refuse): number {
  const [, amount, unit] = typeof given === 'string' ? (/^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)\s*$/.exec(given) ?? (given.trim() === '0' ? ['', '0', 'ms'] : [])) : ['', String(given), 'ms']
  // A fraction of a millisecond would be rounded to 0, which is no end.
  const milliseconds = amount === undefined ? NaN : Math.ceil(Number(amount) * UNITS[unit!]!)
  if (milliseconds >= 0 && milliseconds <= LONGEST_MS) return milliseconds
  return refuse(`is ${JSON.stringify(given)}`, "write it with its unit, such as '500ms', '2s' or '5min'; 0 is without end")
}

/** A whole number of tries. */
export function retriesOf(given: number | string, refuse: Refuse): number {
  const number = typeof given === 'string' && given.trim() === '' ? NaN : Number(given)
  return Number.isInteger(number) && number >= 0 ? number : refuse(`is ${JSON.stringify(given)}`, 'write a whole number; 0 is a single try')
}
