import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database/database.js'
import { AutogenError } from '../errors.js'

export interface ReplicaWait {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Called whenever the replicas that lag have changed; at last with none, if there were any. */
  readonly onWait: (lagging: readonly LaggingReplica[]) => void
}

export interface LaggingReplica {
  /** Its `application_name`, and where it is. */
  readonly name: string
  /** Bytes of the log that it has yet to replay. */
  readonly bytes: number
}

/** Physical replicas only: what a subscriber of a publication replays is no schema. */
const LAGGING = `
  SELECT concat_ws(' at ', nullif(r.application_name, ''), host(r.client_addr)), pg_catalog.pg_wal_lsn_diff($1::pg_catalog.pg_lsn, r.replay_lsn)::float8
  FROM pg_catalog.pg_stat_replication r
  WHERE (r.state IN ('startup', 'catchup', 'streaming') OR r.state IS NULL) AND r.replay_lsn >= $1::pg_catalog.pg_lsn IS NOT TRUE
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
  ORDER BY 1`

/**
 * Waits until every streaming replica has replayed what is committed by now.
 *
 * @throws AutogenError naming those that lag when the time is up, or where the role may not see how far they are
 */
export async function waitForReplicas(database: Database, { timeoutMs, signal, onWait }: ReplicaWait): Promise<void> {
  // What is inserted, since a commit may return before it is written.
  const [[target]] = (await database.query('SELECT pg_catalog.pg_current_wal_insert_lsn()::text')) as [[string]]
  const deadline = Date.now() + timeoutMs
  let told = ''
  for (;;) {
    const lagging = ((await database.query(LAGGING, [target])) as [string, number | null][]).map(([name, bytes]) => ({ name: name || 'a replica', bytes }))
    const hidden = lagging.find(({ bytes }) => bytes === null)
    if (hidden && !(await seesReplicas(database))) {
      throw new AutogenError('the role may not see how far the replicas are', { hint: 'GRANT pg_monitor to it, or run without --wait-for-replicas' })
    }
    const seen = lagging.map(({ name, bytes }) => ({ name, bytes: bytes ?? 0 }))
    const names = seen.map(({ name }) => name).join(', ')
    if (names !== told) onWait(seen)
    if (seen.length === 0) return
    told = names
    if (signal?.aborted) throw new AutogenError('stopped while waiting for replicas')
    if (Date.now() >= deadline) {
      throw new AutogenError(`${names} ${seen.length === 1 ? 'has' : 'have'} not replayed the migration yet`, {
        detail: seen.map(({ name, bytes }) => `${name}: ${bytes} bytes behind, after ${Math.round(timeoutMs / 1000)} s`).join('\n'),
        hint: 'the migration is done and recorded; wait until the replica has caught up, then run the same command again for what is left',
      })
    }
    await sleep(Math.min(200, Math.max(deadline - Date.now(), 1)))
  }
}

async function seesReplicas(database: Database): Promise<boolean> {
  const [[sees]] = (await database.query(`SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')`)) as [[boolean]]
  return sees
}
