import { existsSync, readFileSync, statSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { matching, walk } from '../declaration/source-files.js'
import { UsageError } from '../errors.js'
import type { LintReport } from '../lint/finding.js'
import { lintAll, type LintOptions, type LintScript } from '../lint/lint.js'
import { readMigration } from '../revisions/directory.js'
import { historyRange } from '../revisions/history-range.js'
import { resolveOne } from '../revisions/identifiers.js'
import { RevisionGraph } from '../revisions/revision-graph.js'
import type { Migration, Revision } from '../revisions/revision.js'
import { historyOf, migrationsOf } from './migrations.js'
import type { Project } from './project.js'

const SQL = /\.sql$/i
const MODULE = /\.[cm]?[jt]s$/

/** What the project's `lint` is asked for beside the hazards that its settings allow. */
export interface LintRequest extends Omit<LintOptions, 'allow' | 'known'> {
  /** The text of the target `-`. */
  readonly stdin?: string
}

/**
 * Finds hazards in SQL files, folders, globs, migration files, revisions and ranges of them; without any in all migrations of the project. Of a
 * migration, what those before it say is known.
 *
 * @throws UsageError for a target that names nothing, RevisionError for a revision that is not there
 */
export async function lintTargets(project: Project, targets: readonly string[], { stdin = '', ...request }: LintRequest = {}): Promise<LintReport> {
  const scripts: LintScript[] = []
  const wanted = new Set<string>()
  const alone: string[] = []
  const history = new History(project)
  for (const target of targets.length > 0 ? targets : [':']) {
    if (target === '-') scripts.push({ file: '(stdin)', text: stdin })
    else if (isRevision(target)) for (const { revision } of await history.named(target)) wanted.add(revision)
    else {
      for (const file of await filesOf(target, project)) {
        if (SQL.test(file)) scripts.push({ file, text: readFileSync(file, 'utf8') })
        else {
          const revision = await history.revisionIn(file)
          if (revision === undefined) alone.push(file)
          else wanted.add(revision)
        }
      }
    }
  }
  const inOrder = wanted.size > 0 ? await history.inOrder() : []
  const migrations = [...inOrder.filter(({ revision }) => wanted.has(revision)), ...(await Promise.all(alone.map((file) => readMigration(file))))]
  const known = new Set(inOrder.filter(({ revision }) => !wanted.has(revision)))
  const last = inOrder.findLastIndex(({ revision }) => wanted.has(revision))
  return lintAll([...scripts, ...inOrder.slice(0, last + 1), ...migrations.slice(wanted.size)], { ...request, allow: project.settings.allow, known })
}

/** The project's migrations, read when a target first needs them. */
class History {
  #migrations: Promise<readonly Migration[]> | undefined

  constructor(readonly project: Project) {}

  /** Oldest first. */
  async inOrder(): Promise<Migration[]> {
    const migrations = new Map((await this.#all()).map((migration) => [migration.revision, migration]))
    return historyRange(new RevisionGraph([...migrations.values()])).reverse().map(({ revision }) => migrations.get(revision)!)
  }

  async named(target: string): Promise<readonly Revision[]> {
    const graph = new RevisionGraph(await this.#all())
    // Only what is relative to where the database is needs the database.
    const rows = /current|(^|:)[+-]\d/.test(target) ? (await historyOf(this.project)).rows : []
    return target.includes(':') ? historyRange(graph, target, rows) : [resolveOne(graph, target, rows).revision]
  }

  async revisionIn(file: string): Promise<string | undefined> {
    const real = await realpath(file)
    return (await this.#all()).find((migration) => migration.file === real)?.revision
  }

  #all(): Promise<readonly Migration[]> {
    return (this.#migrations ??= migrationsOf(this.project))
  }
}

/** Words without a dot or slash that are no file are revisions. */
function isRevision(target: string): boolean {
  return !existsSync(target) && !/[/\\*?{]|\.\w+$/.test(target)
}

async function filesOf(target: string, project: Project): Promise<string[]> {
  const absolute = path.resolve(target)
  if (!existsSync(absolute)) {
    const found = /[*?{]/.test(target) ? matching(absolute, /\.(sql|[cm]?[jt]s)$/i) : []
    if (found.length > 0) return found
    throw new UsageError(/[*?{]/.test(target) ? `no file matches ${target}` : `${target} does not exist`, { hint: 'give .sql files, folders, globs, migration files, revisions or a range a:b of them' })
  }
  if (!statSync(absolute).isDirectory()) return [absolute]
  const all = walk(absolute)
  // Beside migrations lies the baseline, which is no change of theirs.
  const isOfProject = project.migrationFolders.some((folder) => folder === absolute || path.dirname(folder) === absolute)
  const migrations = isOfProject ? all.filter((file) => MODULE.test(file) && !/(^|[\\/])_/.test(path.relative(absolute, file))) : []
  const found = migrations.length > 0 ? migrations : all.filter((file) => SQL.test(file))
  if (found.length === 0) throw new UsageError(`the folder ${target} holds nothing to look at`, { hint: 'a folder of .sql files, or the migrations folder of the project' })
  return found
}
