import type { StampPlan } from '../revisions/stamp.js'
import * as runner from '../runner/runner.js'
import { migrationsOf } from './migrations.js'
import type { Project } from './project.js'

/** How migrations run: see `RunOptions` of the runner. */
export type MigrateOptions = Omit<runner.RunOptions, 'database' | 'migrations' | 'versionSchema'>

/**
 * Runs a project's migrations up to a target: `head`, `heads`, a revision, `+1`.
 *
 * @throws MigrationError, RevisionError
 */
export async function upgrade(project: Project, target = 'head', options: MigrateOptions = {}): Promise<runner.RunResult> {
  return runner.upgrade({ ...options, ...(await parts(project)) }, target)
}

/**
 * Takes a project's migrations back down to a target: a revision, `-1`, `base`.
 *
 * @throws MigrationError, RevisionError, RefusedError
 */
export async function downgrade(project: Project, target: string, options: MigrateOptions = {}): Promise<runner.RunResult> {
  return runner.downgrade({ ...options, ...(await parts(project)) }, target)
}

/** Records where a project's database is, without running anything. */
export async function stamp(project: Project, target: string, options: { purge?: boolean } = {}): Promise<StampPlan> {
  return runner.stamp(await parts(project), target, options)
}

/** The files are read before the database is opened: what is wrong with them is known soonest. */
async function parts(project: Project): Promise<runner.RunOptions> {
  const migrations = await migrationsOf(project)
  return { migrations, database: await project.live(), versionSchema: project.settings.versionSchema }
}
