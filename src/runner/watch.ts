import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database/database.js'

/** What a step that takes long is at. */
export interface StepSighting {
  /** Sessions that it waits for. */
  readonly blockedBy: readonly string[]
  /** Such as `building index: 40 %`, where PostgreSQL tells. */
  readonly progress?: string
}

/** Steps that are done sooner are not looked at. */
const FIRST_MS = 1_500
const EVERY_MS = 1_000
const PATIENCE_MS = 1_000

const BLOCKERS = `
  SELECT concat('process ', b.pid, ' (', concat_ws(', ', 'user ' || b.usename, nullif(b.application_name, ''), b.state,
    'since ' || pg_catalog.to_char(coalesce(b.xact_start, b.backend_start), 'HH24:MI:SS')), ')')
  FROM unnest(pg_catalog.pg_blocking_pids($1)) p(pid) JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid ORDER BY 1`

/** Every view of PostgreSQL that tells how far a statement is, with what is done and what there is to do. */
const PROGRESS = `
  SELECT concat(phase, CASE WHEN total > 0 THEN concat(': ', (100 * done / total)::integer, ' %') END) FROM (
    SELECT phase, CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END, CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END
    FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1
    UNION ALL SELECT phase, heap_blks_scanned, heap_blks_total FROM pg_catalog.pg_stat_progress_vacuum WHERE pid = $1
    UNION ALL SELECT phase, heap_blks_scanned, heap_blks_total FROM pg_catalog.pg_stat_progress_cluster WHERE pid = $1
    UNION ALL SELECT phase, sample_blks_scanned, sample_blks_total FROM pg_catalog.pg_stat_progress_analyze WHERE pid = $1
  ) p(phase, done, total)`

/**
 * Does `work`, which keeps a session busy, while another session looks at it from time to time: what it waits for, and how far it is. Where the engine
 * has no other session, or the server no place for one, nobody looks.
 */
export async function watched<T>(database: Database, onSeen: (sighting: StepSighting) => void, work: () => Promise<T>): Promise<T> {
  const { another } = database
  if (!another) return work()
  const [[pid]] = (await database.query('SELECT pg_catalog.pg_backend_pid()')) as [[number]]
  let observer: Promise<Database | undefined> | undefined
  let looking: Promise<void> | undefined
  let over = false
  const look = async () => {
    const session = await (observer ??= another().catch(() => undefined))
    if (!session) return
    const blockedBy = (await session.query(BLOCKERS, [pid])).map(([text]) => text as string)
    const [row] = await session.query(PROGRESS, [pid])
    onSeen({ blockedBy, ...(row && { progress: row[0] as string }) })
  }
  let timer = setTimeout(function again() {
    looking = look()
      .catch(() => undefined)
      .then(() => {
        if (!over) timer = setTimeout(again, EVERY_MS)
      })
  }, FIRST_MS)
  try {
    return await work()
  } finally {
    over = true
    clearTimeout(timer)
    const closed = Promise.resolve(looking).then(async () => (await observer)?.close())
    // A look that hangs must not hold up the migration.
    await Promise.race([closed, sleep(PATIENCE_MS, undefined, { ref: false })])
  }
}
