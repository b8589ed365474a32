import { DatabaseError } from '../errors.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { beforeExit } from './cleanup.js'
import type { Database } from './database.js'
import { SCRATCH_SETTINGS } from './scratch-settings.js'
import { dropSubscriptions } from './scratch-subscriptions.js'

/** Taken for as long as a given database is used directly: "agen" in ASCII, and 0, which no temporary database has. */
const LOCK = `${0x6167_656e}, 0`

/** Objects of nobody's extension that CREATE made: what an empty database does not have. */
const USER_OBJECTS = `
  select string_agg(object, ', ') from (
    select pg_describe_object(o.classid, o.oid, 0) as object from (
      select 'pg_class'::regclass as classid, oid from pg_class where relnamespace <> 'pg_toast'::regnamespace and relkind not in ('i', 'I')
      union all select 'pg_proc'::regclass, oid from pg_proc
      union all select 'pg_namespace'::regclass, oid from pg_namespace where nspname !~ '^pg_(toast_)?temp_' and nspname <> 'public'
      union all select 'pg_type'::regclass, oid from pg_type where typrelid = 0 and typcategory <> 'A'
      union all select 'pg_extension'::regclass, oid from pg_extension
      union all select 'pg_event_trigger'::regclass, oid from pg_event_trigger
      union all select 'pg_publication'::regclass, oid from pg_publication
      union all select 'pg_subscription'::regclass, s.oid from pg_subscription s join pg_database b on b.oid = s.subdbid and b.datname = current_database()
      union all select 'pg_foreign_data_wrapper'::regclass, oid from pg_foreign_data_wrapper
    ) o
    where o.oid >= 16384
      and not exists (select from pg_depend d where d.classid = o.classid and d.objid = o.oid and d.deptype = 'e')
    limit 5
  ) found`

/**
 * Takes over an empty database that the user gave for scratch, where no temporary one can be made beside it; returns what
 * empties it again.
 *
 * @throws DatabaseError when it holds objects or another run uses it
 */
export async function claimGiven(database: Database): Promise<() => Promise<void>> {
  await refuseObjects(database)
  const [row] = await database.query(`select pg_try_advisory_lock(${LOCK})`)
  if (row![0] !== true) {
    throw new DatabaseError(`another run uses the scratch database ${database.label}`, { hint: 'wait until it ends, or give each run its own' })
  }
  const found = await publicSchema(database)
  let emptying: Promise<void> | undefined
  const release = () => (emptying ??= empty(database, found).finally(() => (forget(), database.close())))
  const forget = beforeExit({ gracefully: release })
  return release
}

/** @throws DatabaseError when the database holds anything that somebody made */
export async function refuseObjects(database: Database): Promise<void> {
  const [row] = await database.query(USER_OBJECTS)
  const [objects] = row as [string | null]
  if (objects !== null) {
    throw new DatabaseError(`the scratch database ${database.label} is not empty: it holds ${objects}`, {
      hint: 'scratch needs an empty database of its own; never give one with data in it',
    })
  }
}

interface PublicSchema {
  readonly owner: string
  readonly comment: string | null
  readonly grants: readonly string[]
}

async function publicSchema(database: Database): Promise<PublicSchema | undefined> {
  const [schema] = await database.query(
    `select pg_get_userbyid(nspowner), obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'public'`,
  )
  if (!schema) return undefined
  const grants = await database.query(
    `select case when a.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end, a.privilege_type, a.is_grantable
       from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'public' and a.grantee <> n.nspowner`,
  )
  return {
    owner: schema[0] as string,
    comment: schema[1] as string | null,
    grants: grants.map(([grantee, privilege, grantable]) => `${privilege} ON SCHEMA public TO ${grantee}${grantable ? ' WITH GRANT OPTION' : ''}`),
  }
}

async function empty(database: Database, found: PublicSchema | undefined): Promise<void> {
  await database.query('ROLLBACK')
  await database.query('RESET ALL')
  await database.executeAll(SCRATCH_SETTINGS)
  const names = async (sql: string) => (await database.query(sql)).map(([name]) => name as string)
  const drops = [
    ...(await names('select evtname from pg_event_trigger')).map((name) => `EVENT TRIGGER ${quoteIdent(name)}`),
    ...(await names('select pubname from pg_publication')).map((name) => `PUBLICATION ${quoteIdent(name)}`),
    ...(await names(`select extname from pg_extension where oid >= 16384`)).map((name) => `EXTENSION ${quoteIdent(name)}`),
    ...(await names(`select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`)).map(
      (name) => `SCHEMA ${quoteIdent(name)}`,
    ),
    ...(await names('select fdwname from pg_foreign_data_wrapper')).map((name) => `FOREIGN DATA WRAPPER ${quoteIdent(name)}`),
    ...(await names('select lanname from pg_language where oid >= 16384')).map((name) => `LANGUAGE ${quoteIdent(name)}`),
  ]
  await database.executeAll(['SET client_min_messages = error', 'BEGIN', ...(await dropSubscriptions(database)), ...drops.map((what) => `DROP ${what} CASCADE`)])
  if (found) {
    await database.executeAll([
      'CREATE SCHEMA public',
      `COMMENT ON SCHEMA public IS ${found.comment === null ? 'NULL' : quoteLiteral(found.comment)}`,
      ...found.grants.map((grant) => `GRANT ${grant}`),
      `ALTER SCHEMA ${qualified('public')} OWNER TO ${quoteIdent(found.owner)}`,
    ])
  }
  await database.executeAll(['COMMIT'])
}
