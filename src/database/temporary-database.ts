import { randomInt } from 'node:crypto'
import { DatabaseError } from '../errors.js'
import { quoteLiteral } from '../sql/identifiers.js'
import { beforeExit } from './cleanup.js'
import { withDatabase } from './connection-url.js'
import type { Database } from './database.js'
import { connectPostgres } from './postgres.js'
import { SCRATCH_SETTINGS } from './scratch-settings.js'
import { dropScratchDatabase } from './scratch-subscriptions.js'

/** A database made for this run. */
export interface TemporaryDatabase {
  readonly database: Database
  /** Drops it, whoever is still connected. */
  drop(): Promise<void>
}

const PREFIX = 'autogen_scratch_'
/** First key of the advisory locks that say whose temporary databases are in use: "agen" in ASCII. */
const LOCK_CLASS = 0x6167_656e
/** Where the number of the lock stands in the name: autogen_scratch_<pid>_<number>. */
const NUMBERED = `^${PREFIX}[0-9]+_[0-9]+$`

/** May the role of this session make databases? */
export async function mayCreateDatabase(database: Database): Promise<boolean> {
  const [row] = await database.query(
    'select (rolcreatedb or rolsuper) and not pg_is_in_recovery() from pg_roles where rolname = current_user',
  )
  return row?.[0] === true
}

/**
 * Makes a database on the server of `url` that resembles the one `url` names in encoding and locale, and drops those that runs
 * of the past left behind.
 *
 * Whether one was left behind is decided without guessing: the run that makes a database first takes an advisory lock whose
 * number stands in the name, and keeps it until the database is gone. Locks end with their session, whatever became of the
 * process, and pg_locks shows them across databases: no lock, no owner. As a second sign, a database somebody is connected to
 * is left alone, which covers poolers that lose session locks.
 */
export async function createTemporaryDatabase(url: string): Promise<TemporaryDatabase> {
  const keeper = await connectPostgres(url, { applicationName: 'pg-autogen scratch' })
  const number = randomInt(1, 2 ** 31 - 1)
  const name = `${PREFIX}${process.pid}_${number}`
  let session: Database | undefined
  let dropping: Promise<void> | undefined
  const drop = () => (dropping ??= dropAndLeave())
  const forget = beforeExit({ gracefully: drop })
  const dropAndLeave = async () => {
    await session?.close()
    await dropScratchDatabase(keeper, url, name, ' WITH (FORCE)')
      // The keeper's connection may have been lost meanwhile.
      .catch(() => dropAnew(url, name))
      .finally(() => keeper.close())
    forget()
  }
  try {
    await keeper.executeAll(SCRATCH_SETTINGS)
    await keeper.query(`select pg_advisory_lock(${LOCK_CLASS}, ${number})`)
    await dropLeftovers(keeper, url)
    await keeper.executeAll([`CREATE DATABASE ${name} TEMPLATE template0 ${await likeThisOne(keeper)}`])
    await preloadLikeThisOne(keeper, name)
    session = await connectPostgres(withDatabase(url, name))
    return { database: session, drop }
  } catch (error) {
    await drop().catch(() => undefined)
    if (error instanceof DatabaseError && error.sqlState === '42501') {
      throw new DatabaseError(`scratch cannot be made on ${keeper.label}: ${error.message}`, {
        hint: 'give the role the right to create databases (CREATEDB), or choose another scratch: --scratch native, embedded or a url',
        sqlState: error.sqlState,
        cause: error,
      })
    }
    throw error
  }
}

async function dropAnew(url: string, name: string): Promise<void> {
  const session = await connectPostgres(url)
  await session
    .executeAll(SCRATCH_SETTINGS)
    .then(() => dropScratchDatabase(session, url, name, ' WITH (FORCE)'))
    .finally(() => session.close())
}

async function dropLeftovers(keeper: Database, url: string): Promise<void> {
  const leftovers = await keeper.query(
    `select d.datname from pg_database d
      where d.datname ~ $1 and pg_has_role(d.datdba, 'MEMBER')
        and not exists (select from pg_stat_activity a where a.datid = d.oid)
        and not exists (select from pg_locks l where l.locktype = 'advisory' and l.classid = ${LOCK_CLASS}
                           and l.objid::text = split_part(d.datname, '_', 4))`,
    [NUMBERED],
  )
  for (const [name] of leftovers) {
    // Another run may be dropping the same one; ours does not depend on it.
    await dropScratchDatabase(keeper, url, name as string).catch((error: unknown) => {
      if (!(error instanceof DatabaseError)) throw error
    })
  }
}

/** Libraries that sessions with the database at hand begin with, such as providers of security labels; for superusers to say. */
async function preloadLikeThisOne(database: Database, name: string): Promise<void> {
  const [row] = await database.query(
    `select s.setting from pg_settings s, pg_roles r
      where s.name = 'session_preload_libraries' and s.setting <> '' and r.rolname = current_user and r.rolsuper`,
  )
  if (row) await database.executeAll([`ALTER DATABASE ${name} SET session_preload_libraries = ${row[0] as string}`])
}

/** Options of CREATE DATABASE for the encoding, locale and locale provider of the database at hand. */
async function likeThisOne(database: Database): Promise<string> {
  const { major } = database.version
  const provider = major >= 15 ? 'datlocprovider::text' : `'c'`
  const locale = major >= 17 ? 'datlocale' : major >= 15 ? 'daticulocale' : 'null'
  const rules = major >= 16 ? 'daticurules' : 'null'
  const [row] = await database.query(
    `select pg_encoding_to_char(encoding), datcollate, datctype, ${provider}, ${locale}, ${rules}
       from pg_database where datname = current_database()`,
  )
  const [encoding, collate, ctype, provides, provided, tailoring] = row as (string | null)[]
  const options: [string, string | null | undefined][] = [
    ['ENCODING', encoding],
    ['LC_COLLATE', collate],
    ['LC_CTYPE', ctype],
  ]
  if (provides === 'i') options.push(['LOCALE_PROVIDER', 'icu'], ['ICU_LOCALE', provided], ['ICU_RULES', tailoring])
  if (provides === 'b') options.push(['LOCALE_PROVIDER', 'builtin'], ['BUILTIN_LOCALE', provided])
  return options.flatMap(([option, value]) => (value == null ? [] : [`${option} ${quoteLiteral(value)}`])).join(' ')
}
