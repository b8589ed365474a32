import { setTimeout as sleep } from 'node:timers/promises'
import { beforeExit } from '../database/cleanup.js'
import type { Database, Row } from '../database/database.js'
import { shownQuery } from './shown-query.js'

/** What a session waits for. */
export interface Blocked {
  /** Such as `a lock on app.users` or `a row of app.users`, where it can be told. */
  readonly waitsFor?: string
  /** The sessions that hold it, or stand before it in the queue. */
  readonly blockedBy: readonly string[]
}

/** What a step that takes long is at. */
export interface StepSighting extends Blocked {
  /** Such as `building index: 40 %`, where PostgreSQL tells. */
  readonly progress?: string
}

/** Steps that are done sooner are not looked at, unless they give up sooner. */
const FIRST_MS = 1_500
const EVERY_MS = 1_000
const PATIENCE_MS = 1_000
const CANCEL_EVERY_MS = 200

/** A row has no lock of its own: who waits for its writer holds a lock of type tuple meanwhile. */
const AWAITED = `
  SELECT CASE WHEN l.locktype IN ('relation', 'extend') THEN concat('a lock on ', t.name) WHEN l.locktype = 'virtualxid' THEN 'older transactions' ELSE concat('a row', ' of ' || t.name) END
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_locks held ON held.pid = l.pid AND held.granted AND held.locktype = 'tuple'
  LEFT JOIN LATERAL (
    SELECT concat_ws('.', pg_catalog.quote_ident(n.nspname), pg_catalog.quote_ident(c.relname)) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = coalesce(l.relation, held.relation)
  ) t(name) ON true
  WHERE l.pid = $1 AND NOT l.granted AND l.locktype IN ('relation', 'extend', 'virtualxid', 'transactionid', 'tuple') LIMIT 1`

const BLOCKERS = `
  SELECT (${AWAITED}),
    concat_ws(', ', 'user ' || b.usename, nullif(b.application_name, ''), b.state, 'since ' || pg_catalog.to_char(coalesce(b.xact_start, b.backend_start), 'HH24:MI:SS')),
    b.pid, b.state = 'active', CASE WHEN b.state IS NOT NULL THEN b.query END
  FROM unnest(pg_catalog.pg_blocking_pids($1)) p(pid) JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid ORDER BY b.pid`

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
 * has no other session, or the server no place for one, nobody looks. `givesUpAfterMs`: so long it waits for a lock at most. A signal that ends the process
 * cancels what runs: the server would go on with it, and keep its locks.
 */
export async function watched<T>(database: Database, givesUpAfterMs: number, onSeen: (sighting: StepSighting) => void, work: () => Promise<T>): Promise<T> {
  const { another } = database
  if (!another) return work()
  const [[pid]] = (await database.query('SELECT pg_catalog.pg_backend_pid()')) as [[number]]
  let observer: Promise<Database | undefined> | undefined
  let looking: Promise<void> | undefined
  let over = false
  const inTime = givesUpAfterMs / 2
  const look = async () => {
    const session = await (observer ??= another().catch(() => undefined))
    if (!session) return
    const blockers = await session.query(BLOCKERS, [pid])
    const waitsFor = blockers[0]?.[0] as string | null | undefined
    const blockedBy = await Promise.all(blockers.map(blockerText))
    const [row] = await session.query(PROGRESS, [pid])
    onSeen({ ...(waitsFor && { waitsFor }), blockedBy, ...(row && { progress: row[0] as string }) })
  }
  let timer = setTimeout(function again() {
    looking = look()
      .catch(() => undefined)
      .then(() => {
        if (!over) timer = setTimeout(again, Math.min(EVERY_MS, inTime))
      })
  }, Math.min(FIRST_MS, inTime))
  const forget = beforeExit({ gracefully: () => cancel(another, pid, () => over) })
  try {
    return await work()
  } finally {
    over = true
    forget()
    clearTimeout(timer)
    const closed = Promise.resolve(looking).then(async () => (await observer)?.close())
    // A look that hangs must not hold up the migration.
    await Promise.race([closed, sleep(PATIENCE_MS, undefined, { ref: false })])
  }
}

/** Cancels what a session runs, and what it begins after that, until it is left alone. */
async function cancel(another: () => Promise<Database>, pid: number, isOver: () => boolean): Promise<void> {
  const session = await another()
  while (!isOver()) {
    await session.query('SELECT pg_catalog.pg_cancel_backend($1)', [pid])
    await sleep(CANCEL_EVERY_MS)
  }
  await session.close()
}

/** `process 4711 (user app, report, idle in transaction, since 09:30:00, last query: select * from users)`. */
async function blockerText([, session, pid, isActive, query]: Row): Promise<string> {
  const shown = typeof query === 'string' ? await shownQuery(query) : undefined
  return `process ${pid as number} (${[session, shown && `${isActive ? 'query' : 'last query'}: ${shown}`].filter(Boolean).join(', ')})`
}
