import { cacheKey, DiskCache } from '../declaration/disk-cache.js'
import { plainClosure } from '../declaration/source-closure.js'
import { migrationFiles, readMigration } from '../revisions/directory.js'
import type { Revision } from '../revisions/revision.js'

/** Facts by what decides them. */
type Known = Record<string, Omit<Revision, 'file'>>

/**
 * What the graph needs to know about the migrations of a folder. Files that are as they were the last time are not run for it: with many
 * migrations that is most of the time a command takes.
 *
 * @param cacheFolder such as `.autogen/cache`
 * @throws as `readMigrations`
 */
export async function revisionFacts(folder: string, cacheFolder: string): Promise<Revision[]> {
  const files = await migrationFiles(folder)
  if (files.length === 0) return []
  const cache = new DiskCache(cacheFolder)
  const name = `revisions-${cacheKey(folder)}`
  const known = (await cache.read<Known>(name)) ?? {}
  const next: Known = {}
  const revisions: Revision[] = []
  let learnt = false
  for (const file of files) {
    const sources = plainClosure([file])
    const key = sources && cacheKey(...[...sources].flat())
    const facts = (key && known[key]) || factsOf(await readMigration(file))
    if (key) {
      learnt ||= !known[key]
      next[key] = facts
    }
    revisions.push({ ...facts, file })
  }
  if (learnt) await cache.write(name, next)
  return revisions
}

function factsOf({ revision, revises, dependsOn, branchLabels, message, created, line }: Revision): Omit<Revision, 'file'> {
  return { revision, revises, dependsOn, branchLabels, message, ...(created && { created }), ...(line && { line }) }
}
