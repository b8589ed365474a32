import { existsSync, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { PGlite, protocol } from '@electric-sql/pglite'
import { DatabaseError } from '../errors.js'
import { cacheDirectory, writeWhole } from './cache.js'
import { beforeExit } from './cleanup.js'
import type { Database, Row, ServerVersion } from './database.js'
import { lockDirectory } from './directory-lock.js'
import { ExtensionInstaller, embeddedExtensions, type EngineFiles } from './embedded-extensions.js'
import { noticeOf, statementError, type ServerMessage } from './server-error.js'
import { Turnstile } from './session.js'
import { parameterText, parserFor, type ValueParser } from './values.js'

export { embeddedExtensions } from './embedded-extensions.js'

export interface PgliteOptions {
  /** The directory of the database, made when it is not there; in memory without. */
  readonly dataDir?: string
  /** Extensions that it must have; CREATE EXTENSION finds these and every other one. */
  readonly extensions?: readonly string[]
}

/**
 * Opens the embedded engine. A directory on disk serves one process at a time.
 *
 * @throws DatabaseError when the directory is in use, or an extension is not available
 * @example const database = await openPglite({ extensions: ['citext'] })
 */
export async function openPglite(options: PgliteOptions = {}): Promise<Database> {
  const { extensions = [] } = options
  const unknown = extensions.filter((name) => name !== 'plpgsql' && !embeddedExtensions().includes(name))
  if (unknown.length > 0) {
    throw new DatabaseError(`the embedded engine does not have the extension ${unknown.join(', ')}`, {
      hint: `use a server (the setting scratch, or the database url); it has ${embeddedExtensions().join(', ')}`,
    })
  }
  if (options.dataDir === undefined) return start(undefined, () => undefined)
  const directory = resolve(options.dataDir)
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw new DatabaseError(`cannot make the directory ${directory} of the embedded database`, { detail: (error as Error).message })
  }
  const unlock = lockDirectory(directory)
  try {
    return await start(directory, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

async function start(directory: string | undefined, unlock: () => void): Promise<Database> {
  const { PGlite, protocol } = await import('@electric-sql/pglite')
  const exists = directory !== undefined && existsSync(join(directory, 'PG_VERSION'))
  try {
    const engine = await PGlite.create({
      dataDir: directory,
      loadDataDir: exists ? undefined : new Blob([await template(PGlite)]),
      // Thousands of objects made in one transaction need a lock each.
      startParams: [...PGlite.defaultStartParams, '-c', 'max_locks_per_transaction=4096'],
    })
    let forget = (): void => undefined
    const database = new PgliteDatabase(engine, protocol, directory ? `pglite://${directory}` : 'the embedded engine', async () => {
      await engine.close().catch(() => undefined)
      unlock()
      forget()
    })
    forget = beforeExit({ gracefully: () => database.close(), atExit: unlock })
    await database.getReady()
    return database
  } catch (error) {
    if (error instanceof DatabaseError) throw error
    throw new DatabaseError(`the embedded engine does not start${directory ? ` in ${directory}` : ''}`, {
      detail: error instanceof Error ? error.message : String(error),
      hint: directory && 'the directory may belong to another version of PostgreSQL or be damaged: move it away, or give another one',
      cause: error,
    })
  }
}

/**
 * The session of an engine that somebody else started and will close.
 *
 * @example const database = await borrowPglite(await PGlite.create())
 */
export async function borrowPglite(engine: PGlite): Promise<Database> {
  const { protocol } = await import('@electric-sql/pglite')
  await engine.waitReady
  const database = new PgliteDatabase(engine, protocol, 'the embedded engine', async () => undefined)
  await database.getReady()
  return database
}

/** A fresh data directory as a tar file, made once per PGlite version: initdb takes seconds. */
async function template(engine: typeof PGlite): Promise<Uint8Array<ArrayBuffer>> {
  const file = join(await cacheDirectory(), `pglite-${await packageVersion()}.tar`)
  const cached = await readFile(file).catch(() => undefined)
  if (cached) return cached
  const fresh = await engine.create({
    // Segments of 16 MB would be half of the template.
    initDbStartParams: ['--wal-segsize=1'],
  })
  try {
    const bytes = new Uint8Array(await (await fresh.dumpDataDir('none')).arrayBuffer())
    // Without a place to keep it, the next run makes it again.
    await writeWhole(file, bytes).catch(() => undefined)
    return bytes
  } finally {
    await fresh.close()
  }
}

async function packageVersion(): Promise<string> {
  const { createRequire } = await import('node:module')
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite/pglite.wasm')
  const manifest = await readFile(join(entry, '../../package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

/** After this long without a pause, timers and signals get a turn. */
const BREATH_MS = 50

class PgliteDatabase implements Database {
  readonly engine = 'pglite'
  readonly #turnstile = new Turnstile()
  readonly #engine: PGlite
  readonly #protocol: typeof protocol
  readonly #listeners: ((notice: { severity: string; message: string }) => void)[] = []
  readonly #extensions: ExtensionInstaller
  readonly #end: () => Promise<void>
  #version: ServerVersion = { number: 0, major: 0 }
  #breathed = performance.now()
  #closed = false

  constructor(
    engine: PGlite,
    wire: typeof protocol,
    readonly label: string,
    end: () => Promise<void>,
  ) {
    this.#engine = engine
    this.#extensions = new ExtensionInstaller(engine.Module.FS as unknown as EngineFiles)
    this.#protocol = wire
    this.#end = end
  }

  get version(): ServerVersion {
    return this.#version
  }

  /** Reads the version, and installs the extensions that a database on disk uses. */
  async getReady(): Promise<void> {
    const [row] = await this.query(`select current_setting('server_version_num')::int, array(select extname from pg_extension)`)
    const [number, created] = row as [number, string[]]
    this.#extensions.install(created)
    this.#version = { number, major: Math.floor(number / 10_000) }
  }

  query(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.#turnstile.run(() => this.#run(sql, parameters))
  }

  queryAll(statements: readonly string[]): Promise<Row[][]> {
    return this.#turnstile.run(async () => {
      const results: Row[][] = []
      for (const [index, statement] of statements.entries()) results.push(await this.#run(statement, [], index))
      return results
    })
  }

  executeAll(statements: readonly string[]): Promise<void> {
    return this.#turnstile.run(async () => {
      for (const [index, statement] of statements.entries()) await this.#run(statement, [], index)
    })
  }

  onNotice(listener: (notice: { severity: string; message: string }) => void): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turnstile.run(() => this.#end())
  }

  async #run(sql: string, parameters: unknown[], index?: number): Promise<Row[]> {
    if (this.#closed && !this.#engine.ready) throw new DatabaseError(`${this.label} is closed`, { statement: sql, index })
    await this.#breathe()
    this.#extensions.prepareFor(sql)
    const { serialize } = this.#protocol
    const message =
      parameters.length === 0
        ? // Nobody sends what COPY FROM STDIN waits for; elsewhere the message is ignored.
          concatenated([serialize.query(sql), ...(/\bstdin\b/i.test(sql) ? [serialize.copyFail('there is no data on stdin')] : [])])
        : concatenated([
            serialize.parse({ text: sql }),
            serialize.bind({ values: parameters.map(parameterText) }),
            serialize.describe({ type: 'P' }),
            serialize.execute(),
            serialize.sync(),
          ])
    const answers = await this.#engine
      .execProtocolStream(message, { syncToFs: false, throwOnError: false, onNotice: (notice) => this.#notify(notice) })
      .catch((error: unknown) => {
        throw statementError(error, sql, index)
      })
    if (answers.at(-1)?.name !== 'readyForQuery') {
      throw new DatabaseError(`${this.label} broke down at this statement`, {
        statement: sql,
        index,
        hint: 'it may have run out of memory; a server has no such limit',
      })
    }
    let rows: Row[] = []
    let parsers: ValueParser[] = []
    for (const answer of answers) {
      if (answer.name === 'error') throw statementError(answer, sql, index)
      if (answer.name === 'rowDescription') {
        parsers = (answer as unknown as RowDescription).fields.map((field) => parserFor(field.dataTypeID))
        rows = []
      } else if (answer.name === 'dataRow') {
        rows.push((answer as unknown as DataRow).fields.map((text, column) => (text === null ? null : parsers[column]!(text))))
      }
    }
    return rows
  }

  /** The engine works on this thread: without a pause, neither a progress line nor Ctrl-C would get through. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#breathed < BREATH_MS) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#breathed = performance.now()
  }

  #notify(notice: ServerMessage): void {
    for (const listener of this.#listeners) listener(noticeOf(notice))
  }
}

interface RowDescription {
  readonly fields: readonly { readonly dataTypeID: number }[]
}

interface DataRow {
  readonly fields: readonly (string | null)[]
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
