/** Exit codes of the command line; every error class names the one it leads to. */
export const ExitCode = { done: 0, failed: 1, differences: 2, refused: 3 } as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** A place in a file of the user: 1-based line and column. */
export interface SourcePosition {
  readonly file: string
  readonly line: number
  readonly column?: number
}

export interface ErrorDetails {
  /** What the user can do about it. */
  hint?: string
  /** Where in the user's files the cause stands. */
  at?: SourcePosition
  /** More about what happened: the server's message, the statement, the objects concerned. */
  detail?: string
  cause?: unknown
}

/** Every error this package raises on purpose. `message` says what happened to which object; never holds a secret. */
export class AutogenError extends Error {
  readonly exitCode: ExitCode = ExitCode.failed
  readonly hint: string | undefined
  readonly at: SourcePosition | undefined
  readonly detail: string | undefined

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = new.target.name
    this.hint = details.hint
    this.at = details.at
    this.detail = details.detail
  }
}

/** Wrong flags, wrong configuration, unreadable files. */
export class UsageError extends AutogenError {}

/** `schema.ts` cannot be loaded or declares something that cannot be. */
export class SchemaError extends AutogenError {}

/** The database cannot be reached or refused a statement. */
export class DatabaseError extends AutogenError {
  /** Five-character SQLSTATE, where the server gave one. */
  readonly sqlState: string | undefined
  /** The statement that was refused. */
  readonly statement: string | undefined
  /** Its index in the list that was sent, 0-based. */
  readonly index: number | undefined
  /** Position in the statement, 1-based, in characters. */
  readonly position: number | undefined

  constructor(
    message: string,
    details: ErrorDetails & { sqlState?: string; statement?: string; index?: number; position?: number } = {},
  ) {
    super(message, details)
    this.sqlState = details.sqlState
    this.statement = details.statement
    this.index = details.index
    this.position = details.position
  }
}

/** The revision graph or the migration folder does not allow what was asked. */
export class RevisionError extends AutogenError {}

/** The generated migration did not prove itself in scratch; nothing was written. */
export class ProofError extends AutogenError {}

/** Asked for something that loses data or cannot be undone, without the allowance for it. */
export class RefusedError extends AutogenError {
  override readonly exitCode: ExitCode = ExitCode.refused
}
