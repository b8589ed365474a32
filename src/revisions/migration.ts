import { callerPosition } from '../authoring/position.js'
import type { SourcePosition } from '../errors.js'
import type { SqlText } from '../sql/template.js'

/** How a step differs from others. */
export interface StepOptions {
  /** What runs in its place in scratch, where the SQL would reach for another server; null is nothing. */
  readonly scratch?: SqlText | string | null
}

/** What `upgrade` and `downgrade` of a migration call. Nothing runs when it is called: the steps are recorded, in order. */
export interface MigrationOperations {
  /** SQL that runs in the transaction of the migration. */
  execute(sql: SqlText | string, options?: StepOptions): void
  /** SQL that PostgreSQL runs only outside a transaction, such as CREATE INDEX CONCURRENTLY. What stands before it is committed first. */
  outsideTransaction(sql: SqlText | string, options?: StepOptions): void
}

/** What a migration file says. */
export interface MigrationDefinition {
  readonly revision: string
  /** The revision it follows; null for the first of a history, an array for a merge. */
  readonly revises: string | readonly string[] | null
  readonly message?: string
  readonly branchLabels?: string | readonly string[]
  /** Revisions, by id or branch label, that must be applied first without being parents. */
  readonly dependsOn?: string | readonly string[]
  readonly upgrade: (op: MigrationOperations) => void
  /** Left out: the migration cannot be undone. */
  readonly downgrade?: (op: MigrationOperations) => void
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
