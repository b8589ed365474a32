import { callerPosition } from '../authoring/position.js'
import type { TypedVerbs } from '../authoring/verbs.js'
import type { SourcePosition } from '../errors.js'
import type { SqlSource, SqlText } from '../sql/template.js'
import type { BackfillInput } from './backfill.js'
import type { MigrationDatabase } from './revision.js'
import type { RowValue } from './step-sql.js'
import type { TimeoutsInput } from './timeouts.js'

/** How a step is undone, where the downgrade is `'inverse'`. */
export interface UndoOptions {
  /** SQL that undoes it; null: nothing needs to, as for the values of a column that goes anyway. */
  readonly inverse?: SqlText | string | null
}

/** How a step differs from others. */
export interface StepOptions extends UndoOptions, Pick<TimeoutsInput, 'lockTimeout' | 'statementTimeout'> {
  /** What runs in its place in scratch, where the SQL would reach for another server; null is nothing. */
  readonly scratch?: SqlText | string | null
}

/** How a step outside a transaction differs: it is tried again by itself. */
export interface OutsideOptions extends StepOptions, Pick<TimeoutsInput, 'lockRetries'> {}

/** What `upgrade` and `downgrade` of a migration call. Nothing runs when it is called: the steps are recorded, in order. */
export interface MigrationOperations extends TypedVerbs {
  /** SQL that runs in the transaction of the migration. */
  execute(sql: SqlText | string, options?: StepOptions): void
  /** SQL that PostgreSQL runs only outside a transaction, such as CREATE INDEX CONCURRENTLY. What stands before it is committed first. */
  outsideTransaction(sql: SqlText | string, options?: OutsideOptions): void
  /**
   * A precondition: the migration fails with the message, and is rolled back, unless the condition is true. In scratch it is not looked at, where
   * there are no rows. Its inverse is nothing.
   *
   * @example op.assert(sql`not exists (select from app.users where email is null)`, 'every user needs an email first')
   */
  assert(condition: SqlText | string, message: string): void
  /**
   * Inserts rows. A column that a row leaves out gets its default; objects and arrays are written as JSON.
   *
   * @example op.bulkInsert('app.roles', [{ name: 'admin' }, { name: 'guest', rights: { read: true } }])
   */
  bulkInsert(table: SqlSource | string, rows: readonly Readonly<Record<string, RowValue>>[], options?: UndoOptions): void
  /**
   * Runs a function in the transaction of the migration: what SQL alone cannot do. It is not run in scratch, where there are no rows, and has no
   * script for psql; that it was edited after it ran is not noticed. It runs again with its transaction when that is tried again because it did not
   * get its locks: what it does elsewhere should bear that.
   *
   * @example
   * op.run(async (db) => {
   *   for (const [id, markdown] of await db.query('select id, markdown from app.posts')) {
   *     await db.query('update app.posts set html = $2 where id = $1', [id, render(markdown)])
   *   }
   * })
   */
  run(work: (db: MigrationDatabase) => unknown, options?: UndoOptions): void
  /**
   * Updates rows in batches, each in a transaction of its own, so that none is locked for long. What stands before it is committed first; an
   * interrupted one goes on at the batch that did not finish, and no batch is done twice.
   *
   * @example op.backfill({ table: 'app.users', set: { email_lower: sql`lower(email)` }, where: sql`email_lower is null`, batchSize: 5000, pauseMs: 50 })
   */
  backfill(backfill: BackfillInput, options?: UndoOptions): void
  /** In a downgrade: the migration cannot be undone, for a reason that whoever tries is told. */
  irreversible(reason: string): void
}

/** What a migration file says. Its timeouts go before those of the run. */
export interface MigrationDefinition extends TimeoutsInput {
  readonly revision: string
  /** The revision it follows; null for the first of a history, an array for a merge. */
  readonly revises: string | readonly string[] | null
  readonly message?: string
  readonly branchLabels?: string | readonly string[]
  /** Revisions, by id or branch label, that must be applied first without being parents. */
  readonly dependsOn?: string | readonly string[]
  /** Revisions that it stands for since they were put together, with the checksums of their upgrades: written by `autogen squash`. */
  readonly replaces?: Readonly<Record<string, string>>
  readonly upgrade: (op: MigrationOperations) => void
  /** `'inverse'`: what undoes each step of the upgrade, the last one first; every step must have an inverse. Left out: the migration cannot be undone. */
  readonly downgrade?: 'inverse' | ((op: MigrationOperations) => void)
}

/** Marks what `migration` returns, also across copies of this package. */
export const MIGRATION: unique symbol = Symbol.for('pg-autogen.migration') as never

export interface DeclaredMigration extends MigrationDefinition {
  readonly [MIGRATION]: { readonly at: SourcePosition | undefined }
}

/**
 * Declares the migration of a file, which exports it as its default.
 *
 * @example
 * export default migration({
 *   revision: '8c1f0e5a2b7d',
 *   revises: '41d3b0c9e6f2',
 *   message: 'add last_login',
 *   upgrade: (op) => op.execute(sql`ALTER TABLE app.users ADD COLUMN last_login timestamptz`),
 *   downgrade: (op) => op.execute(sql`ALTER TABLE app.users DROP COLUMN last_login`),
 * })
 */
export function migration(definition: MigrationDefinition): DeclaredMigration {
  return { ...definition, [MIGRATION]: { at: callerPosition() } }
}
