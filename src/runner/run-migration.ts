import type { Database } from '../database/database.js'
import { AutogenError, DatabaseError } from '../errors.js'
import { hashSteps } from '../revisions/record.js'
import type { Direction, Migration, OutsideStep, Step } from '../revisions/revision.js'
import type { Timeouts } from '../revisions/timeouts.js'
import type { RowChange } from '../revisions/version-rows.js'
import type { Bookkeeping, Interruption } from './history.js'
import { noteBefore, settle } from './interrupted-step.js'
import type { LockRetry } from './lock-retries.js'
import { MigrationError } from './migration-error.js'
import type { LaggingReplica } from './replicas.js'
import type { BackfillProgress } from './run-backfill.js'
import { retriesOf, runSteps, untilLocked } from './run-steps.js'
import type { SecretLookup } from './secrets.js'
import type { MigrationSession } from './session.js'
import { fitsTransaction, mayCommit } from './step-effect.js'
import type { Telemetry } from './telemetry.js'
import type { Blocked, StepSighting } from './watch.js'

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
  /** Steps that did not get their locks were taken back, and will be tried again. */
  | ({ readonly type: 'retry'; readonly migration: Migration; readonly direction: Direction; readonly from: number; readonly to: number } & LockRetry)
  | { readonly type: 'done'; readonly migration: Migration; readonly direction: Direction; readonly milliseconds: number }
  /** The error is what the run throws. */
  | { readonly type: 'failed'; readonly migration: Migration; readonly direction: Direction; readonly milliseconds: number; readonly error: unknown }

export interface RunContext {
  readonly database: Database
  readonly session: MigrationSession
  readonly bookkeeping: Bookkeeping
  readonly scratch: boolean
  readonly secrets: SecretLookup
  readonly onEvent: (event: RunEvent) => void
  readonly telemetry: Telemetry
  readonly signal?: AbortSignal
  /** What the migrations and their steps leave open. */
  readonly timeouts?: Timeouts | undefined
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
export interface Segment {
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
  const hasOutside = run.steps.some((step) => step.type === 'outside')
  await context.telemetry.migration(run, () => (hasOutside ? runInParts(context, run) : runAsOne(context, [run])))
}

/**
 * Runs migrations without steps outside in one transaction.
 *
 * @throws MigrationError for the one that failed; nothing of the others is kept either
 */
export function runTogether(context: RunContext, runs: readonly MigrationRun[]): Promise<void> {
  return runAsOne(context, runs, (run, work) => context.telemetry.migration(run, work))
}

async function runInParts(context: RunContext, run: MigrationRun): Promise<void> {
  const progress = startOf(context, run)
  try {
    await runJournaled(context, run, progress)
  } catch (error) {
    throw await failed(context, run, progress, error)
  }
  doneOf(context, run, progress)
}

/** Runs migrations in one transaction until that gets its locks. */
async function runAsOne(context: RunContext, runs: readonly MigrationRun[], around = (_: MigrationRun, work: () => Promise<void>) => work()): Promise<void> {
  const parts: RunPart[] = []
  let current = 0
  const partOf = (run: MigrationRun): RunPart => ({ run, segment: { from: 0, to: run.steps.length, outside: false }, progress: startOf(context, run) })
  const part = () => (parts[current] ??= partOf(runs[current]!))
  const tryAll = () =>
    context.session.transaction(async (assertOpen) => {
      for (const [index, run] of runs.entries()) {
        current = index
        await around(run, () => runInside(context, part(), assertOpen))
      }
    })
  try {
    await untilLocked(context, part, tryAll, Math.max(...runs.map((run) => retriesOf(context, run, run.steps))))
  } catch (error) {
    throw await failed(context, part().run, part().progress, error)
  }
  parts.forEach(({ run, progress }) => doneOf(context, run, progress))
}

/** Where a migration is, for the report of a failure. */
export interface Progress {
  readonly started: number
  done: number
  /** Its entry in the log, where it has one before it is done. */
  entry: string | undefined
  /** The step that failed, 1-based. */
  failing: number | undefined
  /** Whom the try that is under way was seen to wait for. */
  blocked?: Blocked | undefined
  /** What the log says of the step that is under way: the last key of a backfill, or what was there before. */
  position?: string | undefined
}

/** Steps of a migration that are run by themselves. */
export interface RunPart {
  readonly run: MigrationRun
  readonly segment: Segment
  readonly progress: Progress
}

function startOf({ onEvent }: RunContext, { migration, direction, steps, finished }: MigrationRun): Progress {
  onEvent({ type: 'start', migration, direction, steps: steps.length, ...(finished > 0 && { resumesAt: finished + 1 }) })
  return { started: performance.now(), done: finished, entry: undefined, failing: undefined }
}

function doneOf({ onEvent }: RunContext, { migration, direction }: MigrationRun, { started }: Progress): void {
  onEvent({ type: 'done', migration, direction, milliseconds: performance.now() - started })
}

async function runInside(context: RunContext, part: RunPart, assertOpen: () => Promise<void>): Promise<void> {
  const { run, segment, progress } = part
  const from = context.withheld ? await runUnrecorded(context, part) : 0
  await context.bookkeeping.expectRows(run.rowsBefore)
  await runSteps(context, { ...part, segment: { ...segment, from } })
  await assertOpen()
  await context.bookkeeping.change(run.rowChanges)
  const milliseconds = performance.now() - progress.started
  await context.bookkeeping.add({ ...entryOf(run), outcome: 'done', ...doneSteps(run, run.steps.length), milliseconds })
}

/** Runs steps until the bookkeeping tables can be made, which is tried after each that is about an event trigger; gives back how many ran. */
async function runUnrecorded(context: RunContext, { run, segment, progress }: RunPart): Promise<number> {
  let from = 0
  while (context.withheld) {
    if (from === run.steps.length) throw context.withheld
    const next = run.steps.findIndex((step, index) => index >= from && /\bevent\s+trigger\b/i.test(step.sql))
    const to = next === -1 ? run.steps.length : next + 1
    await runSteps(context, { run, segment: { ...segment, from, to }, progress })
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
    if (segment.outside) await runOutside(context, { run, segment, progress }, interruption)
    else await runNoted(context, { run, segment, progress }, segment.to === run.steps.length)
    progress.done = segment.to
    progress.position = undefined
  }
}

/** Runs steps in a transaction of their own, together with the note that they are done; the version table moves with the last ones. */
async function runNoted(context: RunContext, part: RunPart, last: boolean): Promise<void> {
  const { session, bookkeeping } = context
  const { run, segment, progress } = part
  const tryIt = () =>
    session.transaction(async (assertOpen) => {
      await bookkeeping.expectRows(run.rowsBefore)
      await runSteps(context, part)
      await assertOpen()
      if (last) await bookkeeping.change(run.rowChanges)
      await bookkeeping.update(progress.entry!, { outcome: last ? 'done' : 'running', ...doneSteps(run, segment.to) })
    })
  await untilLocked(context, () => part, tryIt)
}

/** Runs a step by itself, unless an earlier run got to its end. One that a transaction can hold is never done without being noted, however the run ends. */
async function runOutside(context: RunContext, part: RunPart, interruption: Interruption | undefined): Promise<void> {
  const { database, session, scratch, bookkeeping } = context
  const { run, segment, progress } = part
  const { sql, ...step } = run.steps[segment.from] as OutsideStep
  if (!interruption || !(await session.withSettings(() => settle(database, sql, interruption)))) {
    if (!scratch && !step.backfill && (await fitsTransaction(sql)) && (await triedInside(() => runNoted(context, { ...part, segment: { ...segment, outside: false } }, false)))) return
    const note = scratch ? undefined : await session.withSettings(() => noteBefore(database, sql))
    let tries = 0
    const runIt = async () => {
      if (tries++ > 0 && (await session.withSettings(() => settle(database, sql, { outcome: 'failed', progress: note ?? null })))) return
      await (note === undefined ? runSteps(context, part) : runRemembering(context, part, note))
    }
    // What committed a part of its work by itself would do that part twice; a backfill is told apart batch by batch.
    await ((await mayCommit(sql)) ? runIt() : untilLocked(context, () => part, runIt))
  }
  await bookkeeping.update(progress.entry!, { outcome: 'running', ...doneSteps(run, segment.to) })
}

/** Runs a step of which one cannot tell afterwards what it made, unless the log says what was there before. */
async function runRemembering(context: RunContext, part: RunPart, note: string): Promise<void> {
  const { run, segment, progress } = part
  progress.position = note
  await context.bookkeeping.update(progress.entry!, { outcome: 'running', ...doneSteps(run, segment.from), progress: note })
  try {
    await runSteps(context, part)
  } catch (error) {
    const clear = context.session.withSettings(() => settle(context.database, run.steps[segment.from]!.sql, { outcome: 'failed', progress: note }))
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

/** How far a migration is, as the log has it. */
export function doneSteps(run: MigrationRun, count: number) {
  return { stepsDone: count, stepsHash: count === 0 ? null : hashSteps(run.steps.slice(0, count)) }
}

/** Writes a failure into the log, when the connection still allows it, and returns the error to report. */
async function failed({ bookkeeping, session, scratch, onEvent }: RunContext, run: MigrationRun, progress: Progress, cause: unknown): Promise<unknown> {
  const { migration, direction, steps } = run
  const failure = cause instanceof AutogenError ? new MigrationError(migration, direction, progress.failing, steps, cause, scratch ? IN_SCRATCH : stateAfter(session, cause, run, progress)) : cause
  const { position } = progress
  const outcome = { outcome: 'failed', ...doneSteps(run, progress.done), error: (failure as Error).message, ...(position !== undefined && { progress: position }) } as const
  const milliseconds = performance.now() - progress.started
  const recorded = progress.entry === undefined ? bookkeeping.add({ ...entryOf(run), ...outcome, milliseconds }) : bookkeeping.update(progress.entry, outcome)
  await Promise.resolve(recorded).catch(() => undefined)
  onEvent({ type: 'failed', migration, direction, milliseconds, error: failure })
  return failure
}

const IN_SCRATCH = 'that was in scratch, where the migrations run on an empty database; yours is as it was'

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
