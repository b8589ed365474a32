import type { SourcePosition } from '../errors.js'

/** What the revision graph knows about one migration. */
export interface Revision {
  readonly revision: string
  /** The revisions it follows: none for a base, several for a merge. */
  readonly revises: readonly string[]
  /** Revisions, by id or branch label, that must be applied before it without being its parents. */
  readonly dependsOn: readonly string[]
  readonly branchLabels: readonly string[]
  readonly message: string
  /** When it was made, in a form that sorts: `20260131_0930`. */
  readonly created?: string
  /** Where it is written down. */
  readonly file?: string
  readonly line?: number
}

/** One recorded step of a migration. */
export type Step = ExecuteStep | OutsideStep

/** SQL that runs inside the transaction of its migration. */
export interface ExecuteStep {
  readonly type: 'execute'
  readonly sql: string
  /** What runs in its place in scratch; null is nothing. */
  readonly scratch?: string | null
  readonly at?: SourcePosition
}

/** SQL that runs by itself, with everything before it committed. */
export interface OutsideStep {
  readonly type: 'outside'
  readonly sql: string
  /** What runs in its place in scratch; null is nothing. */
  readonly scratch?: string | null
  readonly at?: SourcePosition
}

/** A migration with its steps. */
export interface Migration extends Revision {
  readonly upgrade: readonly Step[]
  /** Null: cannot be undone. */
  readonly downgrade: readonly Step[] | null
  /** Hash of the upgrade steps: changes exactly when what an upgrade does changes, not with comments or layout. */
  readonly checksum: string
}

export type Direction = 'upgrade' | 'downgrade'

/** The place of a revision, for errors. */
export function positionOf(revision: Revision): SourcePosition | undefined {
  return revision.file === undefined ? undefined : { file: revision.file, line: revision.line ?? 1 }
}
