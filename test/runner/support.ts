import type { Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { hashSteps } from '../../src/revisions/record.js'
import type { Migration, Step } from '../../src/revisions/revision.js'
import { freshDatabase, freshPglite, type Engine } from '../support/servers.js'

/** Empty databases of an engine, one for each test. */
export class TestEngine {
  readonly manySessions: boolean
  #url = ''
  #embedded: Database | undefined
  #open: Database[] = []

  constructor(readonly engine: Engine) {
    this.manySessions = engine !== 'pglite'
  }

  /** Makes an empty database and opens a session with it. The embedded engine, which takes long to start, is emptied instead. */
  async fresh(): Promise<Database> {
    await this.#closeSessions()
    if (this.engine !== 'pglite') {
      this.#url = await freshDatabase(this.engine)
      return this.connect()
    }
    this.#embedded ??= await freshPglite()
    await this.#embedded.executeAll(['DROP SCHEMA IF EXISTS autogen CASCADE', 'DROP SCHEMA public CASCADE', 'CREATE SCHEMA public'])
    return this.#embedded
  }

  /** A further session with the same database. */
  async connect(): Promise<Database> {
    const database = await connectPostgres(this.#url)
    this.#open.push(database)
    return database
  }

  async close(): Promise<void> {
    await this.#closeSessions()
    await this.#embedded?.close()
  }

  async #closeSessions(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((database) => database.close()))
  }
}

/** Steps from SQL; what starts with `outside:` runs outside a transaction. */
export function steps(...statements: string[]): Step[] {
  return statements.map((text, index) => {
    const outside = text.startsWith('outside:')
    return { type: outside ? 'outside' : 'execute', sql: text.replace(/^outside:\s*/, ''), at: { file: '/migrations/m.ts', line: 10 + index } }
  })
}

export function migration(revision: string, revises: string[], upgrade: Step[], downgrade: Step[] | null = [], message = ''): Migration {
  return { revision, revises, dependsOn: [], branchLabels: [], message, file: `/migrations/${revision}.ts`, line: 3, upgrade, downgrade, checksum: hashSteps(upgrade) }
}

/** A single value. */
export async function value(database: Database, sql: string): Promise<unknown> {
  return (await database.query(sql))[0]?.[0]
}

export async function tables(database: Database): Promise<string> {
  const rows = await database.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
  return rows.map(([name]) => name).join(' ')
}
