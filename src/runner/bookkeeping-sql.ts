import type { RowChange } from '../revisions/version-rows.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'

export const DEFAULT_VERSION_SCHEMA = 'autogen'

/** The tables of the bookkeeping, as SQL names them, and the statements that make what is missing of them. */
export interface BookkeepingTables {
  readonly version: string
  readonly history: string
  /** Only for runs behind a pooler. */
  readonly lock: string
  readonly createSchema: string
  readonly createVersion: string
  readonly createHistory: string
  readonly createLock: string
}

/** @example bookkeepingTables('autogen').version // autogen.autogen_version */
export function bookkeepingTables(schema: string): BookkeepingTables {
  const version = qualified(schema, 'autogen_version')
  const history = qualified(schema, 'autogen_history')
  const lock = qualified(schema, 'autogen_lock')
  return {
    version,
    history,
    lock,
    createSchema: `CREATE SCHEMA IF NOT EXISTS ${quoteIdent(schema)}`,
    createVersion: `CREATE TABLE IF NOT EXISTS ${version} (revision text PRIMARY KEY)`,
    createHistory: `CREATE TABLE IF NOT EXISTS ${history} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('upgrade', 'downgrade', 'stamp')),
  checksum text,
  who text,
  host text,
  package_version text,
  started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  duration interval,
  outcome text NOT NULL CHECK (outcome IN ('running', 'done', 'failed')),
  steps_done integer NOT NULL DEFAULT 0,
  steps_hash text,
  error text,
  progress text
)`,
    createLock: `CREATE TABLE IF NOT EXISTS ${lock} (
  name text PRIMARY KEY DEFAULT 'migrations',
  token text NOT NULL,
  holder text NOT NULL,
  since timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  alive timestamptz NOT NULL
)`,
  }
}

/** The statement that makes one change of the version table. */
export function rowChangeSql({ version }: BookkeepingTables, change: RowChange): string {
  switch (change.type) {
    case 'insert':
      return `INSERT INTO ${version} (revision) VALUES (${quoteLiteral(change.revision)})`
    case 'delete':
      return `DELETE FROM ${version} WHERE revision = ${quoteLiteral(change.revision)}`
    case 'update':
      return `UPDATE ${version} SET revision = ${quoteLiteral(change.to)} WHERE revision = ${quoteLiteral(change.from)}`
  }
}
