import { DEFAULT_BATCH_SIZE, type Backfill } from '../revisions/backfill.js'
import { sqlLiteral, stringLiteral } from './literals.js'

/** A backfill as a migration file says it, behind `op.`. */
export function backfillCall({ table, keyName, set, where, batchSize, pauseMs, maxLagMs }: Backfill): string {
  const columns = Object.entries(set).map(([column, value]) => `${stringLiteral(column)}: ${sqlLiteral(value)}`)
  const members = [
    `table: ${stringLiteral(table)}`,
    `set: { ${columns.join(', ')} }`,
    `where: ${sqlLiteral(where)}`,
    `key: ${stringLiteral(keyName)}`,
    ...(batchSize === DEFAULT_BATCH_SIZE ? [] : [`batchSize: ${batchSize}`]),
    ...(pauseMs === 0 ? [] : [`pauseMs: ${pauseMs}`]),
    ...(maxLagMs === undefined ? [] : [`maxLagMs: ${maxLagMs}`]),
  ]
  return `backfill({ ${members.join(', ')} })`
}
