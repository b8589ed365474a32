import type { SqlText } from '../sql/template.js'
import type { Backfill } from './backfill.js'
import type { Timeouts } from './timeouts.js'
import { RefusedError, type SourcePosition } from '../errors.js'

/** What the revision graph knows about one migration. */
export interface Revision {
  readonly revision: string
  /** The revisions it follows: none for a base, several for a merge. */
  readonly revises: readonly string[]
  /** Revisions, by id or branch label, that must be applied before it without being its parents. */
  readonly dependsOn: readonly string[]
  readonly branchLabels: readonly string[]
  /** The revisions that it stands for, oldest first, each with the checksum of its upgrade; its own id is that of the last. */
  readonly replaces?: Readonly<Record<string, string>> | undefined
  readonly message: string
  /** When it was made, in a form that sorts: `20260131_0930`. */
  readonly created?: string
  /** Where it is written down. */
  readonly file?: string
  readonly line?: number
}

/** One recorded step of a migration. */
export type Step = ExecuteStep | OutsideStep

/** What a function of a migration works with: the session and the transaction of the migration. */
export interface MigrationDatabase {
  /** Runs one statement with `$1` parameters; gives back its rows, the values of each in the order of the select list. */
  query(sql: SqlText | string, parameters?: readonly unknown[]): Promise<unknown[][]>
}

/** SQL that runs inside the transaction of its migration. */
export interface ExecuteStep {
  readonly type: 'execute'
  readonly sql: string
  /** What runs in place of `sql`, which then is a comment. */
  readonly run?: (db: MigrationDatabase) => unknown
  /** What runs in its place in scratch; null is nothing. */
  readonly scratch?: string | null
  readonly timeouts?: Timeouts
  readonly at?: SourcePosition
}

/** SQL that runs by itself, with everything before it committed. */
export interface OutsideStep {
  readonly type: 'outside'
  readonly sql: string
  /** What the runner does batch by batch; `sql` does the same at one go. */
  readonly backfill?: Backfill
  /** What runs in its place in scratch; null is nothing. */
  readonly scratch?: string | null
  readonly timeouts?: Timeouts
  readonly at?: SourcePosition
}

/** A migration with its steps. */
export interface Migration extends Revision {
  readonly upgrade: readonly Step[]
  /** Null: cannot be undone. */
  readonly downgrade: readonly Step[] | null
  /** Why it cannot be undone, where it says so. */
  readonly irreversible?: string | undefined
  readonly timeouts?: Timeouts | undefined
  /** Hash of the upgrade steps: changes exactly when what an upgrade does changes, not with comments or layout. */
  readonly checksum: string
}

export type Direction = 'upgrade' | 'downgrade'

/**
 * The steps of a migration in one direction.
 *
 * @throws RefusedError for a downgrade that there is none of
 */
export function stepsOf(migration: Migration, direction: Direction): readonly Step[] {
  const steps = migration[direction]
  if (steps) return steps
  const reason = migration.irreversible === undefined ? '; it has no downgrade' : `: ${migration.irreversible}`
  throw new RefusedError(`revision ${migration.revision} cannot be undone${reason}. Nothing was run`, {
    at: positionOf(migration),
    hint: 'write its downgrade, or stay above it; --skip-irreversible passes over it, and what it did stays',
  })
}

/** The place of a revision, for errors. */
export function positionOf(revision: Revision): SourcePosition | undefined {
  return revision.file === undefined ? undefined : { file: revision.file, line: revision.line ?? 1 }
}
