import type { Dirent } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { RevisionError, UsageError, type SourcePosition } from '../errors.js'
import { loadModule } from './load-module.js'
import { MIGRATION, type DeclaredMigration } from './migration.js'
import { hashSteps, recordSteps, type Recorded } from './record.js'
import type { Migration, Step } from './revision.js'
import { timeoutsOf, type Timeouts } from './timeouts.js'

/** `20260131_0930` at the start of a file name. */
const DATED = /^(\d{8})[_-]?(\d{4,6})(?!\d)/

/**
 * Reads the migrations of one or several folders, in the order of their file names; `db/**` is a folder with all below it. Steps are recorded when
 * they are first asked for. A folder that does not exist holds no migrations, unless it is `required`.
 *
 * @throws RevisionError for a file that does not export a migration, UsageError for one that cannot be loaded; both with file and line
 * @example const graph = new RevisionGraph(await readMigrations('migrations'))
 */
export async function readMigrations(folders: string | readonly string[], options: { required?: boolean } = {}): Promise<Migration[]> {
  const migrations: Migration[] = []
  for (const file of await migrationFiles(typeof folders === 'string' ? [folders] : folders, options.required)) migrations.push(await readMigration(file))
  return migrations
}

/** Reads one migration file. */
export async function readMigration(file: string): Promise<Migration> {
  const exported = (await loadModule(file)).default
  const declared = exported as Partial<DeclaredMigration> | undefined
  if (typeof declared !== 'object' || declared === null || !(MIGRATION in declared)) {
    throw new RevisionError('the file does not export a migration', {
      at: { file, line: 1 },
      hint: 'write export default migration({ … }); keep other modules outside the migrations folder',
    })
  }
  const at = declared[MIGRATION]?.at?.file === file ? declared[MIGRATION].at : { file, line: 1 }
  const migration = new LoadedMigration(declared as DeclaredMigration, at)
  // Whoever asks for the inverse learns at once that there is none, not when it is needed.
  if (declared.downgrade === 'inverse') void migration.downgrade
  return migration
}

class LoadedMigration implements Migration {
  readonly revision: string
  readonly revises: readonly string[]
  readonly dependsOn: readonly string[]
  readonly branchLabels: readonly string[]
  readonly replaces: Readonly<Record<string, string>> | undefined
  readonly message: string
  readonly created: string | undefined
  readonly file: string
  readonly line: number
  readonly timeouts: Timeouts
  readonly #declared: DeclaredMigration
  #upgrade: Recorded | undefined
  #downgrade: Pick<Recorded, 'steps' | 'irreversible'> | undefined

  constructor(declared: DeclaredMigration, at: SourcePosition) {
    this.#declared = declared
    this.file = at.file
    this.line = at.line
    this.revision = text(declared.revision, 'revision', at)
    this.revises = texts(declared.revises, 'revises', at)
    if (declared.revises === undefined) throw malformed('revises', 'is missing', at, 'write null for the first migration of a history')
    this.dependsOn = texts(declared.dependsOn, 'dependsOn', at)
    this.branchLabels = texts(declared.branchLabels, 'branchLabels', at)
    this.message = text(declared.message ?? '', 'message', at)
    this.replaces = declared.replaces
    this.timeouts = timeoutsOf(declared, (problem, hint) => {
      throw new RevisionError(`in this migration, ${problem}`, { at, hint })
    })
    const [, date, time] = DATED.exec(basename(at.file)) ?? []
    this.created = date && `${date}_${time}`
    if (typeof declared.upgrade !== 'function') throw malformed('upgrade', 'is not a function', at)
    const { downgrade } = declared
    if (downgrade !== undefined && downgrade !== 'inverse' && typeof downgrade !== 'function') throw malformed('downgrade', "is neither a function nor 'inverse'", at)
  }

  get upgrade(): readonly Step[] {
    return this.#recordedUpgrade().steps
  }

  get downgrade(): readonly Step[] | null {
    const recorded = this.#recordedDowngrade()
    return recorded === undefined || recorded.irreversible !== undefined ? null : recorded.steps
  }

  get irreversible(): string | undefined {
    return this.#recordedDowngrade()?.irreversible
  }

  get checksum(): string {
    return hashSteps(this.upgrade)
  }

  #recordedUpgrade(): Recorded {
    return (this.#upgrade ??= recordSteps(this.#declared.upgrade, this.revision, 'upgrade', this.file))
  }

  #recordedDowngrade(): Pick<Recorded, 'steps' | 'irreversible'> | undefined {
    const { downgrade } = this.#declared
    if (downgrade === 'inverse') return (this.#downgrade ??= { steps: this.#recordedUpgrade().inverse() })
    return downgrade && (this.#downgrade ??= recordSteps(downgrade, this.revision, 'downgrade', this.file))
  }
}

/** The files of folders that hold migrations, folder by folder in the order of their names, by their real paths. */
export async function migrationFiles(folders: readonly string[], required = false): Promise<string[]> {
  const files: string[] = []
  for (const folder of folders) {
    const recursive = basename(folder) === '**'
    files.push(...(await filesIn(resolve(recursive ? dirname(folder) : folder), required, recursive)))
  }
  // The same file through a link, or through two folders, must be seen to be the same.
  return Promise.all(files.map((file) => realpath(file)))
}

async function filesIn(folder: string, required: boolean, recursive: boolean): Promise<string[]> {
  let entries: Dirent[]
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !required) return []
    throw new UsageError(
      code === 'ENOENT' ? `the migrations folder ${folder} does not exist` : `the migrations folder ${folder} cannot be read`,
      { detail: (error as Error).message, hint: 'check --migrations and the working directory, or run `autogen init`' },
    )
  }
  const visible = entries.filter(({ name }) => !/^[._]|^node_modules$/.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1))
  const below = recursive ? await Promise.all(visible.filter((entry) => entry.isDirectory()).map(({ name }) => filesIn(join(folder, name), true, true))) : []
  return [...visible.filter((entry) => !entry.isDirectory() && /(?<!\.d)\.[mc]?[jt]s$/.test(entry.name)).map(({ name }) => join(folder, name)), ...below.flat()]
}

function text(value: unknown, member: string, at: SourcePosition): string {
  if (typeof value === 'string') return value
  throw malformed(member, value === undefined ? 'is missing' : 'is not a string', at)
}

function texts(value: unknown, member: string, at: SourcePosition): string[] {
  if (value === null || value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map((each: unknown) => text(each, member, at))
}

function malformed(member: string, what: string, at: SourcePosition, hint?: string): RevisionError {
  return new RevisionError(`in this migration, ${member} ${what}`, { at, hint })
}
