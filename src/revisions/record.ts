import { createHash } from 'node:crypto'
import { isNativeError } from 'node:util/types'
import { callerPosition, positionInStack } from '../authoring/position.js'
import { AutogenError, RevisionError, type SourcePosition } from '../errors.js'
import type { Statement } from '../sql/statement.js'
import { AS_SQL, isSqlSource, type SqlText } from '../sql/template.js'
import { backfillBlock, backfillOf, backfillSql } from './backfill.js'
import type { MigrationOperations, OutsideOptions, UndoOptions } from './migration.js'
import type { Direction, Step } from './revision.js'
import { assertSql, insertSql } from './step-sql.js'
import { timeoutsOf, type Timeouts, type TimeoutsInput } from './timeouts.js'
import { typedVerbs } from './typed-verbs.js'

/** What a migration's function says for one direction. */
export interface Recorded {
  readonly steps: readonly Step[]
  /** The steps that undo these, the last one first. Throws a `RevisionError` with the place of one that nothing undoes. */
  inverse(): readonly Step[]
  /** Why there is no way back. */
  readonly irreversible?: string
}

/**
 * The steps that a migration's function records. Throws a `RevisionError` with the place in the file when the function throws, is
 * asynchronous, or hands over something that is not SQL.
 */
export function recordSteps(record: (op: MigrationOperations) => unknown, revision: string, direction: Direction, file: string): Recorded {
  const steps: Step[] = []
  const inverses: (() => readonly Step[])[] = []
  let irreversible: string | undefined
  const here = () => callerPosition() ?? { file, line: 1 }
  const text = (given: SqlText | string, at: SourcePosition) => textOf(given, revision, direction, at)
  const refused = (verb: string, what: string, at: SourcePosition, hint?: string, cause?: unknown) =>
    new RevisionError(`op.${verb} in the ${direction} of revision ${revision} ${what}`, { at, hint, cause })
  /** The inverse that a step is given as SQL. */
  const undone = (verb: string, at: SourcePosition, { inverse, ...timeouts }: UndoOptions & TimeoutsInput, type: Step['type'] = 'execute') => {
    const sql = typeof inverse === 'string' || isSqlSource(inverse) ? text(inverse, at) : inverse
    inverses.push(() => {
      if (sql === undefined) throw refused(verb, 'has no inverse', at, 'give it { inverse: sql`…` }, or null where nothing needs to be undone; or write the downgrade')
      return sql === null ? [] : [{ type, sql, ...stepTimeouts(timeouts, revision, direction, at), at }]
    })
  }
  const add = (verb: string, type: Step['type']) => (sql: SqlText | string, options: OutsideOptions = {}) => {
    const at = here()
    const { scratch } = options
    steps.push({ type, sql: text(sql, at), ...(scratch !== undefined && { scratch: scratch && text(scratch, at) }), ...stepTimeouts(options, revision, direction, at), at })
    undone(verb, at, options, type)
  }
  const op: MigrationOperations = {
    ...typedVerbs((verb, make, undo) => {
      const at = here()
      const rendered = (what: string, render: () => readonly Statement[]) => {
        try {
          return render().map((statement) => stepOf(statement, at))
        } catch (error) {
          if (!(error instanceof AutogenError)) throw error
          throw refused(verb, `${what}: ${error.message}`, error.at ?? at, error.hint, error)
        }
      }
      steps.push(...rendered('cannot be done', make))
      inverses.push(() => {
        if (undo) return rendered('has no inverse', undo)
        throw refused(verb, 'has no inverse: it is given a name only', at, 'declare what it drops, or write the downgrade')
      })
    }),
    execute: add('execute', 'execute'),
    outsideTransaction: add('outsideTransaction', 'outside'),
    assert: (condition, message) => {
      const at = here()
      steps.push({ type: 'execute', sql: assertSql(text(condition, at), message), scratch: null, at })
    },
    bulkInsert: (table, rows, options = {}) => {
      const at = here()
      const into = isSqlSource(table) ? table[AS_SQL]().text : table
      steps.push(...insertSql(into, rows).map((sql): Step => ({ type: 'execute', sql, at })))
      undone('bulkInsert', at, options)
    },
    run: (work, options = {}) => {
      const at = here()
      if (typeof work !== 'function') throw new RevisionError(`op.run in the ${direction} of revision ${revision} is given no function`, { at, hint: 'write op.run(async (db) => { … })' })
      steps.push({ type: 'execute', sql: '-- a function of the migration file', scratch: null, run: work, at })
      undone('run', at, options)
    },
    backfill: (input, options = {}) => {
      const at = here()
      const backfill = backfillOf(input, at)
      steps.push({ type: 'outside', sql: backfillBlock(backfill), scratch: backfillSql.whole(backfill), backfill, ...stepTimeouts(input, revision, direction, at), at })
      undone('backfill', at, options)
    },
    irreversible: (reason) => {
      if (direction === 'upgrade') throw new RevisionError(`the upgrade of revision ${revision} calls op.irreversible`, { at: here(), hint: 'call it in its downgrade' })
      irreversible = reason
    },
  }
  let result: unknown
  try {
    result = record(op)
  } catch (error) {
    if (error instanceof RevisionError) throw error
    // Not instanceof: the file may run in a realm of its own.
    const { message, stack } = isNativeError(error) ? error : new Error(String(error))
    throw new RevisionError(`the ${direction} of revision ${revision} cannot be read: ${message}`, {
      at: positionInStack(stack ?? '') ?? { file, line: 1 },
      hint: error instanceof AutogenError ? error.hint : undefined,
      cause: error,
    })
  }
  if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
    throw new RevisionError(`the ${direction} of revision ${revision} is asynchronous`, {
      at: { file, line: 1 },
      hint: 'it only records steps: call op without await, in a plain function',
    })
  }
  return { steps, inverse: () => inverses.toReversed().flatMap((inverse) => inverse()), ...(irreversible !== undefined && { irreversible }) }
}

function stepOf({ sql, transaction, scratch }: Statement, at: SourcePosition): Step {
  return { type: transaction === 'outside' ? 'outside' : 'execute', sql, ...(scratch !== undefined && { scratch }), at }
}

/** A hash that changes exactly when what the steps do changes. */
export function hashSteps(steps: readonly Step[]): string {
  const hash = createHash('sha256')
  for (const step of steps) hash.update(JSON.stringify([step.type, step.sql.replaceAll('\r\n', '\n')]))
  return hash.digest('hex').slice(0, 32)
}

function stepTimeouts(input: TimeoutsInput, revision: string, direction: Direction, at: SourcePosition): { timeouts?: Timeouts } {
  const timeouts = timeoutsOf(input, (problem, hint) => {
    throw new RevisionError(`in the ${direction} of revision ${revision}, ${problem}`, { at, hint })
  })
  return Object.keys(timeouts).length > 0 ? { timeouts } : {}
}

function textOf(sql: SqlText | string, revision: string, direction: Direction, at: SourcePosition): string {
  const text = typeof sql === 'string' ? sql : isSqlSource(sql) ? sql[AS_SQL]().text : undefined
  if (text !== undefined && text.trim() !== '') return text
  throw new RevisionError(`a step in the ${direction} of revision ${revision} ${text === undefined ? 'is not SQL' : 'is empty'}`, {
    at,
    hint: 'write op.execute(sql`…`)',
  })
}
