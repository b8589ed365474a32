import type { Database } from '../../src/database/database.js'
import { startNative, type NativeServer } from '../../src/database/native.js'
import { openPglite } from '../../src/database/pglite.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { hashSteps } from '../../src/revisions/record.js'
import type { Migration, Step } from '../../src/revisions/revision.js'

/** A database for one test at a time; `connect` opens further sessions where the engine has them. */
export interface TestEngine {
  readonly name: string
  readonly manySessions: boolean
  start(): Promise<void>
  /** Makes an empty database and opens a session with it. */
  fresh(): Promise<Database>
  connect(): Promise<Database>
  stop(): Promise<void>
}

export function server(major: number): TestEngine {
  let running: NativeServer
  let admin: Database
  let count = 0
  const open: Database[] = []
  const connect = async () => {
    const database = await connectPostgres(running.url.replace('/postgres?', `/t${count}?`))
    open.push(database)
    return database
  }
  return {
    name: `PostgreSQL ${major}`,
    manySessions: true,
    start: async () => {
      running = await startNative({ major })
      admin = await connectPostgres(running.url)
    },
    fresh: async () => {
      await Promise.all(open.splice(0).map((database) => database.close()))
      count++
      await admin.executeAll([`CREATE DATABASE t${count}`])
      return connect()
    },
    connect,
    stop: async () => {
      await Promise.all([...open, admin].map((database) => database.close()))
      await running.stop()
    },
  }
}

export function embedded(): TestEngine {
  let database: Database
  return {
    name: 'PGlite',
    manySessions: false,
    start: async () => {
      database = await openPglite()
    },
    fresh: async () => {
      await database.executeAll(['DROP SCHEMA IF EXISTS autogen CASCADE', 'DROP SCHEMA public CASCADE', 'CREATE SCHEMA public'])
      return database
    },
    connect: () => Promise.reject(new Error('the embedded engine has one session')),
    stop: () => database.close(),
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
