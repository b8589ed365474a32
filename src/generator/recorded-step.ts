import type { Backfill } from '../revisions/backfill.js'
import type { Step } from '../revisions/revision.js'
import { sqlLiteral, stringLiteral } from './literals.js'
import type { RenderedStep } from './migration-file.js'

/** A recorded step as it can stand in another migration file, where it records the same. A step that runs a function cannot. */
export function renderedStep(step: Step, comments: readonly string[] = []): RenderedStep {
  if (step.type === 'outside' && step.backfill) return { comments, call: backfillCall(step.backfill) }
  const { sql, scratch } = step
  return { comments, statement: { sql, transaction: step.type === 'outside' ? 'outside' : 'inside', ...(scratch !== undefined && { scratch }) } }
}

/** The call that says why a migration cannot be undone. */
export function irreversibleCall(reason: string): RenderedStep {
  return { comments: [], call: `irreversible(${stringLiteral(reason)})` }
}

function backfillCall({ table, keyName, set, where, batchSize, pauseMs, maxLagMs }: Backfill): string {
  const columns = Object.entries(set).map(([column, value]) => `${stringLiteral(column)}: ${sqlLiteral(value)}`)
  const members = [
    `table: ${stringLiteral(table)}`,
    `set: { ${columns.join(', ')} }`,
    `where: ${sqlLiteral(where)}`,
    `key: ${stringLiteral(keyName)}`,
    `batchSize: ${batchSize}`,
    `pauseMs: ${pauseMs}`,
    ...(maxLagMs === undefined ? [] : [`maxLagMs: ${maxLagMs}`]),
  ]
  return `backfill({ ${members.join(', ')} })`
}
