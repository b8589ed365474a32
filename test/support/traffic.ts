import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'

/** What an application does again and again: SQL with the number of a row as `$1`. */
export interface TrafficQuery {
  readonly name: string
  readonly sql: string
}

export interface TrafficOptions {
  readonly url: string
  readonly reads: readonly TrafficQuery[]
  readonly writes: readonly TrafficQuery[]
  /** The rows that there are: 1 up to this. */
  readonly rows: number
  readonly readers?: number
  readonly writers?: number
  /** What each session rests between two queries. */
  readonly pauseMs?: number
}

export interface TrafficReport {
  readonly queries: number
  /** The longest that a query of each name took, the worst first. */
  readonly longest: readonly { readonly name: string; readonly ms: number }[]
  /** What failed, as `name: message`. */
  readonly failures: readonly string[]
  /** By how much this process itself was late at most: it, too, has but a part of a processor. */
  readonly lateMs: number
}

/** Sessions that do an application's queries all the time, until `stop`. */
export class Traffic {
  readonly #sessions: Promise<void>[]
  readonly #longest = new Map<string, number>()
  readonly #failures: string[] = []
  readonly #delay = monitorEventLoopDelay({ resolution: 10 })
  #queries = 0
  #over = false

  /** Connects the sessions, and comes back once they are at work. */
  static async start(options: TrafficOptions): Promise<Traffic> {
    const { url, reads, writes, readers = 8, writers = 8 } = options
    const kinds = [...Array<readonly TrafficQuery[]>(readers).fill(reads), ...Array<readonly TrafficQuery[]>(writers).fill(writes)]
    const sessions = await Promise.all(kinds.map(async (queries) => ({ queries, database: await connectPostgres(url) })))
    const traffic = new Traffic(sessions, options)
    await sleep(100)
    return traffic
  }

  private constructor(sessions: readonly { readonly database: Database; readonly queries: readonly TrafficQuery[] }[], options: TrafficOptions) {
    this.#delay.enable()
    this.#sessions = sessions.map(({ database, queries }, index) => this.#work(database, queries, index, options).finally(() => database.close()))
  }

  /** Ends the sessions, after a moment in which they notice what has changed. */
  async stop(): Promise<TrafficReport> {
    await sleep(200)
    this.#over = true
    await Promise.all(this.#sessions)
    this.#delay.disable()
    const longest = [...this.#longest].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms)
    return { queries: this.#queries, longest, failures: this.#failures, lateMs: this.#delay.max / 1e6 }
  }

  async #work(database: Database, queries: readonly TrafficQuery[], first: number, { rows, pauseMs = 5 }: TrafficOptions): Promise<void> {
    for (let turn = first; !this.#over; turn++) {
      const { name, sql } = queries[turn % queries.length]!
      const began = performance.now()
      await database.query(sql, [1 + Math.floor(Math.random() * rows)]).catch((error: Error) => void this.#failures.push(`${name}: ${error.message}`))
      this.#longest.set(name, Math.max(this.#longest.get(name) ?? 0, performance.now() - began))
      this.#queries++
      await sleep(pauseMs)
    }
  }
}

/** A session that reads tables and then keeps its transaction open, as a report or a forgotten console does, until it is told to let go. */
export async function keepOpen(url: string, tables: readonly string[]): Promise<{ letGo(): Promise<void> }> {
  const session = await connectPostgres(url)
  await session.executeAll(["SET application_name = 'report'", 'BEGIN', ...tables.map((table) => `SELECT FROM ${table} LIMIT 1`)])
  return { letGo: () => session.executeAll(['COMMIT']).finally(() => session.close()) }
}
