import { isNativeError } from 'node:util/types'
import type { Database } from '../database/database.js'
import { AutogenError, DatabaseError } from '../errors.js'
import type { Backfill } from '../revisions/backfill.js'
import type { ExecuteStep, Step } from '../revisions/revision.js'
import { scratchForm } from '../sql/statement.js'
import { secretsIn } from '../sql/secret.js'
import { AS_SQL, isSqlSource } from '../sql/template.js'
import { withLockRetries } from './lock-retries.js'
import { runBackfill } from './run-backfill.js'
import { doneSteps, type MigrationRun, type RunContext, type RunPart } from './run-migration.js'
import { forgetSecrets, handOverSecrets, withoutSecrets } from './secrets.js'
import { remainingStatement, retriesOfSteps, settingStatements, timeoutsOfSteps, type StepTimeouts } from './timeouts.js'
import { watched, type StepSighting } from './watch.js'

/** Does a transaction, or a step outside of one, until it gets its locks; `part` is what of the migration it is at. */
export function untilLocked<T>(context: RunContext, part: () => RunPart, work: () => Promise<T>, retries = retriesOf(context, part().run, stepsIn(part()))): Promise<T> {
  const { session, signal, onEvent, scratch, withheld } = context
  const tryIt = () => {
    // The tables that a try made went with its transaction.
    context.withheld = withheld
    return work()
  }
  return withLockRetries(tryIt, {
    retries: scratch ? 0 : retries,
    signal,
    mayRetry: () => !session.endedEarly,
    blocked: () => part().progress.blocked,
    onRetry: (retry) => {
      const { run, segment } = part()
      onEvent({ type: 'retry', migration: run.migration, direction: run.direction, from: segment.from + 1, to: segment.to, ...retry })
    },
  })
}

/** How often steps are tried again. */
export function retriesOf({ timeouts }: RunContext, { migration }: MigrationRun, steps: readonly Step[]): number {
  return retriesOfSteps(steps, migration.timeouts, timeouts)
}

function stepsIn({ run, segment }: RunPart): readonly Step[] {
  return run.steps.slice(segment.from, segment.to)
}

/** Sends the steps of a segment, each under its timeouts. */
export async function runSteps(context: RunContext, part: RunPart): Promise<void> {
  const { run, segment, progress } = part
  if (segment.from === segment.to) return
  context.onEvent({ type: 'steps', migration: run.migration, direction: run.direction, from: segment.from + 1, to: segment.to })
  const steps = stepsIn(part)
  progress.failing = undefined
  progress.blocked = undefined
  if (segment.outside && context.session.lent && steps.some(({ sql }) => secretsIn(sql).length > 0)) {
    throw new AutogenError('a step outside a transaction needs a secret, which behind a pooler others could see', { hint: 'run this migration on the server itself' })
  }
  await context.telemetry.steps(steps, segment.from + 1, () => sendSteps(context, part, steps))
}

async function sendSteps(context: RunContext, part: RunPart, steps: readonly Step[]): Promise<void> {
  const { run, segment, progress } = part
  let sent = 0
  /** Of each statement that is sent: which of the steps behind those it belongs to. */
  let sending: number[] = []
  const timeouts = context.scratch ? [] : await timeoutsOfSteps(steps, run.migration.timeouts, context.timeouts)
  try {
    await handOverSecrets(context.database, steps, context.secrets, !segment.outside)
    await seen(context, part, timeouts, async () => {
      const [first] = steps
      if (first?.type === 'outside' && first.backfill && !context.scratch) return runInBatches(context, part, first.backfill, timeouts[0]!)
      if (segment.outside) return context.session.outside(textOf(context, first!), timeouts[0] ? settingStatements(timeouts[0], undefined, { local: false }) : [])
      for (const group of sentTogether(steps, timeouts)) {
        const { run: work } = group[0] as ExecuteStep
        const next = timeouts[sent]
        if (next) await context.database.executeAll(settingStatements(next, timeouts[sent - 1]))
        const texts = group.map((step, index) => [...(next?.shared && sent + index > 0 ? [remainingStatement(next.lockTimeoutMs)] : []), textOf(context, step)])
        sending = texts.flatMap((each, index) => each.map(() => index))
        if (work && !context.scratch) await runFunction(context.database, work)
        else await context.database.executeAll(texts.flat())
        sent += group.length
      }
    })
  } catch (error) {
    const index = error instanceof DatabaseError && !segment.outside && !(steps[sent] as ExecuteStep).run ? error.index && sending[error.index] : 0
    if (index !== undefined) progress.failing = segment.from + sent + index + 1
    throw withoutSecrets(error, steps, context.secrets)
  } finally {
    if (segment.outside) await forgetSecrets(context.database, steps).catch(() => undefined)
  }
}

/** Does `work` while another session looks at it, where that makes sense: scratch has nobody to wait for, and a lent session no process of its own. */
function seen({ database, scratch, session, onEvent }: RunContext, { run, segment, progress }: RunPart, timeouts: readonly StepTimeouts[], work: () => Promise<void>): Promise<void> {
  const { migration, direction } = run
  if (scratch || session.lent) return work()
  const soonest = Math.min(...timeouts.map(({ lockTimeoutMs }) => lockTimeoutMs || Infinity))
  const onSeen = (sighting: StepSighting) => {
    if (sighting.blockedBy.length > 0) progress.blocked = sighting
    onEvent({ type: 'seen', migration, direction, from: segment.from + 1, to: segment.to, ...sighting })
  }
  return watched(database, soonest, onSeen, work)
}

function textOf({ scratch }: RunContext, step: Step): string {
  return scratch ? scratchForm(step) : step.sql
}

/** Statements next to each other that run under the same timeouts, or a function by itself. */
function sentTogether(steps: readonly Step[], timeouts: readonly StepTimeouts[]): Step[][] {
  const groups: Step[][] = []
  for (const [index, step] of steps.entries()) {
    const last = groups.at(-1)
    const isFunction = (one: Step) => 'run' in one
    const isLike = index > 0 && (timeouts.length === 0 || settingStatements(timeouts[index]!, timeouts[index - 1]).length === 0)
    if (last && isLike && !isFunction(step) && !isFunction(last[0]!)) last.push(step)
    else groups.push([step])
  }
  return groups
}

async function runFunction(database: Database, work: NonNullable<ExecuteStep['run']>): Promise<void> {
  try {
    await work({ query: (sql, parameters = []) => database.query(isSqlSource(sql) ? sql[AS_SQL]().text : sql, [...parameters]) })
  } catch (error) {
    if (error instanceof AutogenError) throw error
    // Not instanceof: the file may run in a realm of its own.
    throw new AutogenError(isNativeError(error) ? error.message : String(error), { cause: error })
  }
}

async function runInBatches(context: RunContext, part: RunPart, backfill: Backfill, timeouts: StepTimeouts): Promise<void> {
  const { database, session, bookkeeping, onEvent, telemetry, signal } = context
  const { run, segment, progress } = part
  const { migration, direction } = run
  const settings = settingStatements(timeouts)
  const done = doneSteps(run, segment.from)
  let rows = 0
  await runBackfill(backfill, {
    database,
    signal,
    behind: progress.position,
    transaction: (work) =>
      untilLocked(context, () => part, () => {
        progress.blocked = undefined
        return session.transaction(() => database.executeAll(settings).then(work))
      }),
    record: async (reached) => {
      await bookkeeping.expectRows(run.rowsBefore)
      await bookkeeping.update(progress.entry!, { outcome: 'running', ...done, progress: reached })
    },
    onProgress: (reached) => {
      progress.position = reached.reached
      telemetry.rows(reached.rows - rows)
      rows = reached.rows
      onEvent({ type: 'progress', migration, direction, step: segment.from + 1, ...reached })
    },
  })
}

