import { DatabaseError } from '../errors.js'

/** What both drivers give for an error or notice of the server: the fields of the protocol's ErrorResponse. */
export interface ServerMessage {
  readonly message?: string | undefined
  readonly severity?: string | undefined
  readonly code?: string | undefined
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly position?: string | undefined
  readonly internalQuery?: string | undefined
  readonly where?: string | undefined
}

const SQLSTATE = /^[0-9A-Z]{5}$/

/** True for an error that the server sent, as opposed to one of the network or the driver. */
export function isServerError(error: unknown): error is ServerMessage {
  const { code, severity } = (error ?? {}) as ServerMessage
  return typeof code === 'string' && SQLSTATE.test(code) && typeof severity === 'string'
}

/** The refusal of a statement, as a `DatabaseError`. */
export function statementError(error: unknown, statement: string, index?: number): DatabaseError {
  if (error instanceof DatabaseError) return error
  if (!isServerError(error)) {
    const message = error instanceof Error ? error.message : String(error)
    return new DatabaseError(message, { statement, index, cause: error })
  }
  const detail = [error.detail, error.internalQuery && `in: ${error.internalQuery}`, error.where && `context: ${error.where}`]
  return new DatabaseError(error.message ?? 'the server refused the statement', {
    sqlState: error.code,
    position: error.position === undefined ? undefined : Number(error.position),
    hint: error.hint,
    detail: detail.filter(Boolean).join('\n') || undefined,
    statement,
    index,
    cause: error,
  })
}

/** Notices as `Database.onNotice` gives them. */
export function noticeOf(notice: ServerMessage): { severity: string; message: string } {
  return { severity: notice.severity ?? 'NOTICE', message: notice.message ?? '' }
}
