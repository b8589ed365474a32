import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database/database.js'
import { AutogenError, DatabaseError } from '../errors.js'
import { bookkeepingTables } from './bookkeeping-sql.js'
import type { LockOptions } from './lock.js'

/** A holder that showed no sign of life for so long is gone. */
const PATIENCE_S = 60
/** Signs of life come so often. */
const HEARTBEAT_MS = 15_000
/** Without a second session there are no signs of life while a statement runs. */
const WITHOUT_HEARTBEAT_S = 3_600

/**
 * Does `work` while a row of a table of its own holds the lock of a database's migrations: behind a pooler that lends sessions for one transaction at
 * a time, a lock of the session would be anybody's. A holder that dies loses it after a minute.
 */
export async function withLockRow<T>(database: Database, versionSchema: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { lock, createSchema, createLock } = bookkeepingTables(versionSchema)
  await ensure(database, lock, [createSchema, createLock])
  const token = randomUUID()
  const other = await database.another?.().catch(() => undefined)
  try {
    await acquire(database, lock, token, other ? 0 : WITHOUT_HEARTBEAT_S, options)
    const beat = () => other?.query(`UPDATE ${lock} SET alive = pg_catalog.clock_timestamp() WHERE token = $1`, [token]).catch(() => undefined)
    const heart = setInterval(() => void beat(), HEARTBEAT_MS)
    try {
      return await work()
    } finally {
      clearInterval(heart)
      await database.query(`DELETE FROM ${lock} WHERE token = $1`, [token]).catch(() => undefined)
    }
  } finally {
    await other?.close()
  }
}

async function acquire(database: Database, lock: string, token: string, ahead: number, { timeoutMs = 300_000, signal, onWait }: LockOptions): Promise<void> {
  const started = Date.now()
  let told = false
  for (let attempt = 0; ; attempt++) {
    const rows = await database.query(
      `INSERT INTO ${lock} AS held (token, holder, alive) VALUES ($1, $2, pg_catalog.clock_timestamp() + $3::float8 * interval '1 s')
       ON CONFLICT (name) DO UPDATE SET token = excluded.token, holder = excluded.holder, since = pg_catalog.clock_timestamp(), alive = excluded.alive
       WHERE held.alive < pg_catalog.clock_timestamp() - interval '${PATIENCE_S} s' RETURNING 1`,
      [token, `process ${process.pid} on ${hostname()}`, ahead],
    )
    if (rows.length > 0) return
    if (signal?.aborted) throw new AutogenError('stopped while waiting for the migration lock')
    const [row] = await database.query(`SELECT holder || ' since ' || pg_catalog.to_char(since, 'YYYY-MM-DD HH24:MI:SS TZ') FROM ${lock}`)
    const holder = (row?.[0] as string | undefined) ?? 'another run'
    if (!told) onWait?.(holder)
    told = true
    const waited = Date.now() - started
    if (waited >= timeoutMs) {
      throw new AutogenError(`another run is migrating this database: ${holder} holds the lock`, {
        detail: `waited ${Math.round(waited / 1000)} s`,
        hint: `wait until it is done; a run that died gives it back ${PATIENCE_S} s after its last sign of life`,
      })
    }
    await sleep(Math.min(Math.min(50 * 2 ** attempt, 1_000) * (0.75 + Math.random() / 2), Math.max(timeoutMs - waited, 1)))
  }
}

/**
 * Makes the table where it is missing; a role that may not make it can do with one that is there. Two runs that make the same table at once collide in
 * the catalogs, in spite of IF NOT EXISTS.
 */
async function ensure(database: Database, lock: string, statements: readonly string[]): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const [row] = await database.query('SELECT pg_catalog.to_regclass($1) IS NOT NULL', [lock])
    if (row![0] === true) return
    try {
      for (const statement of statements) await database.executeAll([statement])
      return
    } catch (error) {
      const collided = error instanceof DatabaseError && ['23505', '42P07', '42P06', '42710'].includes(error.sqlState ?? '')
      if (!collided || attempt > 5) throw error
    }
  }
}
