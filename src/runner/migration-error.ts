import { DatabaseError } from '../errors.js'
import { positionOf, type Direction, type Migration, type Step } from '../revisions/revision.js'

/** A migration that failed. The database is where `detail` says; what the version table holds is true. */
export class MigrationError extends DatabaseError {
  constructor(
    readonly migration: Migration,
    readonly direction: Direction,
    /** 1-based; undefined when it was no step that failed but the commit or the bookkeeping. */
    readonly step: number | undefined,
    steps: readonly Step[],
    cause: unknown,
    state: string,
  ) {
    const failure = cause as Partial<DatabaseError> & Error
    const title = migration.message === '' ? migration.revision : `${migration.revision} (${migration.message})`
    const where = step === undefined ? '' : ` at step ${step} of ${steps.length}`
    super(`the ${direction} of ${title} failed${where}: ${failure.message}`, {
      at: (step === undefined ? undefined : steps[step - 1]?.at) ?? positionOf(migration),
      hint: failure.hint,
      detail: [failure.detail, state].filter(Boolean).join('\n'),
      cause,
      ...(cause instanceof DatabaseError && {
        sqlState: cause.sqlState,
        statement: cause.statement ?? (step === undefined ? undefined : steps[step - 1]?.sql),
        position: cause.position,
        index: step === undefined ? undefined : step - 1,
      }),
    })
  }
}
