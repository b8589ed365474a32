import { parseRange, planOffline } from '../revisions/history-range.js'
import { RevisionGraph } from '../revisions/revision-graph.js'
import type { Direction } from '../revisions/revision.js'
import { historyFor } from '../revisions/squash.js'
import { planStampOffline, type StampPlan } from '../revisions/stamp.js'
import { bookkeepingTables } from '../runner/bookkeeping-sql.js'
import { Bookkeeping } from '../runner/history.js'
import * as runner from '../runner/runner.js'
import { planScript, stampScript } from '../runner/script.js'
import { baselineOf } from './baseline.js'
import { migrationsOf, replacedOf } from './migrations.js'
import type { Project } from './project.js'

/** How migrations run: see `RunOptions` of the runner. */
export type MigrateOptions = Omit<runner.RunOptions, 'database' | 'migrations' | 'versionSchema' | 'scratch' | 'baseline' | 'pooler' | 'replaced' | 'timeouts'>

/**
 * Runs a project's migrations up to a target: `head`, `heads`, a revision, `+1`.
 *
 * @throws MigrationError, RevisionError
 */
export async function upgrade(project: Project, target = 'head', options: MigrateOptions = {}): Promise<runner.RunResult> {
  return runner.upgrade({ ...said(project), ...options, ...(await parts(project, options)) }, target)
}

/**
 * Takes a project's migrations back down to a target: a revision, `-1`, `base`.
 *
 * @throws MigrationError, RevisionError, RefusedError
 */
export async function downgrade(project: Project, target: string, options: MigrateOptions = {}): Promise<runner.RunResult> {
  return runner.downgrade({ ...said(project), ...options, ...(await parts(project, options)) }, target)
}

/** What an upgrade or a downgrade would run, after everything that would refuse it. Writes nothing. */
export async function preview(project: Project, direction: Direction, target: string): Promise<runner.RunResult> {
  return runner.preview(await parts(project), direction, target)
}

/** Records where a project's database is, without running anything; `dryRun` only says what that would change. */
export async function stamp(project: Project, target: string, { dryRun, onEvent, ...options }: { purge?: boolean; dryRun?: boolean } & Pick<MigrateOptions, 'onEvent'> = {}): Promise<StampPlan> {
  return (dryRun ? runner.previewStamp : runner.stamp)({ ...said(project), ...(onEvent && { onEvent }), ...(await parts(project)) }, target, options)
}

/**
 * The SQL of an upgrade or a downgrade as a script for psql, made without a database: from one revision to another, `a:b`, or for an upgrade up
 * to `b` from nothing.
 *
 * @throws RevisionError for a range that makes no sense, RefusedError, UsageError
 */
export async function runScript(project: Project, direction: Direction, range: string, options: { singleTransaction?: boolean } = {}): Promise<string> {
  const start = range.includes(':') ? parseRange(range).from : undefined
  const migrations = await historyFor(await migrationsOf(project), start === undefined ? [] : [start], () => replacedOf(project))
  const plan = planOffline(new RevisionGraph(migrations), direction, range)
  const baseline = await baselineOf(project)
  const { versionSchema, timeouts } = project.settings
  return planScript(plan, migrations, { ...options, baseline: baseline?.steps, versionSchema, timeouts })
}

/** The same for a stamp: a revision, or `a:b` on a database at `a`. */
export async function stampingScript(project: Project, range: string): Promise<string> {
  const migrations = await migrationsOf(project)
  const plan = planStampOffline(new RevisionGraph(migrations), [range])
  return stampScript(plan, migrations, { versionSchema: project.settings.versionSchema })
}

/** Makes the bookkeeping tables where they are missing, and changes nothing else. A dry run only says whether they are. */
export async function ensureVersion(project: Project, { onEvent }: Pick<MigrateOptions, 'onEvent'> = {}): Promise<{ schema: string; made: boolean }> {
  const { versionSchema: schema, pooler } = project.settings
  const database = await project.live()
  if (project.files.dryRun) return { schema, made: !(await new Bookkeeping(database, schema).isThere()) }
  return { schema, made: await runner.ensureVersion(database, schema, { pooler, waitForRunMs: project.settings.waitForRunMs, ...(onEvent && { onEvent }) }) }
}

/** The same as a script for psql. */
export function ensureVersionScript({ settings }: Project): string {
  const { createSchema, createVersion, createHistory } = bookkeepingTables(settings.versionSchema)
  return ['BEGIN', createSchema, createVersion, createHistory, 'COMMIT'].map((statement) => `${statement};\n`).join('')
}

/** What the configuration says of runs; what a call says goes before it. */
function said({ settings: { waitForReplicasMs, waitForRunMs, callbacks } }: Project): MigrateOptions {
  return { ...callbacks, ...(waitForReplicasMs !== undefined && { waitForReplicasMs }), ...(waitForRunMs !== undefined && { waitForRunMs }) }
}

/** The files are read before the database is opened: what is wrong with them is known soonest. */
async function parts(project: Project, options: MigrateOptions = {}): Promise<runner.RunOptions> {
  const migrations = await migrationsOf(project)
  const baseline = await baselineOf(project)
  const { versionSchema, pooler, timeouts } = project.settings
  const signal = options.signal ?? project.options.signal
  return { ...(signal && { signal }), migrations, baseline, database: await project.live(), versionSchema, pooler, timeouts, replaced: () => replacedOf(project) }
}
