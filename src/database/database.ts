/** Version of a PostgreSQL engine. `number` is server_version_num, such as 150018. */
export interface ServerVersion {
  readonly number: number
  readonly major: number
}

/** The oldest major that is supported. */
export const OLDEST_MAJOR = 14

/** One row as an array, in the order of the select list. */
export type Row = unknown[]

/**
 * One session with a PostgreSQL engine: a server by node-postgres or the embedded PGlite. Values come back alike from both:
 * bool as boolean; int2, int4, oid and float as number; int8, numeric and everything without a rule of its own as PostgreSQL's
 * text; arrays of these as arrays; json and jsonb parsed. Every failure is a `DatabaseError` with SQLSTATE, statement and
 * position, never with a password.
 */
export interface Database {
  readonly version: ServerVersion
  /** `pglite` for the embedded engine. */
  readonly engine: 'postgres' | 'pglite'
  /** The address to show to people, without password. */
  readonly label: string
  /** Runs one statement with `$1` parameters. */
  query(sql: string, parameters?: unknown[]): Promise<Row[]>
  /** Runs several row-returning statements, sent at once where the driver can; results in the same order. */
  queryAll(statements: readonly string[]): Promise<Row[][]>
  /** Runs statements that return nothing, in order, sent at once where the driver can; stops at the first failure (`index` in the error). */
  executeAll(statements: readonly string[]): Promise<void>
  /** Called with each NOTICE or WARNING from now on. */
  onNotice(listener: (notice: { severity: string; message: string }) => void): void
  /** Opens another session with the same database as the same user; missing where an engine has but one. */
  another?(): Promise<Database>
  /**
   * Scratch on a server that is there for others as well: the roles made on it, which go when scratch does, or null where none may
   * be made since its roles are the real ones. Missing where the whole server is scratch.
   */
  borrowedRoles?: Set<string> | null
  /** Scratch whose whole server is scratch: the roles made in it only because objects name them, which are no objects themselves. */
  madeRoles?: Set<string>
  close(): Promise<void>
}

/** Runs `work` inside BEGIN … COMMIT, or ROLLBACK when it throws. `options` follows BEGIN, such as `READ ONLY`. */
export async function inTransaction<T>(database: Database, options: string, work: () => Promise<T>): Promise<T> {
  await database.executeAll([`BEGIN ${options}`])
  try {
    const result = await work()
    await database.executeAll(['COMMIT'])
    return result
  } catch (error) {
    // The first failure is the one to report; a rollback on a broken connection fails for the same reason.
    await database.executeAll(['ROLLBACK']).catch(() => undefined)
    throw error
  }
}
