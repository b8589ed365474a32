import { Socket } from 'node:net'
import { userInfo } from 'node:os'
import type { Client, CustomTypesConfig, QueryArrayResult } from 'pg'
import { DatabaseError } from '../errors.js'
import { connectionError } from './connection-error.js'
import { asLibpqReads, assertConnectionUrl, redactUrl, urlParameter, withUrlParameter } from './connection-url.js'
import type { Database, Row, ServerVersion } from './database.js'
import { passwordFromFile } from './password-file.js'
import { isServerError, noticeOf, statementError, type ServerMessage } from './server-error.js'
import { Turnstile, canBeFollowedBlindly } from './session.js'
import { parameterText, parserFor } from './values.js'

export { redactUrl } from './connection-url.js'

export interface PostgresOptions {
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string
  /** How long to wait for the connection; `connect_timeout` (seconds) in the url goes before. */
  readonly connectTimeoutMs?: number
}

/**
 * Connects to a server. PGHOST, PGUSER, PGPASSWORD and the like fill in what the url leaves out; `sslmode` means what it means to
 * psql.
 *
 * @throws DatabaseError saying why there is no connection, with the url without its password
 * @example const database = await connectPostgres('postgres://app:secret@localhost/shop')
 */
export async function connectPostgres(url: string, options: PostgresOptions = {}): Promise<Database> {
  assertConnectionUrl(url)
  const mode = urlParameter(url, 'sslmode') ?? process.env.PGSSLMODE
  const label = redactUrl(url)
  try {
    return await connect(url, label, options)
  } catch (error) {
    const { message, sqlState } = error as DatabaseError
    // psql without sslmode, or with allow or prefer, ends up with whichever the server takes.
    if ((mode === 'prefer' || mode === 'allow') && /does not offer TLS/.test(message)) {
      return connect(withUrlParameter(url, 'sslmode', 'disable'), label, options)
    }
    if (mode === undefined && sqlState === '28000' && /no encryption|SSL off|SSL required|TLS/i.test(message)) {
      return connect(withUrlParameter(url, 'sslmode', 'require'), label, options)
    }
    throw error
  }
}

async function connect(url: string, label: string, options: PostgresOptions): Promise<Database> {
  const { default: pg } = await import('pg')
  const seconds = Number(urlParameter(url, 'connect_timeout'))
  // The driver takes the user's name from $USER only, which containers often lack; psql asks the system.
  pg.defaults.user ||= userInfo().username
  let client: Client
  try {
    client = new pg.Client({
      connectionString: asLibpqReads(url),
      application_name: options.applicationName ?? 'pg-autogen',
      connectionTimeoutMillis: seconds > 0 ? seconds * 1000 : (options.connectTimeoutMs ?? 15_000),
      keepAlive: true,
      // Left to itself, the driver finds out by way of fetch which runtime it is in, and so loads all of fetch.
      stream: () => new Socket(),
      pipeline: true,
    } as ConstructorParameters<typeof pg.Client>[0])
  } catch (error) {
    // Such as an unreadable sslrootcert; the code of a file error would be taken for one of the network.
    throw connectionError((error as Error).message, label, undefined)
  }
  // The driver reads the password file too, but announces on stderr that it will stop doing so.
  const { host, port, database: name, user } = client
  if (client.password == null) client.password = passwordFromFile({ host, port, database: name, user })
  const database = new PostgresDatabase(client, label, () => connect(url, label, options), () => endClient(client))
  try {
    await client.connect()
  } catch (error) {
    throw connectionError(error, label, typeof client.password === 'string' ? client.password : undefined)
  }
  return database
}

/**
 * The session of a client that somebody else made and will end; closing it only calls `giveBack`.
 *
 * @example const database = await borrowClient(client, () => client.release())
 */
export async function borrowClient(client: Client, giveBack: () => void, another?: () => Promise<Database>): Promise<Database> {
  const { host, port, database: name, user } = client
  const label = redactUrl(`postgres://${encodeURIComponent(user ?? '')}@${host.startsWith('/') ? '' : host}:${port}/${encodeURIComponent(name ?? '')}`)
  const database = new PostgresDatabase(client, label, another, async () => giveBack())
  await database.readVersion()
  return database
}

async function endClient(client: Client): Promise<void> {
  const { stream } = internals(client).connection
  // A statement that still runs would hold the goodbye back until it ends.
  const impatience = setTimeout(() => stream.destroy(), 2_000)
  await client.end().catch(() => undefined)
  clearTimeout(impatience)
}

const types: CustomTypesConfig = { getTypeParser: ((oid: number) => parserFor(oid)) as CustomTypesConfig['getTypeParser'] }

class PostgresDatabase implements Database {
  readonly engine = 'postgres'
  readonly #turnstile = new Turnstile()
  readonly #client: Client
  readonly another?: () => Promise<Database>
  #version: ServerVersion = { number: 0, major: 0 }
  #lost: Error | undefined
  readonly #end: () => Promise<void>
  readonly #onError = (error: Error) => void (this.#lost ??= error)
  readonly #onParameter = ({ parameterName, parameterValue }: ParameterStatus) => {
    if (parameterName === 'server_version') this.#version = parseVersion(parameterValue)
  }
  readonly #onNotice = (notice: unknown) => this.#listeners.forEach((listener) => listener(noticeOf(notice as ServerMessage)))
  readonly #listeners: ((notice: { severity: string; message: string }) => void)[] = []

  constructor(
    client: Client,
    readonly label: string,
    another: (() => Promise<Database>) | undefined,
    end: () => Promise<void>,
  ) {
    this.#client = client
    this.#end = end
    if (another) this.another = another
    // Without a listener a connection lost between two statements would end the process.
    client.on('error', this.#onError)
    client.on('notice', this.#onNotice)
    internals(client).connection.on('parameterStatus', this.#onParameter)
  }

  get version(): ServerVersion {
    return this.#version
  }

  query(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.#turnstile.run(() => this.#corked(() => this.#send(sql, parameters)).catch((error) => this.#fail(error, sql)))
  }

  queryAll(statements: readonly string[]): Promise<Row[][]> {
    return this.#turnstile.run(() => this.#sendAll(statements, 0, statements.length))
  }

  executeAll(statements: readonly string[]): Promise<void> {
    return this.#turnstile.run(async () => {
      for (let from = 0; from < statements.length; ) {
        let to = from + 1
        if (this.#inTransaction && canBeFollowedBlindly(statements[from]!)) {
          while (to < statements.length && canBeFollowedBlindly(statements[to]!)) to++
        }
        await this.#sendAll(statements, from, to)
        from = to
      }
    })
  }

  onNotice(listener: (notice: { severity: string; message: string }) => void): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    await this.#end()
    this.#client.off('error', this.#onError)
    this.#client.off('notice', this.#onNotice)
    internals(this.#client).connection.off('parameterStatus', this.#onParameter)
  }

  /** Asks a session that began before for what it told at its beginning. */
  async readVersion(): Promise<void> {
    const [[version]] = (await this.query('SHOW server_version')) as [[string]]
    this.#version = parseVersion(version)
  }

  get #alive(): boolean {
    return !internals(this.#client).connection.stream.destroyed
  }

  get #inTransaction(): boolean {
    return (internals(this.#client).getTransactionStatus?.() ?? 'I') !== 'I'
  }

  /** Sends `statements[from..to)` at once and waits for all; throws the first failure. */
  async #sendAll(statements: readonly string[], from: number, to: number): Promise<Row[][]> {
    const sent = this.#corked(() => statements.slice(from, to).map((statement) => this.#send(statement, [])))
    const outcomes = await Promise.allSettled(sent)
    return outcomes.map((outcome, index) =>
      outcome.status === 'fulfilled' ? outcome.value : this.#fail(outcome.reason, statements[from + index]!, from + index),
    )
  }

  /** Lets the messages of what is sent go out together. */
  #corked<T>(send: () => T): T {
    const { stream } = internals(this.#client).connection
    stream.cork()
    try {
      return send()
    } finally {
      stream.uncork()
    }
  }

  #send(text: string, parameters: unknown[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      const done: QueryCallback = (error, result) => {
        if (error) reject(error)
        else resolve((Array.isArray(result) ? result.at(-1)! : result).rows)
      }
      internals(this.#client).query({ text, rowMode: 'array', types }, parameters.map(parameterText), done)
    })
  }

  #fail(error: unknown, statement: string, index?: number): never {
    const terminated = isServerError(error) && TERMINATED.test(error.code!)
    if (!this.#lost && !terminated && this.#alive) throw statementError(error, statement, index)
    const cause = isServerError(error) ? error : (this.#lost ?? error)
    const what = isServerError(cause) ? `: ${cause.message}` : ''
    throw new DatabaseError(`the connection to ${this.label} was lost${what}`, {
      sqlState: isServerError(cause) ? cause.code : '08006',
      hint: 'look at the log of the server; then run the command again',
      statement,
      index,
    })
  }
}

/** SQLSTATEs with which a server ends a session. */
const TERMINATED = /^(57P0[1-5]|25P03)$/

/** Several results when the text holds several statements. */
type QueryCallback = (error: Error | null, result: QueryArrayResult | QueryArrayResult[]) => void

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

/** What the driver has but its types do not say. */
interface Internals {
  readonly connection: {
    readonly stream: import('node:net').Socket
    on(event: 'parameterStatus', listener: (message: ParameterStatus) => void): void
    off(event: 'parameterStatus', listener: (message: ParameterStatus) => void): void
  }
  /** Missing in older versions of the driver, of which a given client may be. */
  getTransactionStatus?(): string | null
  query(config: { text: string; rowMode: 'array'; types: CustomTypesConfig }, values: (string | null)[], callback: QueryCallback): void
}

function internals(client: Client): Internals {
  return client as unknown as Internals
}

/** `15.18 (Debian 15.18-1)` or `19beta1`, as libpq reads it. */
function parseVersion(text: string): ServerVersion {
  const [, major, minor] = /^(\d+)(?:\.(\d+))?/.exec(text) ?? []
  return { number: Number(major) * 10_000 + Number(minor ?? 0), major: Number(major) }
}
