import type { Database } from '../database/database.js'
import { RevisionGraph } from '../revisions/revision-graph.js'
import type { Migration } from '../revisions/revision.js'
import { headStatus } from '../revisions/new-revision.js'
import { readLog, type HistoryEntry } from '../runner/history.js'
import { readState } from '../runner/runner.js'
import { historyFor, isEdited } from '../revisions/squash.js'
import { migrationsOf, replacedOf } from './migrations.js'
import type { Project } from './project.js'

/** Where a database is in its history, whatever state either is in. */
export interface ProjectStatus {
  readonly graph: RevisionGraph
  readonly database: string
  /** The version table's rows. */
  readonly current: readonly string[]
  /** Rows that are no revision of the migrations folder. */
  readonly unknown: readonly string[]
  /** What `upgrade heads` would run, in order; null where that cannot be told, because rows are unknown. */
  readonly pending: readonly Migration[] | null
  /** Applied migrations whose upgrade was edited since. */
  readonly edited: readonly Migration[]
  /** A migration that stopped half-way. */
  readonly unfinished: HistoryEntry | undefined
  /** What was run last. */
  readonly last: HistoryEntry | undefined
}

/**
 * Reads where the project's database is, what is pending and what is wrong. Writes nothing.
 *
 * @throws RevisionError for migrations that make no history
 */
export async function statusOf(project: Project): Promise<ProjectStatus> {
  const read = await migrationsOf(project)
  const database: Database = await project.live()
  const { rows, entries } = await readState(database, project.settings.versionSchema)
  const migrations = await historyFor(read, rows, () => replacedOf(project))
  const graph = new RevisionGraph(migrations)
  const unknown = headStatus(graph, rows).current.filter(({ isKnown }) => !isKnown).map(({ revision }) => revision)
  const known = rows.filter((row) => !unknown.includes(row))
  const { checksums, unfinished } = readLog(entries)
  const byId = new Map(migrations.map((migration) => [migration.revision, migration]))
  const applied = [...graph.applied(known)].map(({ id }) => byId.get(id)!)
  return {
    graph,
    database: database.label,
    current: rows,
    unknown,
    pending: unknown.length > 0 ? null : graph.pending(rows).map(({ revision }) => byId.get(revision)!),
    edited: applied.filter((migration) => isEdited(migration, checksums.get(migration.revision))),
    unfinished,
    last: entries.at(-1),
  }
}
