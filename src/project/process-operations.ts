import { positionInStack } from '../authoring/position.js'
import { diff } from '../differ/diff.js'
import { AutogenError, UsageError } from '../errors.js'
import type { SchemaModel } from '../model/schema-model.js'
import { applyOperations } from '../operations/apply.js'
import { describeObject, describeOperation } from '../operations/describe.js'
import { subject, type Operation, type SqlOperation } from '../operations/operation.js'
import type { RevisionDirective } from '../operations/process.js'
import type { SqlByHand } from '../planner/by-hand.js'
import type { Project } from './project.js'

/** What is left of a comparison after the project's hook saw it. */
export interface Processed {
  /** What to do to the schema. */
  readonly operations: readonly Operation[]
  /** What that leads to. */
  readonly to: SchemaModel
  readonly byHand: SqlByHand
  /** Undefined: nothing shall be done. */
  readonly directive: RevisionDirective | undefined
  /** What was found and shall not be done. */
  readonly leftOut: readonly Operation[]
}

/**
 * Lets the hook `processOperations` of the project see what was found.
 *
 * @throws UsageError for a hook that fails, or asks for what cannot be
 */
export async function processed(project: Project, { from, to }: { readonly from: SchemaModel; readonly to: SchemaModel }, found: RevisionDirective): Promise<Processed> {
  const { processOperations } = project.settings
  const none = { first: [], last: [], wanted: to }
  if (!processOperations || found.operations.length === 0) return { operations: found.operations, to, byHand: none, directive: found, leftOut: [] }
  let directive: RevisionDirective | undefined
  try {
    directive = (await processOperations(found, { from, to })) ?? undefined
  } catch (error) {
    if (error instanceof AutogenError) throw error
    throw new UsageError(`processOperations of the configuration failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
      at: error instanceof Error ? positionInStack(error.stack ?? '') : undefined,
      hint: 'nothing was written',
    })
  }
  if (!directive) return { operations: [], to: from, byHand: none, directive, leftOut: found.operations }
  const { asked, byHand } = read(directive.operations, found.operations, to)
  const { model, lacking } = applyOperations(from, to, asked)
  const [first] = lacking
  if (first) {
    throw new UsageError(`processOperations leaves ${describeObject(first.object)} without ${describeObject(first.needs)}, which it needs`, {
      hint: 'leave out the operations on both, or on neither',
    })
  }
  const operations = diff(from, model)
  const done = new Set(operations.map(keyOf))
  return { operations, to: model, byHand, directive, leftOut: found.operations.filter((operation) => !done.has(keyOf(operation))) }
}

/** The operations on the schema that were asked for, and the SQL around them. */
function read(given: readonly Operation[], found: readonly Operation[], wanted: SchemaModel): { asked: readonly Operation[]; byHand: SqlByHand } {
  if (!Array.isArray(given)) throw new UsageError('processOperations gives back no list of operations', { hint: 'return { ...directive, operations: […] }' })
  const known = new Set(found.map(keyOf))
  const asked: Operation[] = []
  const first: SqlOperation[] = []
  const last: SqlOperation[] = []
  for (const operation of given as readonly Operation[]) {
    if (operation?.type === 'sql') (asked.length === 0 ? first : last).push(checkedSql(operation))
    else if (operation && known.has(keyOf(operation))) asked.push(operation)
    else throw new UsageError(`processOperations gives back an operation that was not found${operation?.type ? `: ${describeOperation(operation)}` : ''}`, { hint: 'add SQL: { type: \'sql\', up, down }' })
  }
  return { asked, byHand: { first, last, wanted } }
}

function checkedSql(operation: SqlOperation): SqlOperation {
  const isText = (sql: unknown) => typeof sql === 'string' && sql.trim() !== ''
  if (isText(operation.up) && (operation.down === null || isText(operation.down))) return operation
  throw new UsageError('processOperations adds SQL that is not text', { hint: "write { type: 'sql', up: '…', down: '…' }, or down: null where there is no way back" })
}

function keyOf(operation: Operation): string {
  return `${operation.type} ${subject(operation)}`
}
