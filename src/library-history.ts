import type { Project } from './project/project.js'
import type { RevisionRequest } from './project/migrations.js'
import type { Rebased } from './project/rebase.js'
import type { Squashed } from './project/squash.js'
import type { ProjectStatus } from './project/status.js'
import type { HeadStatus } from './revisions/new-revision.js'
import type { Direction, Revision } from './revisions/revision.js'
import type { RunResult } from './runner/runner.js'

/**
 * Where the database is, what is pending, which applied migration was edited since, and which one stopped half-way. Writes nothing.
 *
 * @throws RevisionError for migrations that make no history, DatabaseError
 * @example const { current, pending } = await status(project)
 */
export function status(project: Project): Promise<ProjectStatus> {
  return project.within(async () => (await import('./project/status.js')).statusOf(project))
}

/**
 * The revisions that the database is at, and whether these are all heads. Writes nothing.
 *
 * @throws RevisionError for migrations that make no history, DatabaseError
 * @example if (!(await current(project)).atHeads) throw new Error('run autogen upgrade')
 */
export function current(project: Project): Promise<HeadStatus> {
  return project.within(async () => {
    const [{ historyOf }, { headStatus }] = await Promise.all([import('./project/migrations.js'), import('./revisions/new-revision.js')])
    const { graph, rows } = await historyOf(project)
    return headStatus(graph, rows)
  })
}

/**
 * The revisions of a range `a:b`, or all, newest first. The database is only asked where the range mentions `current` or is relative to it.
 *
 * @throws RevisionError for a range that makes no sense
 * @example for (const { revision, message } of await history(project, '41d3:heads')) log(revision, message)
 */
export function history(project: Project, range?: string): Promise<readonly Revision[]> {
  return project.within(async () => {
    const [{ graphOf, historyOf }, { historyRange, mentionsCurrent }] = await Promise.all([import('./project/migrations.js'), import('./revisions/history-range.js')])
    const { graph, rows } = mentionsCurrent(range) ? await historyOf(project) : { graph: await graphOf(project), rows: [] }
    return historyRange(graph, range, rows)
  })
}

/**
 * What an upgrade or a downgrade would run, after everything that would refuse it. Writes nothing.
 *
 * @throws as `upgrade` and `downgrade`
 * @example const { ran } = await preview(project, 'upgrade', 'head')
 */
export function preview(project: Project, direction: Direction, target: string): Promise<RunResult> {
  return project.within(async () => (await import('./project/run.js')).preview(project, direction, target))
}

/**
 * An upgrade or a downgrade from one revision to another as a script for psql, made without a database.
 *
 * @throws RevisionError for a range that makes no sense, RefusedError for what no script can do
 * @example const sql = await script(project, 'upgrade', '41d3:8c1f')
 */
export function script(project: Project, direction: Direction, range: string, options: { singleTransaction?: boolean } = {}): Promise<string> {
  return project.within(async () => (await import('./project/run.js')).runScript(project, direction, range, options))
}

/**
 * Makes the bookkeeping tables where they are missing.
 *
 * @throws DatabaseError
 * @example const { made } = await ensureVersion(project)
 */
export function ensureVersion(project: Project): Promise<{ schema: string; made: boolean }> {
  return project.within(async () => (await import('./project/run.js')).ensureVersion(project))
}

/**
 * Writes a migration without steps, to be filled in by hand.
 *
 * @throws RevisionError for a place that it cannot have
 * @example const { file } = await revision(project, { message: 'backfill the emails' })
 */
export function revision(project: Project, request: RevisionRequest): Promise<{ revision: string; file: string }> {
  return project.within(async () => (await import('./project/migrations.js')).emptyRevision(project, request))
}

/**
 * Writes a migration that joins several heads: `heads` for all.
 *
 * @throws RevisionError where there is nothing to join
 * @example await merge(project, ['heads'])
 */
export function merge(project: Project, heads: readonly string[], request: Partial<RevisionRequest> = {}): Promise<{ revision: string; file: string }> {
  return revision(project, { message: `merge ${heads.join(' and ')}`, ...request, heads })
}

/**
 * Writes one migration in place of those of a range, proven to lead from the same state to the same state.
 *
 * @throws RevisionError for a range with loose ends; RefusedError for migrations that change rows; ProofError
 * @example await squash(project, { range: '41d3:8c1f', message: 'everything of last year' })
 */
export function squash(project: Project, options: { readonly range: string; readonly message: string }): Promise<Squashed> {
  return project.within(async () => (await import('./project/squash.js')).squash(project, options))
}

/**
 * Puts the branch that ends in a revision behind another head, once its migrations have run there in scratch in both directions.
 *
 * @throws RevisionError for a branch that cannot be moved, or that the database has run; ProofError
 * @example await rebase(project, '8c1f')
 */
export function rebase(project: Project, branch: string, onto?: string): Promise<Rebased> {
  return project.within(async () => (await import('./project/rebase.js')).rebase(project, branch, onto))
}
