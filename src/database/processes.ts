import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Names one process beyond the reuse of its pid: host, pid and when it started. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  readonly started: string
}

/** Who we are. */
export function thisProcess(): ProcessIdentity {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? '' }
}

/** False only when it is certain that the process has ended. */
export function mayBeAlive(identity: ProcessIdentity): boolean {
  if (identity.host !== hostname()) return true
  if (!exists(identity.pid)) return false
  const started = startOf(identity.pid)
  return started === undefined || identity.started === '' || started === identity.started
}

/** True when a process with this pid exists, whoever owns it. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process started, in whatever form the system gives; undefined when it does not say. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The second field, the name in parentheses, may hold spaces; the start is field 22.
      return `${boot}/${status.slice(status.lastIndexOf(')') + 2).split(' ')[19]}`
    }
    if (process.platform === 'win32') return undefined
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined
  }
}

/** True when the process is a postmaster working in this data directory. */
export function isPostmasterOf(pid: number, dataDirectory: string): boolean {
  try {
    // A postmaster's working directory is its data directory.
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === dataDirectory
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(dataDirectory)
  } catch {
    return false
  }
}
