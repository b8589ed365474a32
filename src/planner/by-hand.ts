import { ProofError } from '../errors.js'
import { attributesText, type SchemaModel } from '../model/schema-model.js'
import type { Ref } from '../model/schema-object.js'
import { describeOperation } from '../operations/describe.js'
import { subject, type Operation, type SqlOperation } from '../operations/operation.js'
import { statement } from '../sql/statement.js'
import type { PlannedStep } from './plan.js'
import { runSteps } from './run-steps.js'
import type { Database } from '../database/database.js'

/** SQL that somebody put around the operations of a migration. */
export interface SqlByHand {
  readonly first: readonly SqlOperation[]
  readonly last: readonly SqlOperation[]
  /** What it may bring an object to that the operations leave alone. */
  readonly wanted: SchemaModel
}

/** The steps of SQL by hand in one direction; what has no way back has none. */
export function stepsByHand(operations: readonly SqlOperation[], direction: 'up' | 'down'): PlannedStep[] {
  const ordered = direction === 'up' ? operations : [...operations].reverse()
  return ordered.flatMap((operation) => {
    const sql = operation[direction]
    return sql === null ? [] : [{ comments: [describeOperation(operation)], hazards: [], statement: statement(sql), ref: 'sql:of processOperations', action: 'alter' as const, isWatched: true as const }]
  })
}

/** Runs them in scratch; gives them back with what was seen of them. */
export async function runByHand(database: Database, steps: readonly PlannedStep[]): Promise<readonly PlannedStep[]> {
  const result = await runSteps(database, steps)
  if (!result.failed) return result.steps
  const { failed } = result
  throw new ProofError(`the SQL that processOperations adds fails in scratch: ${failed.error.message}`, { detail: failed.step.statement.sql, hint: failed.error.hint ?? 'nothing was written', cause: failed.error })
}

/** Throws when SQL by hand did something else to the schema than is wanted anyway. */
export function refuseOtherEffects(found: readonly Operation[], { state, wanted }: { readonly state: SchemaModel; readonly wanted?: SchemaModel }, direction: string): void {
  const others = found.filter((operation) => !wanted || textOf(state, subject(operation)!) !== textOf(wanted, subject(operation)!))
  if (others.length === 0) return
  throw new ProofError(`the ${direction} that processOperations adds as SQL leaves the schema otherwise than it should be`, {
    // As found, they lead from what is there to what should be.
    detail: others.map((operation) => `  ${describeOperation(operation)}`).join('\n'),
    hint: direction === 'upgrade' ? 'put what changes the schema into schema.ts, and the SQL behind the operations' : 'its "down" must take back all that its "up" does',
  })
}

function textOf(model: SchemaModel, ref: Ref): string | undefined {
  const object = model.get(ref)
  return object && attributesText(object)
}
