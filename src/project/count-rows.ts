import { inTransaction } from '../database/database.js'
import { EXECUTION_SETTINGS } from '../database/scratch-settings.js'
import { DatabaseError } from '../errors.js'
import type { PlannedStep } from '../planner/plan.js'
import { gatherHazards } from '../review/hazards.js'
import type { ReviewHazard } from '../review/review.js'
import type { Revision } from '../revisions/revision.js'
import { DEFAULT_TIMEOUTS } from '../revisions/timeouts.js'
import { settingStatements } from '../runner/timeouts.js'
import { migrationsOf } from './migrations.js'
import type { Project } from './project.js'
import { reviewMigrations } from './review.js'

/** How many rows are in the way of what may fail on them. */
export interface RowsInTheWay extends Pick<ReviewHazard, 'object' | 'message' | 'instead' | 'count'> {
  /** The pending migration that may fail; without one it is what the database differs in from `schema.ts`. */
  readonly revision?: string
  readonly rows?: number
  /** Why they were not counted. */
  readonly problem?: string
}

/**
 * Counts the rows because of which steps and pending migrations may fail, in the project's database, which is only read: each query in a transaction of its
 * own, under the timeouts of the project.
 */
export async function rowsInTheWay(project: Project, steps: readonly PlannedStep[], pending: readonly Revision[]): Promise<RowsInTheWay[]> {
  const planned = gatherHazards({ planned: steps.flatMap(({ hazards }) => hazards), observed: [], findings: [], steps: [], allow: [] })
  const found = [...(await ofPending(project, pending)), ...planned.map((hazard) => ({ hazard, revision: undefined }))]
  const told = new Set<string>()
  const counted: RowsInTheWay[] = []
  for (const { hazard, revision } of found) {
    const { code, object, message, instead, count } = hazard
    const what = `${object} ${message}`
    const key = count ?? what
    // What is pending has what is still to be done in words of its own.
    if (code !== 'may-fail' || told.has(key) || (revision === undefined && told.has(what))) continue
    told.add(key)
    if (revision !== undefined) told.add(what)
    counted.push({ ...(revision !== undefined && { revision }), object, message, instead, ...(count === undefined ? { problem: 'there is no query for it' } : { count, ...(await countOf(project, count)) }) })
  }
  return counted
}

/** What pending migrations may fail on, as trying them in scratch shows. */
async function ofPending(project: Project, pending: readonly Revision[]): Promise<{ hazard: ReviewHazard; revision: string }[]> {
  if (pending.length === 0) return []
  const all = await migrationsOf(project)
  const migrations = pending.flatMap(({ revision }) => all.find((each) => each.revision === revision) ?? [])
  const reviewed = await reviewMigrations(project, all, { migrations, edited: new Set(), removed: [] })
  return reviewed.migrations.flatMap(({ hazards, revision: { revision } }) => hazards.map((hazard) => ({ hazard, revision })))
}

async function countOf(project: Project, query: string): Promise<Pick<RowsInTheWay, 'rows' | 'problem'>> {
  const database = await project.live()
  project.begin('counting rows')
  const { lockTimeoutMs, statementTimeoutMs } = { ...DEFAULT_TIMEOUTS, ...project.settings.timeouts }
  try {
    return await inTransaction(database, 'READ ONLY', async () => {
      await database.executeAll([...EXECUTION_SETTINGS.map((setting) => setting.replace(/^SET /, 'SET LOCAL ')), ...settingStatements({ lockTimeoutMs, shared: false, statementTimeoutMs })])
      return { rows: Number((await database.query(query))[0]![0]) }
    })
  } catch (error) {
    if (!(error instanceof DatabaseError) || /^(08|57P)/.test(error.sqlState ?? '')) throw error
    return { problem: problemOf(error) }
  }
}

/** Without the values of rows, which the server may quote. */
function problemOf({ sqlState, message }: DatabaseError): string {
  switch (sqlState) {
    case '57014':
      return 'it took longer than statement_timeout'
    case '55P03':
      return 'the table is locked by others'
    case '42703':
    case '42P01':
      return `${message}: something before it makes that first`
  }
  return sqlState?.startsWith('22') ? `there are values on which the query itself fails (SQLSTATE ${sqlState})` : message
}
