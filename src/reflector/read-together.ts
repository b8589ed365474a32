import type { Database, Row } from '../database/database.js'
import { DatabaseError } from '../errors.js'

/** Sessions that help with a large catalog, beside the one that was given. */
const HELPERS = 2

/** Bytes of pg_attribute from which on a connection costs less than it saves: some ten thousand columns. */
const LARGE = 2_000_000

/** How a transaction begins that reads one state of a database. */
export const SNAPSHOT = 'ISOLATION LEVEL REPEATABLE READ READ ONLY'

/**
 * Yields the rows of each query in turn. What a large catalog holds is read by several sessions that see one snapshot, where the
 * engine has them. Within a transaction that began with `SNAPSHOT` and has the given settings.
 */
export async function* readTogether(database: Database, queries: readonly string[], settings: readonly string[]): AsyncGenerator<Row[]> {
  const helpers = await startHelpers(database, settings)
  if (helpers.length === 0) {
    yield* await database.queryAll(queries)
    return
  }
  const results = queries.map(() => new Outcome<Row[]>())
  const open = [...results.keys()]
  const work = async (session: Database, take: () => number | undefined) => {
    for (let index = take(); index !== undefined; index = take()) await results[index]!.follow(session.query(queries[index]!))
  }
  const busy = [
    work(database, () => open.shift()),
    ...helpers.map((helper) => helper.then((session) => session && work(session, () => open.pop()).finally(() => session.close()))),
  ]
  try {
    for (const result of results) yield await result.promise
  } finally {
    open.length = 0
    await Promise.allSettled(busy)
  }
}

/** Sessions on their way, each with the snapshot of the given one; undefined where the server has no place for another. */
async function startHelpers(database: Database, settings: readonly string[]): Promise<Promise<Database | undefined>[]> {
  const { another } = database
  if (!another || keepsSnapshots.has(database)) return []
  const [[bytes]] = (await database.query(`SELECT pg_relation_size('pg_attribute')::float8`)) as [[number]]
  const snapshot = bytes < LARGE ? undefined : await exportSnapshot(database, settings)
  if (snapshot === undefined) return []
  const start = async () => {
    const session = await another()
    await session.executeAll([`BEGIN ${SNAPSHOT}`, `SET TRANSACTION SNAPSHOT '${snapshot}'`, ...settings])
    return session
  }
  return Array.from({ length: HELPERS }, () => start().catch(() => undefined))
}

/** Databases that do not let their snapshots be shared, as some hosted replicas do not. */
const keepsSnapshots = new WeakSet<Database>()

async function exportSnapshot(database: Database, settings: readonly string[]): Promise<string | undefined> {
  try {
    const [[snapshot]] = (await database.query('SELECT pg_export_snapshot()')) as [[string]]
    return snapshot
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.sqlState === undefined) throw error
    keepsSnapshots.add(database)
    // Nothing was read yet: the failed transaction gives way to a new one.
    await database.executeAll(['ROLLBACK', `BEGIN ${SNAPSHOT}`, ...settings])
    return undefined
  }
}

/** A promise whose failure may be looked at late. */
class Outcome<T> {
  #settle!: (value: T | Promise<T>) => void
  readonly promise = new Promise<T>((resolve) => (this.#settle = resolve))

  constructor() {
    this.promise.catch(() => undefined)
  }

  async follow(work: Promise<T>): Promise<void> {
    this.#settle(work)
    await work.catch(() => undefined)
  }
}
