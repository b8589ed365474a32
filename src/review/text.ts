import type { ChalkInstance } from 'chalk'
import type { Operation } from '../operations/operation.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { PlannedStep } from '../planner/plan.js'
import { ended } from '../sql/statement.js'
import { visible } from './visible.js'

/** The SQL of steps with the comments above them. */
export function stepsText(steps: readonly PlannedStep[], chalk: ChalkInstance): string {
  return steps
    .map(({ comments, statement }) =>
      [
        ...comments.map((comment) => chalk.dim(`-- ${visible(comment)}`)),
        ...(statement.transaction === 'outside' ? [chalk.dim('-- outside the transaction')] : []),
        ended(statement.sql.trimEnd()),
      ].join('\n'),
    )
    .join('\n')
}

/** Objects that were seen and that no kind manages. */
export function unmanagedText(unmanaged: readonly UnmanagedObject[], chalk: ChalkInstance): string {
  return unmanaged.map(({ type, identity }) => `  ${chalk.yellow(`? ${type} ${visible(identity)}`)}`).join('\n')
}

/** Operations for machines. */
export function operationsJson(operations: readonly Operation[]): unknown[] {
  return operations.map((operation) => {
    switch (operation.type) {
      case 'create':
      case 'drop':
        return { operation: operation.type, object: operation.object.ref, attributes: operation.object.attrs }
      case 'alter':
      case 'rename':
        return { operation: operation.type, object: operation.from.ref, to: operation.to.ref, from: operation.from.attrs, attributes: operation.to.attrs }
      case 'sql':
        return { operation: 'sql', up: operation.up, down: operation.down }
    }
  })
}

/** Steps for machines: what is done to which object, by which statement, inside a transaction or not, and what that was seen to do to tables in use. */
export function stepsJson(steps: readonly PlannedStep[]): unknown[] {
  return steps.map(({ action, ref, because, observed, statement: { sql, transaction } }) => ({ action, object: ref, because, sql, transaction, observed }))
}

/** What steps cost, for machines. */
export function hazardsJson(steps: readonly PlannedStep[]): unknown[] {
  return steps.flatMap(({ hazards }) => hazards.map(({ code, object, message, instead, count }) => ({ code, object, message, instead, count })))
}
