import type { Database } from '../database/database.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { SchemaObject } from '../model/schema-object.js'
import { excerptOf } from './failures.js'
import { tryEach, type Failure } from './steps.js'

/** SQLSTATE of a syntax error: what is wrong whatever else there is in the database when the text is run. */
const SYNTAX_ERROR = '42601'

/**
 * Lets PostgreSQL read the texts that it only kept when the objects were created; gives back those with syntax errors. Leaves the
 * transaction as it was.
 */
export async function rereadAll(database: Database, declared: SchemaModel): Promise<Failure[]> {
  const steps = [...declared.objects.values()].flatMap((object: SchemaObject) => {
    const reread = kindOf(object).reread?.(object)
    return reread ? [{ ordered: { action: { type: 'create' as const, object }, parts: [] }, statements: [reread] }] : []
  })
  if (steps.length === 0) return []
  await database.executeAll(['SAVEPOINT rereading', 'SET LOCAL check_function_bodies = on'])
  const failures = await tryEach(database, steps)
  await database.executeAll(['ROLLBACK TO SAVEPOINT rereading', 'RELEASE SAVEPOINT rereading'])
  return failures.filter(({ error }) => error.sqlState === SYNTAX_ERROR && !COPIED_TYPE.test(excerptOf(error)?.line ?? ''))
}

/** To PL/pgSQL a relation that only the search_path of its callers finds is a syntax error in `x users.id%TYPE`. */
const COPIED_TYPE = /%\s*(row)?type\b/i
