import type { Declaration } from '../authoring/declared.js'
import { ProofError, type AutogenError } from '../errors.js'
import type { ServerVersion } from '../database/database.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { Operation } from '../operations/operation.js'
import { plan, type PlannedStep } from '../planner/plan.js'
import { proveUpgrade } from '../planner/proof.js'
import { reflectUnless } from '../reflector/reflect.js'
import type { LockProblem } from '../revisions/lock-file.js'
import type { Revision } from '../revisions/revision.js'
import { authorsIntent } from './authors-intent.js'
import { compare, compareLive, readLive, type Comparison } from './compare.js'
import type { RowsInTheWay } from './count-rows.js'
import { compareSources } from './compare-sources.js'
import { checkLock } from './lock.js'
import { pendingMigrations } from './migrations.js'
import { processed } from './process-operations.js'
import { planOptions } from './plan-options.js'
import type { Project } from './project.js'
import { Recognition } from './recognition.js'
import type { ProjectSettings } from './settings.js'
import { sourceOf } from './sources.js'

/** What separates a database from `schema.ts`, or one state from another, and the SQL that would remove it. */
export interface Differences {
  /** What was compared, for people. */
  readonly between: { readonly from: string; readonly to: string }
  readonly operations: readonly Operation[]
  /** The database as it is, and as `schema.ts` wants it; or the two states. */
  readonly from: SchemaModel
  readonly to: SchemaModel
  readonly steps: readonly PlannedStep[]
  /** Why the steps are planned but not proven, when they are not. */
  readonly unproven?: AutogenError
  readonly unmanaged: readonly UnmanagedObject[]
  /** Of the database, and of the scratch engine that the steps were made for. */
  readonly liveVersion: ServerVersion
  readonly scratchVersion: ServerVersion
}

/** The sides of a comparison as the user names them: see `sourceOf`. */
export interface Sides {
  /** What is there. Default: the project's database. */
  readonly from?: string | undefined
  /** What it should become. Default: the project's `schema.ts`. */
  readonly to?: string | undefined
}

/**
 * Compares without writing anything; the steps are run in scratch, where that is possible.
 *
 * @example await differences(project, { from: 'migrations', to: 'schema' })
 */
export async function differences(project: Project, sides: Sides = {}): Promise<Differences> {
  const from = sourceOf(sides.from ?? 'database', project.settings)
  const to = sourceOf(sides.to ?? 'schema', project.settings)
  const between = { from: from.label, to: to.label }
  if (from.type === 'database' && to.type === 'schema') {
    const one = sides.from === undefined && sides.to === undefined ? project : project.with({ database: from.url, schema: to.paths })
    return explained({ between, ...(await compare(one)) }, async () => (await one.declared()).declarations, project.settings)
  }
  const { declarations, ...comparison } = await compareSources(project, from, to)
  return explained({ between, ...comparison }, async () => declarations, project.settings)
}

/** A comparison with the steps that remove what differs. */
async function explained(
  { ground, groundFailure, ...facts }: Comparison & Pick<Differences, 'between'>,
  declarations: () => Promise<readonly Declaration[]>,
  settings: ProjectSettings,
): Promise<Differences> {
  const { operations, from, to } = facts
  const found = { ...facts, scratchVersion: to.version }
  if (operations.length === 0) return { ...found, steps: [] }
  const intent = planOptions(settings, facts.unmanaged, authorsIntent(await declarations()))
  try {
    if (!ground) return { ...found, steps: plan(from, to, operations, intent), unproven: groundFailure! }
    const upgrade = await proveUpgrade(ground, from, to, operations, intent)
    return { ...found, operations: upgrade.operations, steps: upgrade.steps }
  } catch (error) {
    if (!(error instanceof ProofError)) throw error
    return { ...found, steps: plan(from, to, operations, intent), unproven: error }
  }
}

/** How a database stands to `schema.ts` and to its migrations. */
export interface CheckResult {
  /** Nothing differs, every migration is applied, and the lock file lists them as they are. */
  readonly inSync: boolean
  readonly operations: readonly Operation[]
  /** What differs and how; undefined when nothing does. */
  readonly differences: Differences | undefined
  readonly unmanaged: readonly UnmanagedObject[]
  /** Migrations that the database has not run. */
  readonly pending: readonly Revision[]
  /** What differs as well, and the hook `processOperations` leaves out. */
  readonly leftOut: readonly Operation[]
  /** What the lock file of the migrations says otherwise than their folder. */
  readonly lock: readonly LockProblem[]
  /** Where it was asked: how many rows are in the way of what differs, and of pending migrations. */
  readonly counts?: readonly RowsInTheWay[]
}

export interface CheckOptions {
  /** Counts the rows that are in the way of what differs or is pending; that may read whole tables. Default: false. */
  readonly count?: boolean
}

/** Says whether a database matches `schema.ts` and has run every migration. Writes nothing to it. */
export async function check(project: Project, { count = false }: CheckOptions = {}): Promise<CheckResult> {
  const { unmanaged, differences, leftOut = [] } = await recognizedOrCompared(project)
  const operations = differences?.operations ?? []
  const lock = await checkLock(project)
  const pending = await pendingMigrations(project)
  const counts = count ? await (await import('./count-rows.js')).rowsInTheWay(project, differences?.steps ?? [], pending) : undefined
  return { inSync: operations.length === 0 && pending.length === 0 && lock.length === 0, operations, differences, unmanaged, pending, leftOut, lock, ...(counts && { counts }) }
}

async function recognizedOrCompared(project: Project): Promise<Pick<CheckResult, 'unmanaged' | 'differences'> & Partial<Pick<CheckResult, 'leftOut'>>> {
  const recognition = await Recognition.of(project)
  let fingerprint = ''
  const live = await readLive(project, (database, scope) =>
    reflectUnless(database, async (found) => (await recognition.find((fingerprint = found))) !== undefined, scope),
  )
  if (!live) return { unmanaged: (await recognition.find(fingerprint))!.unmanaged, differences: undefined }
  const { unmanaged, ...comparison } = await compareLive(project, live)
  if (comparison.operations.length === 0) {
    await recognition.remember({ fingerprint, unmanaged })
    return { unmanaged, differences: undefined }
  }
  // SQL that the hook would add is no difference.
  const { operations, to, leftOut } = await processed(project, comparison, { purpose: 'check', operations: comparison.operations, message: '', revision: '', heads: [] })
  if (operations.length === 0) return { unmanaged, differences: undefined, leftOut }
  const between = { from: sourceOf('database', project.settings).label, to: sourceOf('schema', project.settings).label }
  return { unmanaged, leftOut, differences: await explained({ between, unmanaged, ...comparison, operations, to }, async () => (await project.declared()).declarations, project.settings) }
}
