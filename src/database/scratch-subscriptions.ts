import { quoteIdent } from '../sql/identifiers.js'
import { withDatabase } from './connection-url.js'
import type { Database } from './database.js'
import { connectPostgres } from './postgres.js'

const OF_DATABASE = `select s.subname from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = $1`

/** The statements that drop the subscriptions of the session's database, without a word to their publishers. */
export async function dropSubscriptions(database: Database): Promise<string[]> {
  const [[name]] = (await database.query('select current_database()::text')) as [[string]]
  return (await database.query(OF_DATABASE, [name])).flatMap(([subscription]) => {
    const quoted = quoteIdent(subscription as string)
    return [`ALTER SUBSCRIPTION ${quoted} DISABLE`, `ALTER SUBSCRIPTION ${quoted} SET (slot_name = NONE)`, `DROP SUBSCRIPTION ${quoted}`]
  })
}

/** Drops a scratch database by way of `session`, which is connected to another one of the server: PostgreSQL keeps databases that have subscriptions. */
export async function dropScratchDatabase(session: Database, url: string, name: string, options = ''): Promise<void> {
  if ((await session.query(OF_DATABASE, [name])).length > 0) {
    const inside = await connectPostgres(withDatabase(url, name))
    await dropSubscriptions(inside)
      .then((statements) => inside.executeAll(statements))
      .finally(() => inside.close())
  }
  await session.executeAll([`DROP DATABASE IF EXISTS ${name}${options}`])
}
