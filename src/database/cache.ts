import { lstat, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** The directory of this user for what can be made again: `$XDG_CACHE_HOME/pg-autogen`, else `~/.cache/pg-autogen`, else one in the temporary directory. */
export async function cacheDirectory(): Promise<string> {
  const base = process.env.XDG_CACHE_HOME || (homedir() ? join(homedir(), '.cache') : undefined)
  if (base) {
    const directory = join(base, 'pg-autogen')
    if (await isOurs(directory, 0o700)) return directory
  }
  return temporaryRoot(0o700)
}

/** A directory of this user's own in the temporary directory, the same in every run; refuses one that somebody else prepared. */
export async function temporaryRoot(mode: number): Promise<string> {
  const directory = join(tmpdir(), `pg-autogen-${process.getuid?.() ?? 'cache'}${mode === 0o700 ? '' : '-shared'}`)
  if (await isOurs(directory, mode)) return directory
  return mkdtemp(`${directory}-`)
}

async function isOurs(directory: string, mode: number): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true, mode })
    const status = await lstat(directory)
    if (!status.isDirectory() || (process.getuid && status.uid !== process.getuid()) || (status.mode & 0o022) !== 0) return false
    const probe = join(directory, `.probe-${process.pid}`)
    await writeFile(probe, '')
    await rm(probe)
    return true
  } catch {
    return false
  }
}

/** Makes a file appear under its name at once and whole. Two processes that write the same name leave either one's content. */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`
  try {
    await writeFile(temporary, content)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}
