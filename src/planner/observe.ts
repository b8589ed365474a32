import type { Database } from '../database/database.js'
import type { DocumentedEffect } from '../sql/statement.js'

/** PostgreSQL's table locks from the weakest to the strongest, as its manual names them. */
export const LOCK_MODES = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const

export type LockMode = (typeof LOCK_MODES)[number]

/** The strongest lock on a relation that was there before the migration. */
export interface ObservedLock {
  /** Its name as SQL writes it: `app.users`. */
  readonly relation: string
  readonly mode: LockMode
  /** An earlier step of the same transaction took it. */
  readonly held?: true
}

/** What a statement did to relations that were there before, as seen in scratch. */
export interface Observation {
  readonly locks: readonly ObservedLock[]
  /** Relations whose rows it read, all of them. */
  readonly reads: readonly string[]
  /** Relations whose rows it wrote anew, all of them. */
  readonly rewrites: readonly string[]
  /** Indexes that it built on relations that were there. */
  readonly builds: readonly string[]
  /** It waits until transactions are over that began before it. */
  readonly waits?: true
  /** It is what PostgreSQL's manual says: the statement takes several transactions, in which nobody can look. */
  readonly documented?: true
}

type Sighting = [oid: number, relation: string, mode: string, filenode: number | null, scans: number, indexOf: number | null]

/** Partitioned tables have no rows of their own, and so no file. */
const RELATIONS_QUERY = `SELECT c.oid, pg_relation_filenode(c.oid) FROM pg_class c WHERE c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't'`

/** The counts go on over transactions until the server collects them. */
const SCANS_QUERY = `
  SELECT c.oid, pg_stat_get_xact_numscans(c.oid)::int4 FROM pg_class c
  WHERE c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384 AND pg_stat_get_xact_numscans(c.oid) > 0`

/** What is newer was made by this transaction. */
const NEWEST_QUERY = 'SELECT max(oid::int8)::float8 FROM pg_class'

const SIGHTINGS_QUERY = `
  SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), l.mode, pg_relation_filenode(c.oid), pg_stat_get_xact_numscans(c.oid)::int4, i.indrelid
  FROM pg_locks l
  JOIN pg_class c ON c.oid = l.relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  WHERE l.locktype = 'relation' AND l.granted AND l.pid = pg_backend_pid() AND c.relkind IN ('r', 'p', 'm', 'i')
  ORDER BY 2`

/** Looks, after each statement of a transaction, at what it did to the relations that were there when the watch began. */
export class Observer {
  readonly #files: Map<number, number | null>
  /** Of the open transaction: the strongest lock on each relation, and how often it was read. */
  #held = new Map<number, number>()
  #scans = new Map<number, number>()
  /** Whatever is newer has not been seen yet. */
  #newest = Infinity

  private constructor(
    readonly database: Database,
    files: Map<number, number | null>,
  ) {
    this.#files = files
  }

  static async of(database: Database): Promise<Observer> {
    return new Observer(database, new Map((await database.query(RELATIONS_QUERY)) as [number, number | null][]))
  }

  /** What the statements since the last look did. */
  async look(): Promise<Observation> {
    const strongest = new Map<number, Sighting & { level?: number }>()
    const built = new Map<number, string>()
    for (const sighting of (await this.database.query(SIGHTINGS_QUERY)) as Sighting[]) {
      const [oid, relation, mode, , , indexOf] = sighting
      if (indexOf !== null && oid > this.#newest && this.#files.has(indexOf)) built.set(oid, relation)
      if (!this.#files.has(oid)) continue
      const known = strongest.get(oid)
      if (!known || levelOf(mode) > levelOf(known[2])) strongest.set(oid, sighting)
    }
    const locks: ObservedLock[] = []
    const [reads, rewrites]: [string[], string[]] = [[], []]
    for (const [oid, relation, mode, filenode, scans] of strongest.values()) {
      const level = levelOf(mode)
      const before = this.#held.get(oid) ?? -1
      locks.push({ relation, mode: LOCK_MODES[level]!, ...(before >= level && { held: true }) })
      if (filenode !== this.#files.get(oid)) rewrites.push(relation)
      else if (scans > (this.#scans.get(oid) ?? 0)) reads.push(relation)
      this.#held.set(oid, level)
      this.#scans.set(oid, scans)
      this.#files.set(oid, filenode)
    }
    this.#newest = Math.max(this.#newest, ...built.keys())
    return { locks, reads, rewrites, builds: [...built.values()] }
  }

  /** A transaction begins: no locks are held, and what was counted before it does not count. */
  async begun(): Promise<void> {
    this.#held = new Map()
    const [scans, newest] = (await this.database.queryAll([SCANS_QUERY, NEWEST_QUERY])) as [[number, number][], [[number]]]
    this.#scans = new Map(scans)
    this.#newest = newest[0][0]
  }
}

/** `AccessExclusiveLock` by its place among the modes. */
function levelOf(mode: string): number {
  return LOCK_MODES.indexOf(mode.replace(/Lock$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toUpperCase() as LockMode)
}

/** What the manual says of a statement that nobody can look into. */
export function documented({ lock, relation, reads }: DocumentedEffect): Observation {
  return { locks: [{ relation, mode: lock as LockMode }], reads: reads ? [relation] : [], rewrites: [], builds: [], waits: true, documented: true }
}

/** The weakest lock that makes anybody wait who does more than read and write rows. */
const NAMED_FROM = LOCK_MODES.indexOf('SHARE UPDATE EXCLUSIVE')

/** Relations that are named before the rest is counted. */
const NAMED = 3

/**
 * An observation in words; undefined when there is nothing to say.
 *
 * @example 'ACCESS EXCLUSIVE on app.users, metadata only'
 */
export function observationText({ locks, reads, rewrites, builds, waits, documented }: Observation): string | undefined {
  const byMode = new Map<string, string[]>()
  for (const { relation, mode, held } of locks) {
    if (LOCK_MODES.indexOf(mode) < NAMED_FROM) continue
    const words = held ? `${mode} (held already)` : mode
    byMode.set(words, [...(byMode.get(words) ?? []), relation])
  }
  const taken = [...byMode].sort(([a], [b]) => (a < b ? -1 : 1)).map(([mode, relations]) => `${mode} on ${names(relations)}`)
  const work = [...(rewrites.length > 0 ? [`rewrites ${names(rewrites)}`] : []), ...(builds.length > 0 ? [`builds ${names(builds)}`] : []), ...(reads.length > 0 ? [`reads all of ${names(reads)}`] : [])]
  if (taken.length === 0 && work.length === 0) return undefined
  const doing = [...(work.length > 0 ? work : ['metadata only']), ...(waits ? ['waits for older transactions'] : [])]
  return `${[...taken, ...doing].join(', ')}${documented ? ' (as documented)' : ''}`
}

function names(relations: readonly string[]): string {
  const shown = relations.slice(0, NAMED)
  const rest = relations.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(' and ')
}
