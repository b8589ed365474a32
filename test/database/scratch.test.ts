import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { openDatabase, openScratch, type Scratch, type ScratchOptions } from '../../src/database/scratch.js'
import { DatabaseError } from '../../src/errors.js'
import { freshDatabase, freshPglite, majors, server } from '../support/servers.js'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

function closing<T extends { close(): Promise<void> }>(one: T): T {
  opened.push(one)
  return one
}

async function live(major: number): Promise<{ live: Database; liveUrl: string }> {
  const liveUrl = await freshDatabase(major)
  return { live: closing(await connectPostgres(liveUrl)), liveUrl }
}

const base = { mode: 'auto', live: null, mayWriteToLive: true, extensions: [] } satisfies ScratchOptions

const count = async (database: Database, sql: string) => Number((await database.query(`select count(*) from ${sql}`))[0]![0])
/** Scratch databases of this process, and of others that are named: the server is shared with other tests. */
const scratchDatabases = (database: Database, ...pids: (number | undefined)[]) =>
  count(database, `pg_database where datname ~ '^autogen_scratch_(${[process.pid, ...pids].join('|')})_'`)

async function worksAsScratch({ database }: Scratch): Promise<void> {
  await database.executeAll(['BEGIN', 'CREATE TABLE a (id int)', 'ROLLBACK'])
  await database.executeAll(['BEGIN', 'CREATE TABLE a (id int)', 'COMMIT', 'CREATE INDEX CONCURRENTLY ON a (id)'])
  expect(await count(database, `pg_class where relname = 'a'`)).toBe(1)
}

describe.each(majors)('on a server of major %i', (major) => {
  test('auto makes a temporary database on it and drops it', async () => {
    const target = await live(major)
    const scratch = await openScratch({ ...base, ...target })
    expect(scratch.engine).toBe('server')
    expect(scratch.database.label).not.toBe(target.live.label)
    await worksAsScratch(scratch)
    expect(await scratchDatabases(target.live)).toBe(1)
    await scratch.close()
    expect(await scratchDatabases(target.live)).toBe(0)
  })

  test('a server that is only checked is not written to: its major runs natively', async () => {
    const target = await live(major)
    const scratch = closing(await openScratch({ ...base, ...target, mayWriteToLive: false }))
    expect(scratch.engine).toBe('native')
    expect(scratch.database.version.major).toBe(major)
    expect(await scratchDatabases(target.live)).toBe(0)
    await worksAsScratch(scratch)
  })

  test('a role that may not create databases gets a native engine', async () => {
    const admin = await live(major)
    await admin.live.executeAll([`CREATE ROLE plain_${major} LOGIN`])
    const liveUrl = admin.liveUrl.replace('//postgres@', `//plain_${major}@`)
    const plain = closing(await connectPostgres(liveUrl))
    const scratch = closing(await openScratch({ ...base, live: plain, liveUrl }))
    expect(scratch.engine).toBe('native')
  })

  test('a temporary database has the encoding and locale of the live one', async () => {
    const { url } = await server(major)
    const admin = closing(await connectPostgres(url))
    const name = `latin_${major}`
    const icu = major >= 15 ? `LOCALE_PROVIDER icu ICU_LOCALE 'de'` : ''
    await admin.executeAll([`DROP DATABASE IF EXISTS ${name}`, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' ${icu}`])
    const liveUrl = url.replace('/postgres?', `/${name}?`)
    const database = closing(await connectPostgres(liveUrl))
    const scratch = closing(await openScratch({ ...base, mode: 'server', live: database, liveUrl }))
    const locale = `select to_jsonb(d) - '{oid,datname,datfrozenxid,datminmxid,datconnlimit,datacl,dattablespace}'::text[] from pg_database d where datname = current_database()`
    expect(await scratch.database.query(locale)).toEqual(await database.query(locale))
  })

  test('settings of the role do not reach scratch', async () => {
    const admin = await live(major)
    await admin.live.executeAll([
      `CREATE ROLE careful_${major} LOGIN CREATEDB`,
      `ALTER ROLE careful_${major} SET default_transaction_read_only = on`,
      `ALTER ROLE careful_${major} SET statement_timeout = '1s'`,
    ])
    const liveUrl = admin.liveUrl.replace('//postgres@', `//careful_${major}@`)
    const careful = closing(await connectPostgres(liveUrl))
    const scratch = closing(await openScratch({ ...base, live: careful, liveUrl }))
    expect(scratch.engine).toBe('server')
    await worksAsScratch(scratch)
    expect(await scratch.database.query('show statement_timeout')).toEqual([['0']])
  })

  test('what a killed run left is dropped by the next one, what a running one uses is not', async () => {
    const target = await live(major)
    const other = await openScratch({ ...base, mode: 'server', ...target })
    const child = await scratchInChild(target.liveUrl, 'server')
    expect(await scratchDatabases(target.live, child.pid)).toBe(2)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await sessionsGone(target.live)
    expect(await scratchDatabases(target.live, child.pid)).toBe(2)
    const next = await openScratch({ ...base, mode: 'server', ...target })
    expect(await scratchDatabases(target.live, child.pid)).toBe(2)
    await other.database.query('select 1')
    await next.close()
    await other.close()
    expect(await scratchDatabases(target.live, child.pid)).toBe(0)
  })

  test('Ctrl-C drops it', async () => {
    const target = await live(major)
    const child = await scratchInChild(target.liveUrl, 'server')
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([null, 'SIGINT'])
    expect(await scratchDatabases(target.live, child.pid)).toBe(0)
  })

  test('Ctrl-C drops the roles made on the server of a given url, too', async () => {
    const target = await live(major)
    const child = await scratchInChild(target.liveUrl, await freshDatabase(major), `interrupted_${major}`)
    const roles = `pg_roles where rolname = 'interrupted_${major}'`
    expect(await count(target.live, roles)).toBe(1)
    child.kill('SIGINT')
    await once(child, 'exit')
    expect(await count(target.live, roles)).toBe(0)
  })

  test('a given url: the database itself stays as it was', async () => {
    const url = await freshDatabase(major)
    const scratch = await openScratch({ ...base, mode: url as 'auto' })
    expect(scratch.engine).toBe('url')
    await worksAsScratch(scratch)
    await scratch.close()
    const given = closing(await connectPostgres(url))
    expect(await count(given, `pg_class where relname = 'a'`)).toBe(0)
    await given.executeAll(['CREATE TABLE precious ()'])
    await expect(openScratch({ ...base, mode: url as 'auto' })).rejects.toThrow(/is not empty: it holds table precious/)
    expect(await count(given, `pg_class where relname = 'precious'`)).toBe(1)
  })

  test('a given url whose role may not create databases: emptied afterwards', async () => {
    const admin = await live(major)
    const role = `tenant_${major}`
    const name = new URL(admin.liveUrl.replace('@/', '@x/')).pathname.slice(1)
    await admin.live.executeAll([`CREATE ROLE ${role} LOGIN`, `ALTER DATABASE ${name} OWNER TO ${role}`, `GRANT ALL ON SCHEMA public TO ${role}`, `ALTER SCHEMA public OWNER TO ${role}`])
    const state = `select pg_get_userbyid(nspowner), nspacl, obj_description(oid) from pg_namespace where nspname = 'public'`
    const before = await admin.live.query(state)
    const url = admin.liveUrl.replace('//postgres@', `//${role}@`)
    const scratch = await openScratch({ ...base, mode: url as 'auto' })
    await worksAsScratch(scratch)
    await expect(openScratch({ ...base, mode: url as 'auto' })).rejects.toThrow(DatabaseError)
    await scratch.database.executeAll(['CREATE SCHEMA other', 'CREATE TYPE other.mood AS ENUM ()', 'BEGIN', 'CREATE TABLE open_transaction ()'])
    await scratch.close()
    expect(await admin.live.query(state)).toEqual(before)
    const again = await openScratch({ ...base, mode: url as 'auto' })
    await again.close()
  })

  test('missing roles are never made on the live server', async () => {
    const target = await live(major)
    closing(await openScratch({ ...base, mode: 'server', ...target, roles: ['nobody_here'] }))
    expect(await count(target.live, `pg_roles where rolname = 'nobody_here'`)).toBe(0)
  })

  test('roles made on the server of a given url are gone afterwards', async () => {
    const url = await freshDatabase(major)
    const scratch = await openScratch({ ...base, mode: url as 'auto', roles: ['made_up', 'postgres'] })
    await scratch.database.executeAll(['CREATE SCHEMA s AUTHORIZATION made_up'])
    await scratch.close()
    const given = closing(await connectPostgres(url))
    expect(await count(given, `pg_roles where rolname in ('made_up', 'postgres')`)).toBe(1)
  })

  test('an extension the server lacks', async () => {
    const target = await live(major)
    const failure = openScratch({ ...base, mode: 'server', ...target, extensions: ['citext', 'no_such_extension'] })
    await expect(failure).rejects.toMatchObject({
      message: expect.stringContaining('does not have the extension no_such_extension'),
      hint: expect.stringContaining('--scratch'),
    })
    expect(await scratchDatabases(target.live)).toBe(0)
  })

  test('native works as the role of the live session', async () => {
    const target = await live(major)
    await target.live.executeAll([`CREATE ROLE "App Owner ${major}"`, `SET ROLE "App Owner ${major}"`])
    const scratch = closing(await openScratch({ ...base, mode: 'native', ...target }))
    await worksAsScratch(scratch)
    expect(await scratch.database.query(`select pg_get_userbyid(relowner)::text from pg_class where relname = 'a'`)).toEqual([[`App Owner ${major}`]])
  })

  test('native: missing roles are made up, extensions are found', async () => {
    const target = await live(major)
    const scratch = closing(await openScratch({ ...base, mode: 'native', ...target, extensions: ['citext'], roles: ['app', 'Röle "x"', 'postgres'] }))
    await scratch.database.executeAll(['CREATE EXTENSION citext', 'CREATE SCHEMA s AUTHORIZATION "Röle ""x"""'])
  })
})

test('without a server, auto takes the embedded engine, with the extensions', async () => {
  const embedded = closing(await freshPglite())
  const scratch = closing(await openScratch({ ...base, live: embedded, extensions: ['citext', 'plpgsql'], roles: ['app'] }))
  expect(scratch.engine).toBe('embedded')
  await worksAsScratch(scratch)
  await scratch.database.executeAll(['CREATE EXTENSION citext', 'CREATE SCHEMA s AUTHORIZATION app'])
})

test('an extension no engine has: the error names the setting', async () => {
  const failure = openScratch({ ...base, extensions: ['no_such_extension'] })
  await expect(failure).rejects.toMatchObject({ hint: expect.stringContaining('scratch') })
})

test('scratch on the server with an embedded database is refused', async () => {
  const embedded = closing(await freshPglite())
  await expect(openScratch({ ...base, mode: 'server', live: embedded })).rejects.toThrow(/the database is an embedded one/)
})

test('the database of the project without a url is an embedded one in .autogen', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'autogen-project-'))
  try {
    const first = await openDatabase(undefined, folder)
    await first.executeAll(['CREATE TABLE kept (id int)', 'CREATE EXTENSION citext'])
    await expect(openDatabase(undefined, folder)).rejects.toThrow(new RegExp(`is in use by process ${process.pid}`))
    await first.close()
    const again = closing(await openDatabase('pglite://.autogen/db', folder))
    expect(await count(again, `pg_class where relname = 'kept'`)).toBe(1)
    expect(await again.query(`select 'A'::citext = 'a'`)).toEqual([[true]])
  } finally {
    for (const one of opened.splice(0)) await one.close()
    rmSync(folder, { recursive: true })
  }
})

/** A process of its own that has opened scratch and waits. */
async function scratchInChild(liveUrl: string, mode: string, ...roles: string[]) {
  const script = path.resolve('test/support/open-scratch.mjs')
  const child = spawn(process.execPath, [script, liveUrl, mode, ...roles], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

/** The server notices a moment later that a killed client is gone. */
async function sessionsGone(database: Database): Promise<void> {
  const sessions = `pg_stat_activity where application_name = 'pg-autogen scratch'`
  for (let tries = 0; tries < 200 && (await count(database, sessions)) > 1; tries++) await new Promise((resolve) => setTimeout(resolve, 10))
}
