import { quoteIdent } from '../sql/identifiers.js'
import { DatabaseError } from '../errors.js'
import type { Database } from './database.js'

/** Another run made it at the same moment; or it is a predefined one of another version; or this role may not, and PostgreSQL will say which object needs it. */
const EXCUSED = ['42710', '23505', '42501', '42939']

/**
 * Makes the roles that a schema names in a scratch engine of its own, without rights to log in, and goes on as the role that
 * migrations run as: what belongs to "whoever runs migrations" there must belong to the same name here. Never for scratch on the
 * server of the live database, whose roles are real. Returns the names of those it made.
 *
 * @example await prepareRoles(scratch, ['reader', 'writer'], 'app_owner')
 */
export async function prepareRoles(database: Database, roles: readonly string[], workAs?: string): Promise<string[]> {
  const [[current]] = (await database.query('SELECT current_user::text')) as [[string]]
  const known = new Set((await database.query('SELECT rolname FROM pg_roles')).map(([name]) => name as string))
  const made: string[] = []
  for (const role of new Set(roles)) {
    if (known.has(role) || role === workAs) continue
    if (await createRole(database, `CREATE ROLE ${quoteIdent(role)} NOLOGIN`)) made.push(role)
  }
  if (workAs === undefined || workAs === current) return made
  if (!known.has(workAs)) await createRole(database, `CREATE ROLE ${quoteIdent(workAs)} SUPERUSER`)
  await database.executeAll([`SET SESSION AUTHORIZATION ${quoteIdent(workAs)}`])
  return made
}

async function createRole(database: Database, sql: string): Promise<boolean> {
  try {
    await database.executeAll([sql])
    return true
  } catch (error) {
    if (!(error instanceof DatabaseError) || !EXCUSED.includes(error.sqlState ?? '')) throw error
    return false
  }
}
