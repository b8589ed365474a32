import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database/database.js'
import { AutogenError } from '../errors.js'
import { backfillSql, type Backfill } from '../revisions/backfill.js'

export interface BackfillRun {
  readonly database: Database
  /** The last key of the batch that an earlier run finished. */
  readonly behind: string | undefined
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>
  /** Called in the transaction of a batch: records the last key of it. */
  readonly record: (reached: string) => Promise<void>
  readonly onProgress: (progress: BackfillProgress) => void
  readonly signal?: AbortSignal | undefined
}

export interface BackfillProgress {
  /** Rows that this run has updated. */
  readonly rows: number
  /** The last key of the last batch. */
  readonly reached: string
  /** Rows that there are to update, as PostgreSQL estimated when it began. */
  readonly estimated: number
  readonly rowsPerSecond: number
}

/**
 * Updates rows batch by batch, in the order of their keys, each batch in a transaction of its own. What another run finished is not done again.
 *
 * @throws AutogenError when it is stopped between two batches; DatabaseError
 */
export async function runBackfill(backfill: Backfill, { database, behind, transaction, record, onProgress, signal }: BackfillRun): Promise<void> {
  const began = performance.now()
  let rows = 0
  const { batch, estimated, first } = await transaction(() => prepare(database, backfill, behind))
  let from = first
  while (from !== null) {
    if (signal?.aborted) throw new AutogenError('stopped on request')
    await replicasToFollow(database, backfill, signal)
    const start = from
    const done = await transaction(async () => {
      const result = await batch(start)
      await record(result.reached)
      return result
    })
    rows += done.rows
    onProgress({ rows, reached: done.reached, estimated, rowsPerSecond: (rows / (performance.now() - began)) * 1000 })
    if (backfill.pauseMs > 0) await sleep(backfill.pauseMs)
    from = done.next
  }
}

interface Batch {
  readonly reached: string
  readonly rows: number
  /** Where the next batch begins; null behind the last. */
  readonly next: string | null
}

/** What is known once the type of the key is. Keys travel as text. */
async function prepare(database: Database, backfill: Backfill, behind: string | undefined) {
  const type = await keyType(database, backfill)
  const [key, to] = [`$1::${type}`, `$2::${type}`]
  const one = async (sql: string, ...parameters: string[]) => (await database.query(`SELECT (${sql})::text`, parameters))[0]![0] as string | null
  const next = (behindKey: string | undefined) => (behindKey === undefined ? one(backfillSql.next(backfill)) : one(backfillSql.next(backfill, key), behindKey))
  const batch = async (start: string): Promise<Batch> => {
    const reached = (await one(backfillSql.last(backfill, key), start)) ?? start
    const updated = `WITH updated AS (${backfillSql.update(backfill, key, to)} RETURNING 1) SELECT count(*)::float8 FROM updated`
    const [[rows]] = (await database.query(updated, [start, reached])) as [[number]]
    return { reached, rows, next: await next(reached) }
  }
  return { batch, first: await next(behind), estimated: await estimate(database, backfill, key, behind) }
}

async function keyType(database: Database, { table, key }: Backfill): Promise<string> {
  const rows = await database.query(
    `SELECT format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute
     WHERE attrelid = pg_catalog.to_regclass($1) AND pg_catalog.quote_ident(attname) = $2 AND attnum > 0 AND NOT attisdropped`,
    [table, key],
  )
  if (rows.length > 0) return rows[0]![0] as string
  throw new AutogenError(`the backfill of ${table} takes its rows by ${key}, which is no column of it`, { hint: "name a unique column of it: key: 'number'" })
}

async function estimate(database: Database, { table, where, key }: Backfill, parameter: string, behind: string | undefined): Promise<number> {
  const rest = behind === undefined ? '' : `${key} > ${parameter} AND `
  const rows = await database.query(`EXPLAIN (FORMAT JSON) SELECT FROM ${table} WHERE ${rest}(${where})`, behind === undefined ? [] : [behind])
  const [[[{ Plan: plan }]]] = rows as [[[{ Plan: { 'Plan Rows': number } }]]]
  return plan['Plan Rows']
}

/** A replica on its way is waited for; one whose lag may not be seen is none. */
async function replicasToFollow(database: Database, { maxLagMs }: Backfill, signal: AbortSignal | undefined): Promise<void> {
  if (maxLagMs === undefined) return
  for (;;) {
    const [[lag]] = (await database.query('SELECT coalesce(max(extract(epoch FROM replay_lag)) * 1000, 0)::float8 FROM pg_catalog.pg_stat_replication')) as [[number]]
    if (lag <= maxLagMs) return
    if (signal?.aborted) throw new AutogenError('stopped on request')
    await sleep(Math.min(lag, 1000))
  }
}
