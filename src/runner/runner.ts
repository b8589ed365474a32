import type { Database } from '../database/database.js'
import { AutogenError, RevisionError, UsageError } from '../errors.js'
import { hashSteps } from '../revisions/record.js'
import { planDowngrade, planUpgrade, startingWith, type Plan } from '../revisions/plan.js'
import { RevisionGraph } from '../revisions/revision-graph.js'
import { positionOf, stepsOf, type Direction, type Migration, type Step } from '../revisions/revision.js'
import { historyFor, isEdited } from '../revisions/squash.js'
import { planStamp, type StampPlan } from '../revisions/stamp.js'
import type { Timeouts } from '../revisions/timeouts.js'
import { applyRowChanges } from '../revisions/version-rows.js'
import { layBaseline, type Baseline } from './baseline.js'
import { DEFAULT_VERSION_SCHEMA } from './bookkeeping-sql.js'
import { Bookkeeping, readLog, type HistoryEntry } from './history.js'
import { withLockRow } from './lock-row.js'
import { withLock } from './lock.js'
import { runMigration, runTogether, type MigrationRun, type RunContext, type RunEvent } from './run-migration.js'
import { waitForReplicas } from './replicas.js'
import { fromEnvironment, fromNowhere, requireSecrets } from './secrets.js'
import { MigrationSession } from './session.js'
import { NO_TELEMETRY, telemetryOf } from './telemetry.js'

export interface RunOptions {
  readonly database: Database
  /** All migrations of the history; see `readMigrations`. */
  readonly migrations: readonly Migration[]
  readonly baseline?: Baseline | undefined
  /** Reads the migrations that others replace, for a database in the middle of them. Default: there are none. */
  readonly replaced?: () => Promise<readonly Migration[]>
  /** The schema of the bookkeeping tables. Default: `autogen`. */
  readonly versionSchema?: string
  /** Everything in one transaction instead of one for each migration. */
  readonly singleTransaction?: boolean
  /** The connection goes through a pooler that lends sessions for one transaction at a time: a row of a table is the lock, and settings end with each transaction. */
  readonly pooler?: boolean
  /** A downgrade passes over migrations that cannot be undone: only the version table goes back, and what they did stays. Default: it is refused. */
  readonly skipIrreversible?: boolean
  /** How long to wait for another run to end. Default: five minutes. */
  readonly waitForRunMs?: number | undefined
  /** How long what the migrations do may wait and take, where they and their steps do not say so themselves. Default: two seconds for a lock, and ten retries. */
  readonly timeouts?: Timeouts | undefined
  /** Upgrade although a migration that is applied was edited since. */
  readonly allowEdited?: boolean
  /** The database is a scratch one: no secrets are needed, and steps that reach for other servers run in the form they have for it. */
  readonly scratch?: boolean
  /** After each migration: waits so long until every streaming replica has replayed it. Default: replicas are not waited for. */
  readonly waitForReplicasMs?: number | undefined
  /** Awaited before each migration, outside of its transaction; when it throws, the run ends there. */
  readonly beforeMigration?: (migration: Migration, direction: Direction) => unknown
  /** Awaited after each migration that is done. */
  readonly afterMigration?: (migration: Migration, direction: Direction) => unknown
  /** Called before each step, or each step of those that are sent together. */
  readonly onStep?: (step: Step, place: { readonly migration: Migration; readonly direction: Direction; readonly number: number }) => void
  /** Stops before the next migration, or the next batch of a backfill. */
  readonly signal?: AbortSignal
  readonly onEvent?: (event: RunEvent) => void
}

export interface RunResult {
  readonly direction: Direction
  /** The version table's rows before and after. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** What ran, in order. */
  readonly ran: readonly Migration[]
}

/**
 * Upgrades a database to a target: `head`, `heads`, a revision, `+N`, … One run at a time: others wait. Each migration is a transaction, so that
 * after a failure the database is where the last finished one led.
 *
 * @throws MigrationError for a failing migration, RevisionError for a target or history that makes no sense
 * @example await upgrade({ database, migrations: await readMigrations('migrations') })
 */
export function upgrade(options: RunOptions, target: string | readonly string[] = 'head'): Promise<RunResult> {
  return run(options, (graph, rows) => planUpgrade(graph, target, rows))
}

/**
 * Downgrades a database to a target: a revision, `base`, `-N`, … Nothing runs when one of the migrations has no downgrade.
 *
 * @throws MigrationError, RevisionError, RefusedError
 * @example await downgrade({ database, migrations }, '-1')
 */
export function downgrade(options: RunOptions, target: string): Promise<RunResult> {
  return run(options, (graph, rows) => planDowngrade(graph, target, rows))
}

/**
 * Says where a database is without running anything. `purge` forgets first what the version table holds.
 *
 * @example await stamp({ database, migrations }, 'head')
 */
export function stamp(options: RunOptions, targets: string | readonly string[], { purge = false } = {}): Promise<StampPlan> {
  const graph = new RevisionGraph(options.migrations)
  return prepared(options, async ({ session, bookkeeping }) => {
    const plan = planStamp(graph, targets, await bookkeeping.rows(), { purge })
    await session.transaction(async () => {
      await bookkeeping.ensure()
      await bookkeeping.expectRows(plan.before)
      await bookkeeping.change(plan.rowChanges)
      for (const revision of plan.after.length > 0 ? plan.after : ['base']) {
        const migration = options.migrations.find((each) => each.revision === revision)
        const checksum = migration?.checksum ?? null
        await bookkeeping.add({ revision, direction: 'stamp', checksum, outcome: 'done', stepsDone: 0, stepsHash: null })
      }
    })
    return plan
  })
}

/** Makes the bookkeeping tables; false when they are there. */
export async function ensureVersion(database: Database, versionSchema: string = DEFAULT_VERSION_SCHEMA, { pooler = false, waitForRunMs, onEvent }: Pick<RunOptions, 'pooler' | 'waitForRunMs' | 'onEvent'> = {}): Promise<boolean> {
  const bookkeeping = new Bookkeeping(database, versionSchema)
  const session = await MigrationSession.open(database, { lent: pooler })
  const waiting = { timeoutMs: waitForRunMs, onWait: (holder: string) => onEvent?.({ type: 'waiting', holder }) }
  return (pooler ? withLockRow : withLock)(database, versionSchema, waiting, () => session.transaction(() => bookkeeping.ensure()).finally(() => session.restore().catch(() => undefined)))
}

/** Where a database is and what was run on it. Writes nothing; a database without bookkeeping is at no revision. */
export async function readState(database: Database, versionSchema?: string): Promise<{ rows: string[]; entries: HistoryEntry[] }> {
  const bookkeeping = new Bookkeeping(database, versionSchema)
  return { rows: await bookkeeping.rows(), entries: await bookkeeping.entries() }
}

/** What a stamp would change. Writes nothing. */
export async function previewStamp(options: RunOptions, targets: string | readonly string[], { purge = false } = {}): Promise<StampPlan> {
  const { rows } = await readState(options.database, options.versionSchema)
  return planStamp(new RevisionGraph(options.migrations), targets, rows, { purge })
}

/** What an upgrade or downgrade would run. Writes nothing. */
export async function preview(options: RunOptions, direction: Direction, target: string): Promise<RunResult> {
  const { rows, entries } = await readState(options.database, options.versionSchema)
  const migrations = await seenBy(options, rows)
  const graph = new RevisionGraph(migrations)
  const plan = direction === 'upgrade' ? planUpgrade(graph, target, rows) : planDowngrade(graph, target, rows)
  return resultOf(plan, runsOf({ ...options, migrations }, graph, plan, entries))
}

/** The history as a database at these revisions sees it. */
function seenBy({ migrations, replaced = async () => [] }: RunOptions, rows: readonly string[]): Promise<readonly Migration[]> {
  return historyFor(migrations, rows, replaced)
}

function run(options: RunOptions, makePlan: (graph: RevisionGraph, rows: readonly string[]) => Plan): Promise<RunResult> {
  // What is wrong with the history is known before anything is asked of the database.
  new RevisionGraph(options.migrations)
  return prepared(options, async (context) => {
    const { bookkeeping, session } = context
    const entries = await bookkeeping.entries()
    const rows = await bookkeeping.rows()
    const migrations = await seenBy(options, rows)
    const graph = new RevisionGraph(migrations)
    const plan = makePlan(graph, rows)
    const runs = runsOf({ ...options, migrations }, graph, plan, entries)
    if (runs.length === 0) return resultOf(plan, runs)
    requireSecrets(runs, context.secrets)
    if (options.singleTransaction) refuseOutside(runs)
    context.withheld = await session.transaction(() => bookkeeping.tryEnsure())
    if (context.withheld && !(await bookkeeping.isGuarded())) throw context.withheld
    await context.telemetry.run(plan.direction, () => runAll(context, plan, runs, options))
    return resultOf(plan, runs)
  })
}

async function runAll(context: RunContext, plan: Plan, runs: readonly MigrationRun[], options: RunOptions): Promise<void> {
  const { baseline } = options
  if (baseline && plan.direction === 'upgrade' && plan.before.length === 0) await layBaseline(context, baseline)
  if (!options.singleTransaction) {
    for (const each of runs) await runNext(context, each, options)
    return
  }
  for (const each of runs) await options.beforeMigration?.(each.migration, each.direction)
  await runTogether(context, runs)
  await follow(context, options)
  for (const each of runs) await options.afterMigration?.(each.migration, each.direction)
}

/** Takes the lock and hands over everything that a run needs. */
function prepared<T>(options: RunOptions, work: (context: RunContext) => Promise<T>): Promise<T> {
  const { database, versionSchema = DEFAULT_VERSION_SCHEMA, scratch = false, signal, onStep, onEvent: tell = () => undefined } = options
  const onEvent = (event: RunEvent) => {
    tell(event)
    if (event.type === 'steps' && onStep) stepsIn(event).forEach((step, index) => onStep(step, { migration: event.migration, direction: event.direction, number: event.from + index }))
  }
  const secrets = scratch ? fromNowhere : fromEnvironment
  const lock = options.pooler ? withLockRow : withLock
  return MigrationSession.open(database, { lent: options.pooler === true }).then((session) =>
    lock(
      database,
      versionSchema,
      { timeoutMs: options.waitForRunMs, signal, onWait: (holder) => onEvent({ type: 'waiting', holder }) },
      async () => {
        try {
          const telemetry = scratch ? NO_TELEMETRY : await telemetryOf(database)
          return await work({ database, session, bookkeeping: new Bookkeeping(database, versionSchema), scratch, secrets, onEvent, telemetry, signal, timeouts: options.timeouts })
        } finally {
          await session.restore().catch(() => undefined)
        }
      },
    ),
  )
}

async function runNext(context: RunContext, run: MigrationRun, options: RunOptions): Promise<void> {
  if (context.signal?.aborted) throw new AutogenError(`stopped before the ${run.direction} of ${run.migration.revision}`)
  await options.beforeMigration?.(run.migration, run.direction)
  await runMigration(context, run)
  await follow(context, options)
  await options.afterMigration?.(run.migration, run.direction)
}

/** Waits until replicas are where the database is. */
async function follow({ database, signal, onEvent }: RunContext, { waitForReplicasMs }: RunOptions): Promise<void> {
  if (waitForReplicasMs === undefined || database.engine === 'pglite') return
  await waitForReplicas(database, { timeoutMs: waitForReplicasMs, signal, onWait: (lagging) => onEvent({ type: 'replicas', lagging }) })
}

/** The steps that are sent together. */
function stepsIn({ migration, direction, from, to }: Extract<RunEvent, { type: 'steps' }>): readonly Step[] {
  return stepsOf(migration, direction).slice(from - 1, to)
}

function refuseOutside(runs: readonly MigrationRun[]): void {
  const outside = runs.find((each) => each.steps.some((step) => step.type === 'outside'))
  if (!outside) return
  throw new UsageError(`revision ${outside.migration.revision} has a step outside a transaction, so that the run cannot be one transaction`, {
    at: positionOf(outside.migration),
  })
}

/** The migrations of a plan, after everything that forbids to run it. */
function runsOf(options: RunOptions, graph: RevisionGraph, plan: Plan, entries: readonly HistoryEntry[]): MigrationRun[] {
  const byId = new Map(options.migrations.map((migration) => [migration.revision, migration]))
  const { checksums, unfinished, interrupted } = readLog(entries)
  if (plan.direction === 'upgrade' && !options.allowEdited) refuseEdited(graph, plan.before, byId, checksums)
  if (unfinished) refuseOtherThan(unfinished, plan)
  const ordered = unfinished ? startingWith(graph, plan, unfinished.revision) : plan
  let rowsBefore = plan.before
  return ordered.steps.map((step) => {
    const migration = byId.get(step.revision.revision)!
    const isSkipped = options.skipIrreversible === true && step.direction === 'downgrade' && migration.downgrade === null
    const steps = isSkipped ? [] : stepsOf(migration, step.direction)
    const finished = unfinished?.revision === migration.revision ? finishedSteps(unfinished, migration, steps) : 0
    const run = { migration, direction: step.direction, steps, finished, interrupted: interrupted.get(`${step.direction} ${migration.revision}`), rowsBefore, rowChanges: step.rowChanges }
    rowsBefore = applyRowChanges(rowsBefore, step.rowChanges)
    return run
  })
}

function finishedSteps(unfinished: HistoryEntry, migration: Migration, steps: readonly Step[]): number {
  const { stepsDone, stepsHash } = unfinished
  if (stepsDone === 0) return 0
  if (stepsDone <= steps.length && hashSteps(steps.slice(0, stepsDone)) === stepsHash) return stepsDone
  throw new RevisionError(`revision ${migration.revision} stopped after step ${stepsDone} and was edited in the steps that are done`, {
    at: positionOf(migration),
    hint: 'put these steps back as they were; only those behind them may change',
  })
}

function refuseOtherThan(unfinished: HistoryEntry, plan: Plan): void {
  if (unfinished.direction === plan.direction && plan.steps.some((step) => step.revision.revision === unfinished.revision)) return
  throw new RevisionError(`the ${unfinished.direction} of revision ${unfinished.revision} stopped half-way, after step ${unfinished.stepsDone}`, {
    detail: unfinished.error ?? undefined,
    hint:
      unfinished.direction === 'upgrade'
        ? `finish it first: autogen upgrade ${unfinished.revision}; or put things right by hand and stamp`
        : 'finish it first: run the same downgrade again; or put things right by hand and stamp',
  })
}

function refuseEdited(graph: RevisionGraph, rows: readonly string[], byId: ReadonlyMap<string, Migration>, checksums: ReadonlyMap<string, string>): void {
  for (const node of graph.applied(rows)) {
    const migration = byId.get(node.id)!
    if (!isEdited(migration, checksums.get(node.id))) continue
    throw new RevisionError(`the upgrade of revision ${node.id} was edited after it was applied to this database`, {
      at: positionOf(migration),
      hint: 'put it back as it was, and make the change in a new migration',
    })
  }
}

function resultOf(plan: Plan, runs: readonly MigrationRun[]): RunResult {
  return { direction: plan.direction, before: plan.before, after: plan.after, ran: runs.map((each) => each.migration) }
}
