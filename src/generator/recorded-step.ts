import type { Step } from '../revisions/revision.js'
import { stringLiteral } from './literals.js'
import type { RenderedStep } from './migration-file.js'

/** A recorded step as it can stand in another migration file, where it records the same. A step that runs a function cannot. */
export function renderedStep(step: Step, comments: readonly string[] = []): RenderedStep {
  const { sql, scratch } = step
  const backfill = step.type === 'outside' && step.backfill
  return { comments, statement: { sql, transaction: step.type === 'outside' ? 'outside' : 'inside', ...(scratch !== undefined && { scratch }), ...(backfill && { backfill }) } }
}

/** The call that says why a migration cannot be undone. */
export function irreversibleCall(reason: string): RenderedStep {
  return { comments: [], call: `irreversible(${stringLiteral(reason)})` }
}
