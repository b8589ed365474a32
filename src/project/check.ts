import { ProofError, type AutogenError } from '../errors.js'
import type { ServerVersion } from '../database/database.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { Operation } from '../operations/operation.js'
import { plan, type PlannedStep } from '../planner/plan.js'
import { proveUpgrade } from '../planner/proof.js'
import type { Revision } from '../revisions/revision.js'
import { authorsIntent } from './authors-intent.js'
import { compare } from './compare.js'
import { pendingMigrations } from './migrations.js'
import type { Project } from './project.js'

/** What separates a database from `schema.ts`, and the SQL that would remove it. */
export interface Differences {
  readonly operations: readonly Operation[]
  /** The database as it is, and as `schema.ts` wants it. */
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

/** Compares without writing anything; the steps are run in scratch, where that is possible. */
export async function differences(project: Project): Promise<Differences> {
  const { operations, from, to, ground, groundFailure, unmanaged, liveVersion } = await compare(project)
  const facts = { operations, from, to, unmanaged, liveVersion, scratchVersion: to.version }
  if (operations.length === 0) return { ...facts, steps: [] }
  const intent = await authorsIntent(project)
  try {
    if (!ground) return { ...facts, steps: plan(from, to, operations, intent), unproven: groundFailure! }
    const upgrade = await proveUpgrade(ground, from, to, operations, intent)
    return { ...facts, operations: upgrade.operations, steps: upgrade.steps }
  } catch (error) {
    if (!(error instanceof ProofError)) throw error
    return { ...facts, steps: plan(from, to, operations, intent), unproven: error }
  }
}

/** How a database stands to `schema.ts` and to its migrations. */
export interface CheckResult extends Differences {
  /** Nothing differs and every migration is applied. */
  readonly inSync: boolean
  /** Migrations that the database has not run. */
  readonly pending: readonly Revision[]
}

/** Says whether a database matches `schema.ts` and has run every migration. Writes nothing. */
export async function check(project: Project): Promise<CheckResult> {
  const found = await differences(project)
  const pending = await pendingMigrations(project)
  return { ...found, pending, inSync: found.operations.length === 0 && pending.length === 0 }
}
