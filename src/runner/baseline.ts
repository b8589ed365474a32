import type { Database } from '../database/database.js'
import { DatabaseError } from '../errors.js'
import type { Step } from '../revisions/revision.js'
import { excerpt } from './migration-error.js'
import type { RunContext } from './run-migration.js'
import { handOverSecrets } from './secrets.js'

/**
 * Brings an empty database to where the history began, in a transaction of its own. One that holds anything is taken to be there already.
 *
 * @throws DatabaseError with the place in the baseline
 */
export async function layBaseline({ database, session, secrets, onEvent }: RunContext, steps: readonly Step[], versionSchema: string): Promise<void> {
  if (!(await isEmpty(database, versionSchema))) return
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

/** Whether the database holds nothing but extensions and the bookkeeping. */
async function isEmpty(database: Database, versionSchema: string): Promise<boolean> {
  const of = (catalog: string, namespace: string) => `
    SELECT FROM pg_catalog.${catalog} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${namespace}
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> $1
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalog}'::regclass AND d.objid = o.oid AND d.deptype = 'e')`
  const [row] = await database.query(
    `SELECT NOT EXISTS (${of('pg_class', 'relnamespace')}) AND NOT EXISTS (${of('pg_proc', 'pronamespace')}) AND NOT EXISTS (${of('pg_type', 'typnamespace')})`,
    [versionSchema],
  )
  return row![0] as boolean
}
