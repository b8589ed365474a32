import { existsSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../errors.js'
import { historyRange, mentionsCurrent } from '../revisions/history-range.js'
import { resolveOne } from '../revisions/identifiers.js'
import { RevisionGraph } from '../revisions/revision-graph.js'
import type { Migration } from '../revisions/revision.js'
import { REPLACED_FOLDER } from '../revisions/squash.js'
import { Repository } from './git.js'
import { historyOf } from './migrations.js'
import type { Project } from './project.js'

/** What is to be reviewed. */
export interface ReviewRequest {
  /** A revision, or a range `a:b` as `history -r` takes it. Default: what git says is new. */
  readonly target?: string | undefined
  /** Something that git knows: the migrations that it does not have, or has otherwise. Default: the default branch. */
  readonly base?: string | undefined
}

/** The migrations of a review, oldest first. */
export interface Selection {
  readonly migrations: readonly Migration[]
  /** What they were compared with, where git was asked. */
  readonly base?: string
  /** Those that the base has in another form. */
  readonly edited: ReadonlySet<string>
  /** Files of migrations that the base has and that are gone, not those that a squash keeps aside. */
  readonly removed: readonly string[]
}

/**
 * Chooses the migrations that a review is about.
 *
 * @throws RevisionError for a revision that is not there, UsageError for a base that git does not know
 */
export async function selectMigrations(project: Project, migrations: readonly Migration[], { target, base }: ReviewRequest): Promise<Selection> {
  const graph = new RevisionGraph(migrations)
  const chosen = (wanted: (revision: string) => boolean) => graph.revisions.filter(({ revision }) => wanted(revision)).map(({ revision }) => migrations.find((each) => each.revision === revision)!)
  if (target !== undefined) {
    if (base !== undefined) throw new UsageError('either revisions or --base say what to review, not both', { hint: 'leave one of them out' })
    // Only what is relative to where the database is needs the database.
    const rows = mentionsCurrent(target) ? (await historyOf(project)).rows : []
    const named = target.includes(':') ? historyRange(graph, target, rows).map(({ revision }) => revision) : [resolveOne(graph, target, rows).id]
    return { migrations: chosen((revision) => named.includes(revision)), edited: new Set(), removed: [] }
  }
  const repository = await Repository.at(project.settings.cwd)
  if (!repository && base !== undefined) throw new UsageError(`--base ${base} asks git, and ${project.settings.cwd} is in no repository of git`, { hint: 'name a revision or a range a:b instead' })
  const ref = base ?? (await repository?.defaultBranch())
  if (!repository || ref === undefined) return { migrations: chosen((revision) => graph.heads.includes(revision)), edited: new Set(), removed: [] }
  const folders = project.migrationFolders.map((folder) => folder.replace(/[\\/]\*\*$/, ''))
  const { added, edited, removed } = await repository.changesSince(await repository.leftAt(ref), folders)
  const keptAside = (file: string) => existsSync(path.join(project.resolve(project.settings.migrations), REPLACED_FOLDER, path.basename(file)))
  const files = new Map(migrations.map(({ revision, file }) => [revision, file!]))
  return {
    migrations: chosen((revision) => added.includes(files.get(revision)!) || edited.includes(files.get(revision)!)),
    base: ref,
    edited: new Set([...files].filter(([, file]) => edited.includes(file)).map(([revision]) => revision)),
    removed: removed.filter((file) => /\.[cm]?[jt]s$/.test(file) && !path.basename(file).startsWith('_') && !keptAside(file)).sort(),
  }
}
