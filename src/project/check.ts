import type { UnmanagedObject } from '../model/schema-object.js'
import type { Operation } from '../operations/operation.js'
import { plan, type PlannedStep } from '../planner/plan.js'
import { authorsText } from './autogenerate.js'
import { compare } from './compare.js'
import type { Project } from './project.js'

/** What separates a database from `schema.ts`, and the SQL that would remove it. */
export interface Differences {
  readonly operations: readonly Operation[]
  readonly steps: readonly PlannedStep[]
  readonly unmanaged: readonly UnmanagedObject[]
}

/** Compares without writing anything. The steps are planned, not proven. */
export async function differences(project: Project): Promise<Differences> {
  const { operations, from, to } = await compare(project, { ground: false })
  const authored = operations.length > 0 ? await authorsText(project) : undefined
  return {
    operations,
    steps: plan(from, to, operations, authored ? { authored } : {}),
    unmanaged: from.unmanaged,
  }
}
