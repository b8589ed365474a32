import { join, resolve } from 'node:path'
import { DatabaseError } from '../errors.js'
import { quoteIdent } from '../sql/identifiers.js'
import { beforeExit } from './cleanup.js'
import { OLDEST_MAJOR, type Database } from './database.js'
import { claimGiven, refuseObjects } from './given-scratch.js'
import { findNative, installedMajors, startNative } from './native.js'
import { hasExtension } from './native-binaries.js'
import { embeddedExtensions, openPglite } from './pglite.js'
import { connectPostgres } from './postgres.js'
import { prepareRoles } from './scratch-roles.js'
import { SCRATCH_SETTINGS } from './scratch-settings.js'
import { createTemporaryDatabase, mayCreateDatabase } from './temporary-database.js'

/** Where scratch databases are made: a choice by itself, one of the engines, or an empty database given by its url. */
export type ScratchMode = 'auto' | ScratchEngine | `${'postgres' | 'postgresql' | 'pglite'}://${string}`
type ScratchEngine = 'server' | 'native' | 'embedded'

/** An empty database to elaborate and prove in. */
export interface Scratch {
  readonly database: Database
  readonly engine: ScratchEngine | 'url'
  /** Removes everything that was made for it. */
  close(): Promise<void>
}

export interface ScratchOptions {
  readonly mode: ScratchMode
  /** The database that the command is about, which scratch should resemble. */
  readonly live: Database | null
  readonly liveUrl?: string
  /** May `auto` make a database on the server of the live one? */
  readonly mayWriteToLive: boolean
  /** Extensions that CREATE EXTENSION must find. */
  readonly extensions: readonly string[]
  /** Roles that must exist; on the live server they are the user's business. */
  readonly roles?: readonly string[]
  /** Roles that are objects of the comparison. Then scratch needs a server of its own, since it makes and drops them; `[]`: it runs SQL that does. */
  readonly managedRoles?: 'all' | readonly string[] | undefined
  /** Where the project is: server packages are looked for in its node_modules. */
  readonly cwd?: string
}

/**
 * Opens a scratch database. `auto` takes the live server where that may be written to, else server programs of the same major,
 * else the embedded engine; the first of these that has the extensions. Where roles take part, neither `auto` nor `server` takes
 * a server that others use.
 *
 * @throws DatabaseError when the engine is not there or lacks an extension
 * @example const scratch = await openScratch({ mode: 'auto', live, liveUrl, mayWriteToLive: true, extensions: ['citext'] })
 */
export async function openScratch(options: ScratchOptions): Promise<Scratch> {
  const scratch = await openEngine(options)
  try {
    await refuseMissing(scratch, options)
    await scratch.database.executeAll(SCRATCH_SETTINGS)
    const roles = await rolesToPrepare(options)
    if (scratch.engine === 'server') {
      scratch.database.borrowedRoles = null
      return scratch
    }
    if (scratch.engine === 'url') {
      scratch.database.borrowedRoles = new Set(await prepareRoles(scratch.database, roles))
      return withoutRoles(scratch, options, scratch.database.borrowedRoles)
    }
    scratch.database.madeRoles = new Set(await prepareRoles(scratch.database, roles, await roleOf(options.live)))
    return scratch
  } catch (error) {
    await scratch.close()
    throw error
  }
}

async function openEngine(options: ScratchOptions): Promise<Scratch> {
  if (options.managedRoles && options.mode === 'server') return openOwn(options)
  switch (options.mode) {
    case 'auto':
      return openAuto(options)
    case 'server':
      return openServer(options)
    case 'native':
      return openNative(options)
    case 'embedded':
      return openEmbedded()
    default:
      return openGiven(options.mode, options)
  }
}

async function openAuto(options: ScratchOptions): Promise<Scratch> {
  const { live, liveUrl, mayWriteToLive, managedRoles } = options
  if (live?.engine === 'postgres' && liveUrl && mayWriteToLive && !managedRoles && (await mayCreateDatabase(live))) {
    try {
      return await openServer(options)
    } catch (error) {
      if (!(error instanceof DatabaseError) || !NOT_HERE.includes(error.sqlState ?? '')) throw error
    }
  }
  return openOwn(options)
}

/** A whole server for scratch alone. */
async function openOwn(options: ScratchOptions): Promise<Scratch> {
  const { live, extensions } = options
  const embeds = extensions.every((name) => name === 'plpgsql' || embeddedExtensions().includes(name))
  if (live?.engine !== 'postgres' && embeds) return openEmbedded()
  const native = findNative({ major: nativeMajor(options), cwd: options.cwd, extensions })
  if (native && (!embeds || extensions.every((name) => hasExtension(native, name)))) return openNative(options)
  return openEmbedded()
}

/** The server of a given url outlives the run: roles made there go with the scratch database. */
function withoutRoles(scratch: Scratch, options: ScratchOptions, roles: ReadonlySet<string>): Scratch {
  let closing: Promise<void> | undefined
  const close = () => (closing ??= closeAndDrop().finally(forget))
  const forget = beforeExit({ gracefully: close })
  const closeAndDrop = async () => {
    await scratch.close()
    if (roles.size === 0) return
    const session = await openDatabase(options.mode, options.cwd ?? process.cwd())
    await session.executeAll([...roles].map((role) => `DROP ROLE IF EXISTS ${quoteIdent(role)}`)).finally(() => session.close())
  }
  return { ...scratch, close }
}

/** Roles that are objects are made as such; those that `all` leaves out are there in scratch, but for the superuser that initdb made under another name. */
async function rolesToPrepare({ roles = [], managedRoles, live }: ScratchOptions): Promise<readonly string[]> {
  if (managedRoles === undefined || roles.length === 0) return roles
  if (managedRoles !== 'all') return roles.filter((role) => !managedRoles.includes(role))
  const [[initial]] = live ? ((await live.query('SELECT rolname FROM pg_roles WHERE oid = 10')) as [[string]]) : [['postgres']]
  return roles.filter((role) => role === initial)
}

async function roleOf(live: Database | null): Promise<string | undefined> {
  if (!live) return undefined
  const [[role]] = (await live.query('SELECT current_user::text')) as [[string]]
  return role
}

/** Refusals that mean "not on this server": privilege, pg_hba.conf, a pooler that does not know new databases. */
const NOT_HERE = ['42501', '28000', '3D000', '08P01', '0A000', '53300']

async function openServer({ live, liveUrl }: ScratchOptions): Promise<Scratch> {
  if (live?.engine !== 'postgres' || !liveUrl) {
    throw new DatabaseError('scratch on the server needs a server: the database is an embedded one', {
      hint: 'set scratch to auto, native or embedded',
    })
  }
  const { database, drop } = await createTemporaryDatabase(liveUrl)
  return { database, engine: 'server', close: drop }
}

async function openNative(options: ScratchOptions): Promise<Scratch> {
  const server = await startNative({ major: nativeMajor(options), cwd: options.cwd, extensions: options.extensions })
  const database = await connectPostgres(server.url).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  const close = async () => {
    await database.close()
    await server.stop()
  }
  return { database, engine: 'native', close }
}

/** The major of the live database, else the newest there is. */
function nativeMajor({ live, cwd }: ScratchOptions): number {
  return live?.version.major ?? installedMajors(cwd ?? process.cwd()).at(-1) ?? 18
}

async function openEmbedded(): Promise<Scratch> {
  const database = await openPglite()
  return { database, engine: 'embedded', close: () => database.close() }
}

async function openGiven(url: string, options: ScratchOptions): Promise<Scratch> {
  if (options.managedRoles) {
    throw new DatabaseError('roles take part, and those of the server of the scratch url are not to be touched', {
      hint: 'set scratch (--scratch, AUTOGEN_SCRATCH) to auto, native or embedded, which have a server for scratch alone, or leave the roles out of manage(…)',
    })
  }
  const given = await openDatabase(url, options.cwd ?? process.cwd())
  try {
    await refuseObjects(given)
    if (given.engine === 'postgres' && (await mayCreateDatabase(given))) {
      const { database, drop } = await createTemporaryDatabase(url)
      await given.close()
      return { database, engine: 'url', close: drop }
    }
    return { database: given, engine: 'url', close: await claimGiven(given) }
  } catch (error) {
    await given.close()
    throw error
  }
}

const ENGINE_NAMES = { server: 'the server', url: 'the scratch server', native: 'the local server programs', embedded: 'the embedded engine' }

async function availableExtensions(database: Database): Promise<string[]> {
  return (await database.query('select name from pg_available_extensions')).map(([name]) => name as string)
}

async function refuseMissing({ database, engine }: Scratch, { extensions, managedRoles }: ScratchOptions): Promise<void> {
  if (extensions.length === 0) return
  const available = engine === 'embedded' ? ['plpgsql', ...embeddedExtensions()] : await availableExtensions(database)
  const missing = extensions.filter((name) => !available.includes(name))
  if (missing.length === 0) return
  throw new DatabaseError(`${ENGINE_NAMES[engine]}, which scratch runs on, does not have the extension ${missing.join(', ')}`, {
    hint: managedRoles
      ? `roles take part, so that scratch needs a server for itself: install server programs that have the extension, or leave the roles out of manage(…)`
      : engine === 'server'
        ? 'install it on the server, or set scratch (--scratch, AUTOGEN_SCRATCH) to the url of an empty database on one that has it'
        : 'set scratch (--scratch, AUTOGEN_SCRATCH) to server, or to the url of an empty database on a server that has it',
  })
}

/**
 * Opens the database that `url` names: `postgres://…`, `pglite://<directory>` (relative to `cwd`), or without one the embedded
 * database of the project in `.autogen/db`.
 *
 * @throws DatabaseError when it cannot be opened
 */
export async function openDatabase(url: string | undefined, cwd: string): Promise<Database> {
  if (url !== undefined && !/^pglite:/i.test(url)) return supported(await connectPostgres(url))
  const path = url?.replace(/^pglite:(\/\/)?/i, '')
  if (path === '') {
    throw new DatabaseError('the url of the embedded database names no directory', { hint: 'write pglite://<directory>' })
  }
  return openPglite({ dataDir: path === undefined ? join(cwd, '.autogen/db') : resolve(cwd, path) })
}

async function supported(database: Database): Promise<Database> {
  const { major } = database.version
  if (major >= OLDEST_MAJOR) return database
  await database.close()
  throw new DatabaseError(`${database.label} is PostgreSQL ${major}, which is too old`, { hint: `PostgreSQL ${OLDEST_MAJOR} and later are supported` })
}
