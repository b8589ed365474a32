import { RevisionError, type SourcePosition } from '../errors.js'
import { dollarQuote, quoteIdent } from '../sql/identifiers.js'
import { AS_SQL, isSqlSource, type SqlSource } from '../sql/template.js'
import { valueSql, type RowValue } from './step-sql.js'
import type { TimeoutsInput } from './timeouts.js'

/** What `op.backfill` is told; timeouts and retries are those of each batch. */
export interface BackfillInput extends TimeoutsInput {
  /** A table of `schema.ts`, or its name as SQL writes it. */
  readonly table: SqlSource | string
  /** The columns to set; `` sql`…` `` may read the others. */
  readonly set: Readonly<Record<string, RowValue>>
  /** The rows it is about; all by default. */
  readonly where?: SqlSource | string
  /** The column by whose ranges rows are taken: NOT NULL, unique and indexed, such as the primary key. Default: `id`. */
  readonly key?: string
  /** Rows in one transaction. Default: 1000. */
  readonly batchSize?: number
  /** Milliseconds of rest after each batch. Default: none. */
  readonly pauseMs?: number
  /** Rests while a replica is further behind than this. Default: replicas are not looked at. */
  readonly maxLagMs?: number
}

/** A backfill as it runs: SQL texts and numbers. */
export interface Backfill {
  readonly table: string
  /** As SQL names it; `keyName` is its name. */
  readonly key: string
  readonly keyName: string
  /** The SQL of what each column is set to. */
  readonly set: Readonly<Record<string, string>>
  readonly where: string
  readonly batchSize: number
  readonly pauseMs: number
  readonly maxLagMs?: number
}

export const DEFAULT_BATCH_SIZE = 1000

/** What was told at a place, checked. Throws RevisionError for what makes no sense. */
export function backfillOf({ table, set, where, key = 'id', batchSize = DEFAULT_BATCH_SIZE, pauseMs = 0, maxLagMs }: BackfillInput, at: SourcePosition): Backfill {
  const refuse = (message: string, hint: string): never => {
    throw new RevisionError(message, { at, hint })
  }
  const columns = Object.entries(set)
  if (columns.length === 0) refuse('a backfill sets nothing', 'name a column in set')
  if (!Number.isInteger(batchSize) || batchSize < 1) refuse(`the batchSize of a backfill is ${batchSize}`, 'give a whole number of rows')
  for (const [name, value] of Object.entries({ pauseMs, maxLagMs: maxLagMs ?? 0 })) {
    if (!(value >= 0)) refuse(`the ${name} of a backfill is ${value}`, 'give milliseconds')
  }
  if (Object.hasOwn(set, key)) refuse(`a backfill cannot set ${key}, by which it takes the rows`, 'name another key')
  return {
    table: isSqlSource(table) ? table[AS_SQL]().text : table,
    key: quoteIdent(key),
    keyName: key,
    set: Object.fromEntries(columns.map(([column, value]) => [column, valueSql(value, column)])),
    where: where === undefined ? 'true' : isSqlSource(where) ? where[AS_SQL]().text : where,
    batchSize,
    pauseMs,
    ...(maxLagMs !== undefined && { maxLagMs }),
  }
}

/** The parts of which every way to run it is made; `from` and `to` are SQL of keys. */
export const backfillSql = {
  /** The first key behind `from`, or of all. */
  next: ({ table, key, where }: Backfill, from?: string) =>
    `SELECT ${key} FROM ${table} WHERE ${from === undefined ? '' : `${key} > ${from} AND `}(${where}) ORDER BY ${key} LIMIT 1`,
  /** The last key of the batch that begins with `from`. */
  last: ({ table, key, where, batchSize }: Backfill, from: string) =>
    `SELECT ${key} FROM (SELECT ${key} FROM ${table} WHERE ${key} >= ${from} AND (${where}) ORDER BY ${key} LIMIT ${batchSize}) batch ORDER BY ${key} DESC LIMIT 1`,
  update: ({ table, key, set, where }: Backfill, from: string, to: string) => `UPDATE ${table} SET ${assignments(set)} WHERE ${key} BETWEEN ${from} AND ${to} AND (${where})`,
  whole: ({ table, set, where }: Backfill) => `UPDATE ${table} SET ${assignments(set)} WHERE ${where}`,
}

function assignments(set: Backfill['set']): string {
  return Object.entries(set).map(([column, value]) => `${quoteIdent(column)} = ${value}`).join(', ')
}

/** All of it as one statement, which commits each batch: for scripts, and for people who read. */
export function backfillBlock(backfill: Backfill): string {
  const { table, key, pauseMs } = backfill
  const body = [
    '',
    'DECLARE',
    `  batch_from ${table}.${key}%TYPE;`,
    `  batch_to ${table}.${key}%TYPE;`,
    'BEGIN',
    `  batch_from := (${backfillSql.next(backfill)});`,
    '  WHILE batch_from IS NOT NULL LOOP',
    `    batch_to := (${backfillSql.last(backfill, 'batch_from')});`,
    `    ${backfillSql.update(backfill, 'batch_from', 'batch_to')};`,
    '    COMMIT;',
    ...(pauseMs > 0 ? [`    PERFORM pg_catalog.pg_sleep(${pauseMs / 1000});`] : []),
    `    batch_from := (${backfillSql.next(backfill, 'batch_to')});`,
    '  END LOOP;',
    'END',
  ].join('\n')
  return `DO ${dollarQuote(body, 'backfill')}`
}
