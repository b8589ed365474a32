import type { Database } from '../database/database.js'
import { DatabaseError } from '../errors.js'
import type { Step } from '../revisions/revision.js'
import { excerpt } from './migration-error.js'
import type { RunContext } from './run-migration.js'
import { handOverSecrets } from './secrets.js'

/** What a history began on. */
export interface Baseline {
  readonly steps: readonly Step[]
  /** Whether a database that has run no migration is to be brought there; one that holds anything is taken to be there already. */
  isWanted(database: Database): Promise<boolean>
}

/**
 * Brings a database to where the history began, in a transaction of its own, where that is wanted.
 *
 * @throws DatabaseError with the place in the baseline
 */
export async function layBaseline({ database, session, secrets, onEvent }: RunContext, { steps, isWanted }: Baseline): Promise<void> {
  if (!(await isWanted(database))) return
  onEvent({ type: 'baseline', steps: steps.length })
  try {
    await session.transaction(async (assertOpen) => {
      await handOverSecrets(database, steps, secrets, true)
      await database.executeAll(steps.map(({ sql }) => sql))
      await assertOpen()
    })
  } catch (error) {
    const failed = error instanceof DatabaseError && error.index !== undefined ? steps[error.index] : undefined
    if (!failed) throw error
    const { message, detail, hint, sqlState, position } = error as DatabaseError
    throw new DatabaseError(`the baseline of the migrations cannot be made here: ${message}`, {
      at: failed.at,
      detail: [sqlState && `SQLSTATE ${sqlState}`, detail, excerpt(failed.sql, position), 'nothing of it was kept'].filter(Boolean).join('\n'),
      hint,
      sqlState,
      cause: error,
    })
  }
}
