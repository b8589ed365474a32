import { setTimeout as sleep } from 'node:timers/promises'
import { AutogenError, DatabaseError } from '../errors.js'
import type { Blocked } from './watch.js'

/** The pause before the first retry; each next one is twice as long, up to the longest, and all vary by half so that two runs do not meet again. */
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000

/** lock_not_available, deadlock_detected. */
const LOCK_FAILURES = new Set(['55P03', '40P01'])

/** What did not get its locks and is about to be tried again. */
export interface LockRetry extends Partial<Blocked> {
  /** 1-based. */
  readonly retry: number
  readonly of: number
  /** The pause before it. */
  readonly inMs: number
  /** Two sessions waited for each other, and this one gave way. */
  readonly deadlock: boolean
}

export interface RetryOptions {
  readonly retries: number
  readonly signal?: AbortSignal | undefined
  /** False when trying again would do something twice. */
  readonly mayRetry: () => boolean
  /** Whom the last try waited for, where that was seen. */
  readonly blocked: () => Blocked | undefined
  readonly onRetry: (retry: LockRetry) => void
}

/**
 * Does `work`, and does it again when it failed because of locks: it must leave nothing behind when it fails.
 *
 * @throws what `work` throws; after the last try with who held the lock
 * @example await withLockRetries(() => session.transaction(work), { retries: 10, … })
 */
export async function withLockRetries<T>(work: () => Promise<T>, { retries, signal, mayRetry, blocked, onRetry }: RetryOptions): Promise<T> {
  for (let retry = 1; ; retry++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof DatabaseError) || !LOCK_FAILURES.has(error.sqlState ?? '')) throw error
      if (retry > retries || !mayRetry()) throw refused(error, retry, blocked())
      const inMs = Math.min(FIRST_PAUSE_MS * 2 ** (retry - 1), LONGEST_PAUSE_MS) * (0.5 + Math.random())
      onRetry({ retry, of: retries, inMs, deadlock: error.sqlState === '40P01', ...blocked() })
      await sleep(inMs, undefined, { signal }).catch(() => {
        throw new AutogenError('stopped on request', { cause: error })
      })
    }
  }
}

function refused(error: DatabaseError, tries: number, { waitsFor, blockedBy = [] }: Partial<Blocked> = {}): DatabaseError {
  const { sqlState, statement, index, position, detail, hint } = error
  const held = blockedBy.length > 0 && `${waitsFor ?? 'the lock'} is held by ${blockedBy.join(', ')}`
  return new DatabaseError(tries === 1 ? error.message : `${error.message}, in each of ${tries} tries`, {
    sqlState,
    statement,
    index,
    position,
    detail: [held, detail].filter(Boolean).join('\n') || undefined,
    hint:
      sqlState === '55P03'
        ? 'let who holds the lock end its transaction, or end it with pg_terminate_backend; then run the same command again. --lock-timeout and --lock-retries ask for more patience'
        : hint,
    cause: error,
  })
}
