import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseError } from '../errors.js'
import { mayBeAlive, thisProcess, type ProcessIdentity } from './processes.js'

const NAME = 'autogen.lock'

/**
 * Claims a data directory for this process; returns what gives it back. The lock of a process that has ended is taken over.
 *
 * @throws DatabaseError naming the process that holds it
 */
export function lockDirectory(directory: string): () => void {
  const lock = join(directory, NAME)
  const mine = JSON.stringify({ ...thisProcess(), token: Math.random().toString(36).slice(2) })
  const temporary = `${lock}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(temporary, mine)
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      // A link appears with its whole content or not at all, and only one process can make it.
      if (attempted(() => linkSync(temporary, lock), 'EEXIST')) return () => release(lock, mine)
      const held = contentOf(lock)
      if (held === undefined) continue
      const holder = holderOf(held)
      if (holder && mayBeAlive(holder)) {
        const where = holder.host === thisProcess().host ? '' : ` on ${holder.host}`
        throw new DatabaseError(`the embedded database in ${directory} is in use by process ${holder.pid}${where}`, {
          hint: `an embedded database serves one process at a time: wait until that one ends${where && `, or delete ${lock} when it already has`}`,
        })
      }
      takeAway(lock, held)
    }
  } finally {
    rmSync(temporary, { force: true })
  }
  throw new DatabaseError(`the lock of the embedded database in ${directory} changes hands all the time`, { hint: 'try again' })
}

function release(lock: string, mine: string): void {
  if (contentOf(lock) === mine) rmSync(lock, { force: true })
}

/** Removes a stale lock, unless somebody replaced it since it was read. */
function takeAway(lock: string, stale: string): void {
  const aside = `${lock}.stale.${process.pid}`
  if (!attempted(() => renameSync(lock, aside), 'ENOENT')) return
  if (contentOf(aside) !== stale) attempted(() => linkSync(aside, lock), 'EEXIST')
  rmSync(aside, { force: true })
}

function attempted(action: () => void, expected: string): boolean {
  try {
    action()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === expected) return false
    throw error
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function holderOf(content: string): ProcessIdentity | undefined {
  try {
    const { host, pid, started } = JSON.parse(content) as ProcessIdentity
    return Number.isInteger(pid) ? { host, pid, started } : undefined
  } catch {
    return undefined
  }
}
