import type { SourcePosition } from '../errors.js'
import type { LintError, LintNote } from './finding.js'
import type { Ignore } from './ignores.js'
import type { NodeType } from './syntax.js'

/** One statement with the place it stands at. */
export interface Piece {
  readonly type: NodeType
  readonly node: never
  readonly sql: string
  readonly at: SourcePosition
  readonly lastLine: number
  /** The place of a byte of `sql`. */
  readonly place?: (offset: number) => SourcePosition
  /** In a migration: runs by itself, with everything before it committed. */
  readonly outside?: boolean
  /** The statements in the body of a block. */
  readonly inner?: readonly Piece[]
  /** Statements that a block puts together when it runs. */
  readonly dynamic?: readonly Dynamic[]
}

export interface Dynamic {
  readonly text: string
  readonly at: SourcePosition
}

/** A script or migration, taken apart. */
export interface Unit {
  readonly kind: 'script' | 'migration'
  readonly at: SourcePosition
  readonly revision?: string
  readonly direction?: 'upgrade' | 'downgrade'
  readonly pieces: readonly Piece[]
  readonly ignores: readonly Ignore[]
  /** Whether all of it is said to run in one transaction. */
  readonly inTransaction: boolean
  /** Whether each statement is said to run by itself. */
  readonly isApart?: boolean
  readonly errors: readonly LintError[]
  readonly notes: readonly LintNote[]
  /** Why there is no way back; null where nothing is said about one, undefined where there is one. */
  readonly irreversible?: string | null | undefined
}
