import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database/database.js'
import { AutogenError } from '../errors.js'

/** First half of the keys of this package's advisory locks: "auto" in ASCII. */
const KEY_SPACE = 0x6175746f

export interface LockOptions {
  /** Default: five minutes. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal
  /** Called once when somebody else holds the lock. */
  readonly onWait?: (holder: string) => void
}

/**
 * Does `work` while holding the lock of a database's migrations. PostgreSQL keeps advisory locks per database; the key is that of the schema with
 * the version table, so that two histories in one database do not wait for each other. The lock goes when the session ends, however it ends.
 */
export async function withLock<T>(database: Database, versionSchema: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const key = lockKey(versionSchema)
  await acquire(database, key, options)
  try {
    return await work()
  } finally {
    await database.query(`SELECT pg_catalog.pg_advisory_unlock(${key})`).catch(() => undefined)
  }
}

/** The two keys of the advisory lock, as SQL. */
export function lockKey(versionSchema: string): string {
  return `${KEY_SPACE}, ${createHash('sha256').update(versionSchema).digest().readInt32BE(0) & 0x7fffffff}`
}

/**
 * Asks again and again instead of waiting in the server: a session that waits there holds a snapshot, for which CREATE INDEX CONCURRENTLY of the
 * session that holds the lock would wait in turn.
 */
async function acquire(database: Database, key: string, { timeoutMs = 300_000, signal, onWait }: LockOptions): Promise<void> {
  const started = Date.now()
  let holder: string | undefined
  for (let attempt = 0; ; attempt++) {
    const [row] = await database.query(`SELECT pg_catalog.pg_try_advisory_lock(${key})`)
    if (row![0]) return
    if (signal?.aborted) throw new AutogenError('stopped while waiting for the migration lock')
    const waited = Date.now() - started
    if (holder === undefined || waited >= timeoutMs) {
      const seen = await holderOf(database, key)
      if (holder === undefined) onWait?.(seen ?? 'another session')
      holder = seen ?? holder ?? 'another session'
    }
    if (waited >= timeoutMs) {
      throw new AutogenError(`another run is migrating this database: ${holder} holds the lock`, {
        detail: `waited ${Math.round(waited / 1000)} s`,
        hint: 'wait until it is done, or end that session with pg_terminate_backend',
      })
    }
    const pause = Math.min(50 * 2 ** attempt, 1_000) * (0.75 + Math.random() / 2)
    await sleep(Math.min(pause, Math.max(timeoutMs - waited, 1)))
  }
}

async function holderOf(database: Database, key: string): Promise<string | undefined> {
  const [row] = await database.query(`
    SELECT l.pid, a.usename, a.application_name, host(a.client_addr), to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND (l.classid::int8, l.objid::int8) = (${key})
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`)
  if (!row) return undefined
  const [pid, user, application, address, since] = row
  const parts = [user && `user ${user as string}`, application, address && `from ${address as string}`, since && `connected since ${since as string}`]
  return `process ${pid as number} (${parts.filter(Boolean).join(', ')})`
}
