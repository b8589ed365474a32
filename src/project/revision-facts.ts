import { cacheKey, DiskCache } from '../declaration/disk-cache.js'
import { plainClosure } from '../declaration/source-closure.js'
import { migrationFiles, readMigration } from '../revisions/directory.js'
import { contentOf, type HashedRevision } from '../revisions/lock-file.js'
import type { Migration, Revision } from '../revisions/revision.js'

type Facts = Omit<Revision, 'file'>

/**
 * What the graph needs to know about the migrations of some folders. Files that are as they were the last time are not run for it: with many
 * migrations that is most of the time a command takes.
 *
 * @param cacheFolder such as `.autogen/cache`
 * @throws as `readMigrations`
 */
export function revisionFacts(folders: readonly string[], cacheFolder: string): Promise<Revision[]> {
  return learn(folders, cacheFolder, 'revisions', factsOf)
}

/** The same, with the hash of what each migration runs. */
export function hashedRevisions(folders: readonly string[], cacheFolder: string): Promise<HashedRevision[]> {
  return learn(folders, cacheFolder, 'contents', (migration) => ({ ...factsOf(migration), content: contentOf(migration) }))
}

/** `facts` of each file, remembered by what decides them. */
async function learn<F extends Facts>(folders: readonly string[], cacheFolder: string, sort: string, facts: (migration: Migration) => F): Promise<(F & { file: string })[]> {
  const files = await migrationFiles(folders)
  if (files.length === 0) return []
  const cache = new DiskCache(cacheFolder)
  const name = `${sort}-${cacheKey(...folders)}`
  const known = (await cache.read<Record<string, F>>(name)) ?? {}
  const next: Record<string, F> = {}
  const revisions: (F & { file: string })[] = []
  let learnt = false
  for (const file of files) {
    const sources = plainClosure([file])
    const key = sources && cacheKey(...[...sources].flat())
    const found = (key && known[key]) || facts(await readMigration(file))
    if (key) {
      learnt ||= !known[key]
      next[key] = found
    }
    revisions.push({ ...found, file })
  }
  if (learnt) await cache.write(name, next)
  return revisions
}

function factsOf({ revision, revises, dependsOn, branchLabels, message, created, line, replaces }: Revision): Facts {
  return { revision, revises, dependsOn, branchLabels, message, ...(replaces && { replaces }), ...(created && { created }), ...(line && { line }) }
}
