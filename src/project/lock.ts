import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { LOCK_FILE, lockProblems, lockText, parseLock, refuseConflict, type HashedRevision, type LockProblem } from '../revisions/lock-file.js'
import type { Project } from './project.js'
import { hashedRevisions } from './revision-facts.js'

/**
 * What the lock file of a project's migrations says otherwise than the folder; nothing where there is no such file.
 *
 * @throws RevisionError where git left a conflict in it
 */
export async function checkLock(project: Project): Promise<LockProblem[]> {
  const file = lockFileOf(project)
  const text = await read(file)
  if (text === undefined) return []
  refuseConflict(text, file)
  return lockProblems(parseLock(text), await hashed(project))
}

/**
 * Writes the lock file, with a line for each migration of the folder. Lines that are there stay as they are, so that an edited migration goes on
 * being noticed, unless everything is to be written `anew`, or those `renewed`. Gives back its path.
 */
export async function writeLock(project: Project, { anew = false, renewed = [] }: { readonly anew?: boolean; readonly renewed?: readonly string[] } = {}): Promise<string> {
  const file = lockFileOf(project)
  const locked = anew ? [] : parseLock((await read(file)) ?? '')
  // It lists what is in the folder, where a dry run has put nothing.
  if (project.files.dryRun && project.files.changes.length > 0) {
    await project.files.write(file, undefined, { overwrite: true })
    return file
  }
  const kept = new Map(locked.flatMap(({ revision, content }) => (renewed.includes(revision) ? [] : [[revision, content]])))
  const revisions = (await hashed(project)).map((each) => ({ ...each, content: kept.get(each.revision) ?? each.content }))
  await project.files.write(file, lockText(revisions), { overwrite: true })
  return file
}

/** The project's migrations as the lock file lists them. Throws as `readMigrations`, and for a migration whose steps cannot be recorded. */
export function hashed(project: Project): Promise<HashedRevision[]> {
  return hashedRevisions(project.migrationFolders, project.cacheFolder)
}

function lockFileOf(project: Project): string {
  return path.join(project.resolve(project.settings.migrations), LOCK_FILE)
}

async function read(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}
