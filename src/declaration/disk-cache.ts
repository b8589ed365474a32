import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip, gunzipSync, gzip } from 'node:zlib'
import { writeWhole } from '../database/cache.js'
import { packageVersion } from '../package-version.js'

/** Entries of one sort that are kept, the latest written first. */
const KEPT = 24
const LONGEST_MS = 30 * 24 * 3600 * 1000

/**
 * What can be made again, in a project's `.autogen/cache`. Entries appear whole or not at all; one that cannot be read is one
 * that is not there, and a folder that cannot be written makes no difference but speed.
 */
export class DiskCache {
  constructor(readonly directory: string) {}

  /** The value stored under a name; undefined when there is none. */
  async read<T>(name: string): Promise<T | undefined> {
    try {
      const text = await promisify(gunzip)(await readFile(this.#file(name)))
      return JSON.parse(text.toString('utf8')) as T
    } catch {
      return undefined
    }
  }

  /** The value, still packed; what is given unpacks it. */
  async readLater<T>(name: string): Promise<(() => T) | undefined> {
    try {
      const packed = await readFile(this.#file(name))
      return () => JSON.parse(gunzipSync(packed).toString('utf8')) as T
    } catch {
      return undefined
    }
  }

  async write(name: string, value: unknown): Promise<void> {
    try {
      await writeWhole(this.#file(name), await promisify(gzip)(JSON.stringify(value), { level: 1 }))
      await this.#keepOutOfGit()
      await this.#prune(name.slice(0, name.indexOf('-') + 1))
    } catch {
      // Read-only folders and full disks: the next run does the work again.
    }
  }

  #file(name: string): string {
    return path.join(this.directory, `${name}.json.gz`)
  }

  async #keepOutOfGit(): Promise<void> {
    await writeFile(path.join(this.directory, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined)
  }

  async #prune(prefix: string): Promise<void> {
    const entries: { file: string; time: number }[] = []
    for (const folder of [this.directory, path.join(this.directory, 'jiti')]) {
      for (const name of await readdir(folder).catch(() => [] as string[])) {
        const file = path.join(folder, name)
        const status = await stat(file).catch(() => undefined)
        if (!status?.isFile() || name === '.gitignore') continue
        if (Date.now() - status.mtimeMs > LONGEST_MS) await rm(file, { force: true })
        else if (folder === this.directory && name.startsWith(prefix)) entries.push({ file, time: status.mtimeMs })
      }
    }
    entries.sort((a, b) => b.time - a.time)
    for (const { file } of entries.slice(KEPT)) await rm(file, { force: true })
  }
}

/** One text for everything that goes into a cached value, this package included. */
export function cacheKey(...parts: readonly (string | number | Uint8Array)[]): string {
  const hash = createHash('sha256').update(ownIdentity())
  for (const part of parts) {
    const data = typeof part === 'number' ? String(part) : part
    hash.update(`\n${data.length}\n`).update(data)
  }
  return hash.digest('hex').slice(0, 40)
}

let identity: string | undefined

/** The version of this package; in a checkout also when its code was last written, since the version stays the same there. */
function ownIdentity(): string {
  if (identity === undefined) {
    const root = fileURLToPath(new URL('..', import.meta.url))
    identity = packageVersion()
    if (!/[\\/]node_modules[\\/]/.test(root)) identity += ` ${latestChange(root)}`
  }
  return identity
}

function latestChange(root: string): number {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).reduce(
    (latest, name) => (/\.[jt]s$/.test(name) ? Math.max(latest, statSync(path.join(root, name)).mtimeMs) : latest),
    0,
  )
}
