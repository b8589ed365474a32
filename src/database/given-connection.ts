import type { PGlite } from '@electric-sql/pglite'
import type { Client } from 'pg'
import { DatabaseError, UsageError } from '../errors.js'
import type { Database } from './database.js'
import { borrowPglite } from './pglite.js'
import { borrowClient } from './postgres.js'

/** A client of node-postgres, also one that a pool lends. */
export interface GivenClient {
  readonly processID?: unknown
  connect(...parameters: never[]): unknown
  query(...parameters: never[]): unknown
}

/** A pool of node-postgres. */
export interface GivenPool {
  readonly idleCount: number
  readonly totalCount: number
  readonly options: { readonly max?: number }
  connect(): Promise<GivenClient & { release(): void }>
}

/** An instance of PGlite. */
export interface GivenPglite {
  readonly waitReady: Promise<void>
  execProtocolStream(...parameters: never[]): unknown
}

/** A connection that the caller made and ends: a connected client of node-postgres, a pool of them, or PGlite. */
export type GivenConnection = GivenClient | GivenPool | GivenPglite

/**
 * The session that a given connection is; `close` leaves it as it was found and gives it back.
 *
 * @throws UsageError for something else, or a client that is not connected
 * @example const database = await borrowConnection(pool)
 */
export async function borrowConnection(connection: GivenConnection): Promise<Database> {
  if ('execProtocolStream' in connection) return borrowPglite(connection as unknown as PGlite)
  if ('idleCount' in connection) {
    const pool = connection
    const borrow = async (): Promise<Database> => {
      const client = await pool.connect()
      return borrowClient(client as unknown as Client, () => client.release(), another)
    }
    // A pool that is used up would keep whoever asks waiting, perhaps for us.
    const another = async (): Promise<Database> => {
      if (pool.idleCount === 0 && pool.totalCount >= (pool.options.max ?? 10)) throw new DatabaseError('the pool has no further connection')
      return borrow()
    }
    return borrow()
  }
  if (typeof connection.query !== 'function' || !('processID' in connection)) {
    throw new UsageError('the connection is none that is known', { hint: 'give a Client or Pool of pg, or a PGlite' })
  }
  if (connection.processID == null) throw new UsageError('the client is not connected', { hint: 'call connect() first' })
  return borrowClient(connection as unknown as Client, () => undefined)
}
