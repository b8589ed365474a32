import path from 'node:path'
import { readTemplate, renderMigration, writeMigration, newRevisionId } from '../generator/migration-file.js'
import { chooseFolder, placeRevision, refusePending, type NewRevision } from '../revisions/new-revision.js'
import { RevisionGraph } from '../revisions/revision-graph.js'
import type { Migration, Revision } from '../revisions/revision.js'
import { historyFor, REPLACED_FOLDER } from '../revisions/squash.js'
import { Bookkeeping } from '../runner/history.js'
import { afterWrite } from './after-write.js'
import { hashed, writeLock } from './lock.js'
import type { Project } from './project.js'
import { revisionFacts } from './revision-facts.js'

/** What the user says about a new revision. */
export interface RevisionRequest {
  readonly message: string
  /** The revision or revisions to follow; the only head unless given. */
  readonly heads?: readonly string[] | undefined
  readonly revision?: string | undefined
  readonly branchLabel?: string | undefined
  readonly dependsOn?: readonly string[] | undefined
  readonly splice?: boolean
  /** It is to join several. */
  readonly merge?: boolean
  /** The folder of the new file, one of those of the project; where there are several, that of the revision it follows unless given. */
  readonly folder?: string | undefined
}

/** The graph of the project's migrations, and the rows of the version table. */
export interface History {
  readonly graph: RevisionGraph
  /** Heads that the database is at; empty when there is no version table. */
  readonly rows: readonly string[]
}

/** The migrations with their steps. */
export async function migrationsOf(project: Project): Promise<readonly Migration[]> {
  const { readMigrations } = await import('../revisions/directory.js')
  project.begin('loading the migrations')
  return readMigrations(project.migrationFolders)
}

/** The migrations that others replace. */
export async function replacedOf(project: Project): Promise<readonly Migration[]> {
  const { readMigrations } = await import('../revisions/directory.js')
  return readMigrations(path.join(project.resolve(project.settings.migrations), REPLACED_FOLDER))
}

/** How the migrations follow each other, without a database. */
export async function graphOf(project: Project): Promise<RevisionGraph> {
  return new RevisionGraph(await revisionFacts(project.migrationFolders, project.cacheFolder))
}

/** The same, with where the database is. */
export async function historyOf(project: Project): Promise<History> {
  // What is wrong with the files is known soonest.
  const revisions = await revisionFacts(project.migrationFolders, project.cacheFolder)
  new RevisionGraph(revisions)
  const rows = await new Bookkeeping(await project.live(), project.settings.versionSchema).rows()
  return { graph: new RevisionGraph(await historyFor<Revision>(revisions, rows, () => replacedOf(project))), rows }
}

/** Migrations that the database has not run. */
export async function pendingMigrations(project: Project): Promise<readonly Revision[]> {
  const { graph, rows } = await historyOf(project)
  return graph.pending(rows)
}

/** Throws unless the database has run every migration. */
export async function requireAtHead(project: Project): Promise<History> {
  const history = await historyOf(project)
  refusePending(history.graph, history.rows)
  return history
}

/** The facts of a new revision, placed in the graph. */
export function newRevision(graph: RevisionGraph, request: RevisionRequest): NewRevision & { message: string } {
  const placed = placeRevision(graph, {
    revision: request.revision ?? newRevisionId(),
    ...(request.heads && { heads: request.heads }),
    ...(request.splice && { splice: true }),
    ...(request.merge && { merge: true }),
    ...(request.branchLabel && { branchLabels: [request.branchLabel] }),
    ...(request.dependsOn && { dependsOn: request.dependsOn }),
  })
  return { ...placed, message: request.message }
}

/** Writes a migration without steps, to be filled in by hand; a merge when it follows several revisions. */
export async function emptyRevision(project: Project, request: RevisionRequest): Promise<{ revision: string; file: string }> {
  const graph = await graphOf(project)
  const revision = newRevision(graph, request)
  const folder = folderOfNew(project, graph, revision, request.folder)
  const file = await writeRevision(project, { ...revision, folder }, renderMigration({ ...revision, upgrade: [], downgrade: [] }, templateOf(project)))
  return { revision: revision.revision, file }
}

/** The template of new migrations, where the project has one of its own. */
export function templateOf(project: Project): string | undefined {
  const { template } = project.settings
  return template === undefined ? undefined : readTemplate(project.resolve(template))
}

/** Where a new migration is written. Throws UsageError where that is not told, or is no folder that is read. */
export function folderOfNew(project: Project, graph: RevisionGraph, { revises }: Pick<NewRevision, 'revises'>, given: string | undefined): string {
  return chooseFolder(project.migrationFolders, given && project.resolve(given), revises[0] && graph.get(revises[0])?.file)
}

/** Writes the file of a new revision into a folder with migrations, and its line into the lock file. */
export async function writeRevision(project: Project, { revision, message, folder }: { revision: string; message: string; folder: string }, text: string): Promise<string> {
  const { fileTemplate } = project.settings
  project.begin('writing the migration')
  // What is wrong with the others, so that they cannot be listed, is known before anything is written.
  await hashed(project)
  const file = await writeMigration(folder, { revision, message, text, ...(fileTemplate && { fileTemplate }) }, project.files)
  await writeLock(project)
  await afterWrite(project, file)
  return file
}
