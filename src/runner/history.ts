import { hostname, userInfo } from 'node:os'
import type { Database } from '../database/database.js'
import { DatabaseError, RevisionError } from '../errors.js'
import { packageVersion } from '../package-version.js'
import type { Direction } from '../revisions/revision.js'
import type { RowChange } from '../revisions/version-rows.js'
import { bookkeepingTables, DEFAULT_VERSION_SCHEMA, rowChangeSql, type BookkeepingTables } from './bookkeeping-sql.js'

/** A line of the log of everything that was run. */
export interface HistoryEntry {
  readonly id: string
  readonly revision: string
  readonly direction: Direction | 'stamp'
  readonly checksum: string | null
  readonly who: string | null
  readonly host: string | null
  readonly packageVersion: string | null
  readonly started: string
  readonly milliseconds: number | null
  /** `running`: still at it, or cut off without a word. */
  readonly outcome: 'running' | 'done' | 'failed'
  readonly stepsDone: number
  /** Hash of the steps that are done. */
  readonly stepsHash: string | null
  readonly error: string | null
  /** The last key of a backfill that is under way; of a step that leaves PostgreSQL to choose a name, the names that there were before. */
  readonly progress: string | null
}

export type NewEntry = Pick<HistoryEntry, 'revision' | 'direction' | 'checksum' | 'outcome' | 'stepsDone' | 'stepsHash'> & {
  readonly error?: string
  readonly milliseconds?: number
  readonly progress?: string | undefined
}

/**
 * The bookkeeping in the database: `autogen_version`, one row for each head that is applied, and `autogen_history`, one row for each run of a
 * migration. Reading copes with tables that are not there; only `ensure` makes them.
 */
export class Bookkeeping {
  readonly #database: Database
  readonly #schema: string
  readonly #tables: BookkeepingTables

  constructor(database: Database, schema = DEFAULT_VERSION_SCHEMA) {
    this.#database = database
    this.#schema = schema
    this.#tables = bookkeepingTables(schema)
  }

  /** The revisions that the database is at; none when the table is not there. */
  async rows(): Promise<string[]> {
    if (!(await this.#exists(this.#tables.version))) return []
    const rows = await this.#database.query(`SELECT revision FROM ${this.#tables.version} ORDER BY revision`)
    return rows.map(([revision]) => revision as string)
  }

  /** Everything that was run, oldest first. */
  async entries(): Promise<HistoryEntry[]> {
    if (!(await this.#exists(this.#tables.history))) return []
    const rows = await this.#database.query(`
      SELECT id, revision, direction, checksum, who, host, package_version, started,
             (extract(epoch FROM duration) * 1000)::float8, outcome, steps_done, steps_hash, error, progress
      FROM ${this.#tables.history} ORDER BY id`)
    return rows.map(
      ([id, revision, direction, checksum, who, host, version, started, milliseconds, outcome, stepsDone, stepsHash, error, progress]) =>
        ({ id, revision, direction, checksum, who, host, packageVersion: version, started, milliseconds, outcome, stepsDone, stepsHash, error, progress }) as HistoryEntry,
    )
  }

  /** Whether schema and tables are there. */
  async isThere(): Promise<boolean> {
    return (await this.#missing()).length === 0
  }

  /** Makes what is missing of schema and tables; false when nothing is. */
  async ensure(): Promise<boolean> {
    const statements = await this.#missing()
    try {
      for (const statement of statements) await this.#database.executeAll([statement])
      return statements.length > 0
    } catch (error) {
      throw new DatabaseError(`the bookkeeping tables cannot be made in schema ${this.#schema}: ${(error as Error).message}`, {
        ...(error as DatabaseError),
        hint: 'let somebody who may create the schema and grant it, or choose another one with versionSchema',
        cause: error,
      })
    }
  }

  /** Inside a transaction, which goes on when it fails: makes what is missing; gives back why it cannot. */
  async tryEnsure(): Promise<DatabaseError | undefined> {
    await this.#database.executeAll(['SAVEPOINT bookkeeping'])
    try {
      await this.ensure()
      await this.#database.executeAll(['RELEASE SAVEPOINT bookkeeping'])
      return undefined
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      await this.#database.executeAll(['ROLLBACK TO SAVEPOINT bookkeeping'])
      return error
    }
  }

  /** Whether the database has event triggers, any of which may forbid to make the tables. */
  async isGuarded(): Promise<boolean> {
    const rows = await this.#database.query("SELECT 1 FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D' LIMIT 1")
    return rows.length > 0
  }

  /** Inside a transaction: locks the rows of the version table, which must be the expected ones. */
  async expectRows(expected: readonly string[]): Promise<void> {
    const rows = (await this.#database.query(`SELECT revision FROM ${this.#tables.version} FOR UPDATE`)).map(([revision]) => revision as string)
    if (rows.length === expected.length && rows.every((row) => expected.includes(row))) return
    throw changedMeanwhile(`it holds ${list(rows)}, where ${list(expected)} ${expected.length === 1 ? 'was' : 'were'} expected`)
  }

  /** Inside a transaction: changes the version table, each time exactly one row. */
  async change(changes: readonly RowChange[]): Promise<void> {
    const results = await this.#database.queryAll(changes.map((change) => `${rowChangeSql(this.#tables, change)} RETURNING revision`))
    results.forEach((rows, index) => {
      if (rows.length !== 1) throw changedMeanwhile(`expected one row, found ${rows.length}: ${describe(changes[index]!)}`)
    })
  }

  /** Adds an entry and returns its id. */
  async add(entry: NewEntry): Promise<string> {
    const [row] = await this.#database.query(
      `INSERT INTO ${this.#tables.history}
         (revision, direction, checksum, who, host, package_version, outcome, steps_done, steps_hash, error, duration, started, progress)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::float8 * interval '1 millisecond',
               pg_catalog.clock_timestamp() - coalesce($11::float8, 0) * interval '1 millisecond', $12)
       RETURNING id`,
      [
        entry.revision,
        entry.direction,
        entry.checksum,
        userName(),
        hostname(),
        packageVersion(),
        entry.outcome,
        entry.stepsDone,
        entry.stepsHash,
        entry.error ?? null,
        entry.milliseconds ?? null,
        entry.progress ?? null,
      ],
    )
    return row![0] as string
  }

  /** Records how far an entry has come. */
  async update(id: string, entry: Pick<HistoryEntry, 'outcome' | 'stepsDone' | 'stepsHash'> & { readonly error?: string; readonly progress?: string }): Promise<void> {
    await this.#database.query(
      `UPDATE ${this.#tables.history}
       SET outcome = $2, steps_done = $3, steps_hash = $4, error = $5, progress = $6, duration = pg_catalog.clock_timestamp() - started
       WHERE id = $1`,
      [id, entry.outcome, entry.stepsDone, entry.stepsHash, entry.error ?? null, entry.progress ?? null],
    )
  }

  /** What makes the parts that are not there. */
  async #missing(): Promise<string[]> {
    const { version, history, createSchema, createVersion, createHistory } = this.#tables
    const [schema] = await this.#database.query('SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1', [this.#schema])
    return [...(schema ? [] : [createSchema]), ...((await this.#exists(version)) ? [] : [createVersion]), ...((await this.#exists(history)) ? [] : [createHistory])]
  }

  async #exists(table: string): Promise<boolean> {
    const [row] = await this.#database.query('SELECT pg_catalog.to_regclass($1) IS NOT NULL', [table])
    return row![0] as boolean
  }
}

/** The last word of a run that did not come to its end. */
export interface Interruption {
  readonly outcome: 'running' | 'failed'
  /** How far the backfill was that it stopped in, or what was there before the step. */
  readonly progress: string | null
}

interface LogFacts {
  readonly checksums: Map<string, string>
  readonly unfinished: HistoryEntry | undefined
  readonly interrupted: Map<string, Interruption>
}

/**
 * Of a log: for each revision the checksum of the upgrade that is in the database now; the migration that stopped half-way, if one did; and
 * of each run that did not come to its end, such as `upgrade 1a2b3c4d5e6f`, the last word. A stamp settles what came before it: the user says where
 * the database is.
 */
export function readLog(entries: readonly HistoryEntry[]): LogFacts {
  const checksums = new Map<string, string>()
  const stopped = new Map<string, HistoryEntry>()
  const interrupted: LogFacts['interrupted'] = new Map()
  for (const entry of entries) {
    const run = `${entry.direction} ${entry.revision}`
    if (entry.direction === 'stamp') {
      stopped.clear()
      interrupted.clear()
    }
    if (entry.outcome !== 'done' && (entry.stepsDone > 0 || entry.progress !== null)) stopped.set(entry.revision, entry)
    if (entry.outcome !== 'done') {
      interrupted.set(run, { outcome: entry.outcome, progress: entry.progress })
      continue
    }
    interrupted.delete(run)
    stopped.delete(entry.revision)
    if (entry.direction === 'downgrade') checksums.delete(entry.revision)
    else if (entry.checksum !== null) checksums.set(entry.revision, entry.checksum)
  }
  return { checksums, unfinished: [...stopped.values()][0], interrupted }
}

function changedMeanwhile(detail: string): RevisionError {
  return new RevisionError('the version table was changed by somebody else while this ran', {
    detail,
    hint: 'what ran in this transaction was rolled back; see who else changes the table, then try again',
  })
}

function describe(change: RowChange): string {
  return change.type === 'update' ? `update ${change.from} to ${change.to}` : `${change.type} ${change.revision}`
}

function list(revisions: readonly string[]): string {
  return revisions.length === 0 ? 'nothing' : revisions.join(', ')
}

function userName(): string | null {
  try {
    return userInfo().username
  } catch {
    // A user id without an entry in the system's user database, as in containers.
    return null
  }
}
