import { isNativeError } from 'node:util/types'
import type { Database } from '../database/database.js'
import { AutogenError, DatabaseError } from '../errors.js'
import type { Backfill } from '../revisions/backfill.js'
import { hashSteps } from '../revisions/record.js'
import type { Direction, ExecuteStep, Migration, OutsideStep, Step } from '../revisions/revision.js'
import type { RowChange } from '../revisions/version-rows.js'
import { scratchForm } from '../sql/statement.js'
import { secretsIn } from '../sql/secret.js'
import { AS_SQL, isSqlSource } from '../sql/template.js'
import type { Bookkeeping, Interruption } from './history.js'
import { noteBefore, settle } from './interrupted-step.js'
import { MigrationError } from './migration-error.js'
import type { LaggingReplica } from './replicas.js'
import { runBackfill, type BackfillProgress } from './run-backfill.js'
import { forgetSecrets, handOverSecrets, withoutSecrets, type SecretLookup } from './secrets.js'
import type { MigrationSession } from './session.js'
import { fitsTransaction } from './step-effect.js'
import { watched, type StepSighting } from './watch.js'

/** What is told while migrations run. */
export type RunEvent =
  | { readonly type: 'waiting'; readonly holder: string }
  /** An empty database is brought to where the history began. */
  | { readonly type: 'baseline'; readonly steps: number }
  | { readonly type: 'start'; readonly migration: Migration; readonly direction: Direction; readonly steps: number; readonly resumesAt?: number }
  /** Steps that are sent together, 1-based; a step outside a transaction is sent alone. */
  | { readonly type: 'steps'; readonly migration: Migration; readonly direction: Direction; readonly from: number; readonly to: number }
  /** How far a backfill is; `step` is 1-based. */
  | ({ readonly type: 'progress'; readonly migration: Migration; readonly direction: Direction; readonly step: number } & BackfillProgress)
  /** The replicas that have yet to replay what was committed; none when they have. */
  | { readonly type: 'replicas'; readonly lagging: readonly LaggingReplica[] }
  /** What steps that take long are at. */
  | ({ readonly type: 'seen'; readonly migration: Migration; readonly direction: Direction; readonly from: number; readonly to: number } & StepSighting)
  | { readonly type: 'done'; readonly migration: Migration; readonly direction: Direction; readonly milliseconds: number }

export interface RunContext {
  readonly database: Database
  readonly session: MigrationSession
  readonly bookkeeping: Bookkeeping
  readonly scratch: boolean
  readonly secrets: SecretLookup
  readonly onEvent: (event: RunEvent) => void
  readonly signal?: AbortSignal
  /** Why the bookkeeping tables are not there yet, when an event trigger may forbid to make them: the migration may be what takes it away. */
  withheld?: DatabaseError | undefined
}

/** One migration of a run. */
export interface MigrationRun {
  readonly migration: Migration
  readonly direction: Direction
  readonly steps: readonly Step[]
  /** Steps that an earlier run finished. */
  readonly finished: number
  /** What an earlier run that did not get to its end recorded of the step after those. */
  readonly interrupted: Interruption | undefined
  readonly rowsBefore: readonly string[]
  readonly rowChanges: readonly RowChange[]
}

/** Steps next to each other that run in one transaction, or one that runs outside. */
interface Segment {
  readonly from: number
  readonly to: number
  readonly outside: boolean
}

/**
 * Runs one migration. All of it, its bookkeeping included, is one transaction, unless it has steps outside: then each of these runs by itself, what
 * stands between them is a transaction each, the version table moves with the last one, and the log says after each how many steps are done.
 *
 * @throws MigrationError
 */
export async function runMigration(context: RunContext, run: MigrationRun): Promise<void> {
  const progress = startOf(context, run)
  try {
    if (run.steps.some((step) => step.type === 'outside')) await runJournaled(context, run, progress)
    else await context.session.transaction((assertOpen) => runInside(context, run, progress, assertOpen))
  } catch (error) {
    throw await failed(context, run, progress, error)
  }
  doneOf(context, run, progress)
}

/**
 * Runs migrations without steps outside in one transaction.
 *
 * @throws MigrationError for the one that failed; nothing of the others is kept either
 */
export async function runTogether(context: RunContext, runs: readonly MigrationRun[]): Promise<void> {
  const progresses: Progress[] = []
  try {
    await context.session.transaction(async (assertOpen) => {
      for (const run of runs) {
        progresses.push(startOf(context, run))
        await runInside(context, run, progresses.at(-1)!, assertOpen)
      }
    })
  } catch (error) {
    const last = Math.max(progresses.length - 1, 0)
    throw await failed(context, runs[last]!, progresses[last]!, error)
  }
  runs.forEach((run, index) => doneOf(context, run, progresses[index]!))
}

/** Where a migration is, for the report of a failure. */
interface Progress {
  readonly started: number
  done: number
  /** Its entry in the log, where it has one before it is done. */
  entry: string | undefined
  /** The step that failed, 1-based. */
  failing: number | undefined
  /** What the log says of the step that is under way: the last key of a backfill, or what was there before. */
  position?: string | undefined
}

function startOf({ onEvent }: RunContext, { migration, direction, steps, finished }: MigrationRun): Progress {
  onEvent({ type: 'start', migration, direction, steps: steps.length, ...(finished > 0 && { resumesAt: finished + 1 }) })
  return { started: performance.now(), done: finished, entry: undefined, failing: undefined }
}

function doneOf({ onEvent }: RunContext, { migration, direction }: MigrationRun, { started }: Progress): void {
  onEvent({ type: 'done', migration, direction, milliseconds: performance.now() - started })
}

async function runInside(context: RunContext, run: MigrationRun, progress: Progress, assertOpen: () => Promise<void>): Promise<void> {
  const from = context.withheld ? await runUnrecorded(context, run, progress) : 0
  await context.bookkeeping.expectRows(run.rowsBefore)
  await runSteps(context, run, { from, to: run.steps.length, outside: false }, progress)
  await assertOpen()
  await context.bookkeeping.change(run.rowChanges)
  const milliseconds = performance.now() - progress.started
  await context.bookkeeping.add({ ...entryOf(run), outcome: 'done', ...doneSteps(run, run.steps.length), milliseconds })
}

/** Runs steps until the bookkeeping tables can be made, which is tried after each that is about an event trigger; gives back how many ran. */
async function runUnrecorded(context: RunContext, run: MigrationRun, progress: Progress): Promise<number> {
  let from = 0
  while (context.withheld) {
    if (from === run.steps.length) throw context.withheld
    const next = run.steps.findIndex((step, index) => index >= from && /\bevent\s+trigger\b/i.test(step.sql))
    const to = next === -1 ? run.steps.length : next + 1
    await runSteps(context, run, { from, to, outside: false }, progress)
    context.withheld = await context.bookkeeping.tryEnsure()
    from = to
  }
  return from
}

async function runJournaled(context: RunContext, run: MigrationRun, progress: Progress): Promise<void> {
  const { bookkeeping, signal } = context
  if (context.withheld) throw context.withheld
  progress.position = run.interrupted?.progress ?? undefined
  const entry = await bookkeeping.add({ ...entryOf(run), outcome: 'running', ...doneSteps(run, run.finished), progress: progress.position })
  progress.entry = entry
  for (const [index, segment] of segmentsOf(run.steps, run.finished).entries()) {
    if (signal?.aborted) throw new AutogenError('stopped on request')
    const interruption = index === 0 ? run.interrupted : undefined
    if (segment.outside) await runOutside(context, run, segment, progress, interruption)
    else await runNoted(context, run, segment, progress, segment.to === run.steps.length)
    progress.done = segment.to
    progress.position = undefined
  }
}

/** Runs steps in a transaction of their own, together with the note that they are done; the version table moves with the last ones. */
async function runNoted(context: RunContext, run: MigrationRun, segment: Segment, progress: Progress, last: boolean): Promise<void> {
  const { session, bookkeeping } = context
  await session.transaction(async (assertOpen) => {
    await bookkeeping.expectRows(run.rowsBefore)
    await runSteps(context, run, segment, progress)
    await assertOpen()
    if (last) await bookkeeping.change(run.rowChanges)
    await bookkeeping.update(progress.entry!, { outcome: last ? 'done' : 'running', ...doneSteps(run, segment.to) })
  })
}

/** Runs a step by itself, unless an earlier run got to its end. One that a transaction can hold is never done without being noted, however the run ends. */
async function runOutside(context: RunContext, run: MigrationRun, segment: Segment, progress: Progress, interruption: Interruption | undefined): Promise<void> {
  const { database, scratch, bookkeeping } = context
  const { sql, ...step } = run.steps[segment.from] as OutsideStep
  if (!interruption || !(await settle(database, sql, interruption))) {
    if (!scratch && !step.backfill && (await fitsTransaction(sql)) && (await triedInside(() => runNoted(context, run, { ...segment, outside: false }, progress, false)))) return
    const note = scratch ? undefined : await noteBefore(database, sql)
    if (note === undefined) await runSteps(context, run, segment, progress)
    else await runRemembering(context, run, segment, progress, note)
  }
  await bookkeeping.update(progress.entry!, { outcome: 'running', ...doneSteps(run, segment.to) })
}

/** Runs a step of which one cannot tell afterwards what it made, unless the log says what was there before. */
async function runRemembering(context: RunContext, run: MigrationRun, segment: Segment, progress: Progress, note: string): Promise<void> {
  progress.position = note
  await context.bookkeeping.update(progress.entry!, { outcome: 'running', ...doneSteps(run, segment.from), progress: note })
  try {
    await runSteps(context, run, segment, progress)
  } catch (error) {
    const clear = settle(context.database, run.steps[segment.from]!.sql, { outcome: 'failed', progress: note })
    await clear.then(() => (progress.position = undefined)).catch(() => undefined)
    throw error
  }
}

/** False when PostgreSQL refused the statement in a transaction, before it did anything. */
async function triedInside(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if ((error as { sqlState?: string }).sqlState !== '25001') throw error
    return false
  }
}

async function runSteps(context: RunContext, run: MigrationRun, segment: Segment, progress: Progress): Promise<void> {
  if (segment.from === segment.to) return
  context.onEvent({ type: 'steps', migration: run.migration, direction: run.direction, from: segment.from + 1, to: segment.to })
  const steps = run.steps.slice(segment.from, segment.to)
  if (segment.outside && context.session.lent && steps.some(({ sql }) => secretsIn(sql).length > 0)) {
    throw new AutogenError('a step outside a transaction needs a secret, which behind a pooler others could see', { hint: 'run this migration on the server itself' })
  }
  let sent = 0
  try {
    await handOverSecrets(context.database, steps, context.secrets, !segment.outside)
    await seen(context, run, segment, async () => {
      const [first] = steps
      if (first?.type === 'outside' && first.backfill && !context.scratch) return runInBatches(context, run, segment, progress, first.backfill)
      if (segment.outside) return context.session.outside(textOf(context, first!))
      for (const group of sentTogether(steps)) {
        const { run: work } = group[0] as ExecuteStep
        await (work && !context.scratch ? runFunction(context.database, work) : context.database.executeAll(group.map((step) => textOf(context, step))))
        sent += group.length
      }
    })
  } catch (error) {
    const index = error instanceof DatabaseError && !segment.outside && !(steps[sent] as ExecuteStep).run ? error.index : 0
    if (index !== undefined) progress.failing = segment.from + sent + index + 1
    throw withoutSecrets(error, steps, context.secrets)
  } finally {
    if (segment.outside) await forgetSecrets(context.database, steps).catch(() => undefined)
  }
}

/** Does `work` while another session looks at it, where that makes sense: scratch has nobody to wait for, and a lent session no process of its own. */
function seen({ database, scratch, session, onEvent }: RunContext, { migration, direction }: MigrationRun, { from, to }: Segment, work: () => Promise<void>): Promise<void> {
  if (scratch || session.lent) return work()
  return watched(database, (sighting) => onEvent({ type: 'seen', migration, direction, from: from + 1, to, ...sighting }), work)
}

function textOf({ scratch }: RunContext, step: Step): string {
  return scratch ? scratchForm(step) : step.sql
}

/** Statements next to each other, or a function by itself. */
function sentTogether(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = []
  for (const step of steps) {
    const last = groups.at(-1)
    const isFunction = (one: Step) => 'run' in one
    if (last && !isFunction(step) && !isFunction(last[0]!)) last.push(step)
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

async function runInBatches({ database, session, bookkeeping, onEvent, signal }: RunContext, run: MigrationRun, segment: Segment, progress: Progress, backfill: Backfill): Promise<void> {
  const { migration, direction } = run
  const done = doneSteps(run, segment.from)
  await runBackfill(backfill, {
    database,
    signal,
    behind: progress.position,
    transaction: (work) => session.transaction(work),
    record: async (reached) => {
      await bookkeeping.expectRows(run.rowsBefore)
      await bookkeeping.update(progress.entry!, { outcome: 'running', ...done, progress: reached })
    },
    onProgress: (reached) => {
      progress.position = reached.reached
      onEvent({ type: 'progress', migration, direction, step: segment.from + 1, ...reached })
    },
  })
}

/** What is left to run, ending with a transaction, in which the version table moves. */
export function segmentsOf(steps: readonly Step[], from: number): Segment[] {
  const segments: Segment[] = []
  for (let index = from; index < steps.length; index++) {
    const outside = steps[index]!.type === 'outside'
    const last = segments.at(-1)
    if (last && !last.outside && !outside) segments[segments.length - 1] = { ...last, to: index + 1 }
    else segments.push({ from: index, to: index + 1, outside })
  }
  if (segments.at(-1)?.outside !== false) segments.push({ from: steps.length, to: steps.length, outside: false })
  return segments
}

function entryOf({ migration, direction }: MigrationRun) {
  return { revision: migration.revision, direction, checksum: migration.checksum }
}

function doneSteps(run: MigrationRun, count: number) {
  return { stepsDone: count, stepsHash: count === 0 ? null : hashSteps(run.steps.slice(0, count)) }
}

/** Writes a failure into the log, when the connection still allows it, and returns the error to report. */
async function failed({ bookkeeping, session }: RunContext, run: MigrationRun, progress: Progress, cause: unknown): Promise<unknown> {
  const { migration, direction, steps } = run
  const failure = cause instanceof AutogenError ? new MigrationError(migration, direction, progress.failing, steps, cause, stateAfter(session, cause, run, progress)) : cause
  const { position } = progress
  const outcome = { outcome: 'failed', ...doneSteps(run, progress.done), error: (failure as Error).message, ...(position !== undefined && { progress: position }) } as const
  const milliseconds = performance.now() - progress.started
  const recorded = progress.entry === undefined ? bookkeeping.add({ ...entryOf(run), ...outcome, milliseconds }) : bookkeeping.update(progress.entry, outcome)
  await Promise.resolve(recorded).catch(() => undefined)
  return failure
}

function stateAfter(session: MigrationSession, error: AutogenError, run: MigrationRun, progress: Progress): string {
  const { done } = progress
  const position = (run.steps[done] as OutsideStep | undefined)?.backfill && progress.position
  if (error instanceof DatabaseError && /^(08|57P)/.test(error.sqlState ?? '')) return '`autogen current` says where the database is'
  if (session.endedEarly) return 'a statement of it ended its transaction: what ran before that is committed, what ran after it may be'
  if (done === 0 && position === undefined) return 'nothing of it was kept'
  const kept = done === 0 ? '' : `${done === 1 ? 'step 1 is' : `steps 1 to ${done} are`} done; `
  const next = position === undefined ? `at step ${done + 1}` : `in step ${done + 1}, behind the row ${position}`
  return `${kept}the next ${run.direction} goes on ${next}`
}
