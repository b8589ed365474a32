import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isNativeError } from 'node:util/types'
import type { Database } from '../database/database.js'
import type { GivenConnection } from '../database/given-connection.js'
import type { Scratch, ScratchOptions } from '../database/scratch.js'
import type { LoadedSchema } from '../declaration/load.js'
import { AutogenError, SchemaError } from '../errors.js'
import { Files } from '../generator/write-file.js'
import { managedRoles, type ManageOptions } from '../authoring/manage.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { SchemaObject } from '../model/schema-object.js'
import { kindOf, withKinds } from '../kinds/registry.js'
import type { RebuiltGround } from './proving-ground.js'
import type { Scope } from '../reflector/scope.js'
import type { ProjectSettings } from './settings.js'
import { isToBeChecked } from './typecheck.js'

export interface ProjectOptions {
  /** May scratch databases be made on the server of the project's database? What only checks never does, unless told. */
  readonly mayWriteToLive: boolean
  /** The project's database, where no url is set: a connection of the caller, which stays open. */
  readonly connection?: GivenConnection
  /** Does all the work and writes no file; `files.changes` of the project says what would have been written. */
  readonly dryRun?: boolean
  /** Told what is being done whenever that changes, such as `reading the database`. */
  readonly onStage?: (stage: string) => void
  /** Looked at whenever another stage begins, and handed on to what runs migrations. */
  readonly signal?: AbortSignal
}

/** Which database scratch should resemble, if any, and what it must have. */
export type ScratchWish = Pick<ScratchOptions, 'live' | 'liveUrl' | 'extensions' | 'roles' | 'managedRoles'>

/**
 * One run over a project: opens the database, scratch and `schema.ts` when they are first needed, and closes everything at the
 * end. Never prints.
 */
export class Project {
  readonly #closers: (() => Promise<void>)[] = []
  readonly #opened = new Map<string, Promise<unknown>>()
  /** What is written goes through here. */
  readonly files: Files

  constructor(
    readonly settings: ProjectSettings,
    readonly options: ProjectOptions,
  ) {
    this.files = new Files(options)
  }

  /** Does what concerns the project, with the kinds of its own. */
  within<T>(work: () => Promise<T>): Promise<T> {
    return withKinds(this.settings.custom?.kinds, work)
  }

  /** Says what is done from now on. */
  begin(stage: string): void {
    const { signal } = this.options
    if (signal?.aborted) throw new AutogenError(`stopped on request before ${stage}`, { cause: signal.reason })
    this.options.onStage?.(stage)
  }

  resolve(file: string): string {
    return path.resolve(this.settings.cwd, file)
  }

  /** Where migrations are read from; the first folder is that of the lock file and of the baseline. */
  get migrationFolders(): string[] {
    const { migrations, moreMigrations } = this.settings
    const all = moreMigrations.some((folder) => path.dirname(folder) === migrations && path.basename(folder) === '**') ? moreMigrations : [migrations, ...moreMigrations]
    return all.map((folder) => this.resolve(folder))
  }

  /** For what can be made again. */
  get cacheFolder(): string {
    return this.resolve('.autogen/cache')
  }

  live(): Promise<Database> {
    return this.#once('live', async () => {
      const { connection } = this.options
      this.begin('connecting to the database')
      if (connection && this.settings.database === undefined) {
        const { borrowConnection } = await import('../database/given-connection.js')
        return this.#closing(await borrowConnection(connection))
      }
      const { openDatabase } = await import('../database/scratch.js')
      const { database = 'pglite://.autogen/' } = this.settings
      if (/^pglite:(\/\/)?(\.[\\/])?\.autogen[\\/]/i.test(database)) await keepOutOfGit(this.resolve('.autogen'))
      return this.#closing(await openDatabase(this.settings.database, this.settings.cwd))
    })
  }

  /** The schema as declared, loaded but not yet elaborated. */
  declared(): Promise<LoadedSchema> {
    return this.#once('declared', async () => {
      const { loadSchema } = await import('../declaration/load.js')
      this.begin(`loading ${this.settings.schema.join(', ')}`)
      const { schema, cwd } = this.settings
      try {
        return await loadSchema(schema, { cwd, cache: this.cacheFolder, naming: this.settings.naming, kinds: this.settings.custom?.key })
      } catch (error) {
        throw await clearer(error, this.settings)
      }
    })
  }

  /** What comparisons are about. */
  scope(): Promise<Scope> {
    return this.#once('scope', async () => {
      const { scopeOf } = await import('../reflector/scope.js')
      const { scope, outline } = await this.declared()
      return scopeOf(scope, outline, { versionSchema: this.settings.versionSchema, sparesExtensions: true, filter: this.settings.filter })
    })
  }

  /**
   * The whole database but this tool's own tables: what `pull` writes down, and what a plan must not harm. Roles and settings of the
   * database, which an object never needs, only as far as `stated` says; external objects only where others need them.
   */
  async wholeScope(declared: readonly SchemaObject[] = [], { roles, databaseSettings, external }: ManageOptions = {}): Promise<Scope> {
    const { scopeOf } = await import('../reflector/scope.js')
    const { manage } = await import('../authoring/manage.js')
    const stated = manage({ schemas: 'all', privileges: 'all', owners: true, ...(roles && { roles }), ...(databaseSettings !== undefined && { databaseSettings }), ...(external && { external }) })
    return scopeOf(stated, declared, { versionSchema: this.settings.versionSchema, keepsNeeded: true })
  }

  /** An empty scratch database, the same until a proving ground takes it. */
  scratch(): Promise<Scratch> {
    return this.#once('scratch', () => this.openScratch())
  }

  /** A further scratch database, closed with the project; for what `schema.ts` declares unless something else is said. */
  async openScratch(wanted?: ScratchWish): Promise<Scratch> {
    return this.#closing(await this.lendScratch(wanted))
  }

  /** The same, to be closed by the caller as soon as it is used up. */
  async lendScratch(wanted?: ScratchWish): Promise<Scratch> {
    const { openScratch } = await import('../database/scratch.js')
    const { declarations, scope } = await (wanted ? { declarations: [] } : this.declared())
    const { scratch: mode, database: liveUrl, cwd } = this.settings
    this.begin('starting scratch')
    return openScratch({
      mode,
      ...(wanted ?? { live: await this.live(), liveUrl, ...needsOf(declarations.map(({ object }) => object)), managedRoles: managedRoles(scope) }),
      mayWriteToLive: this.options.mayWriteToLive,
      cwd,
    })
  }

  /** The same run with other settings; closed with this one. */
  with(settings: Partial<ProjectSettings>): Project {
    const other = new Project({ ...this.settings, ...settings }, this.options)
    this.#closers.push(() => other.close())
    return other
  }

  /** A proving ground over the run's scratch database, holding the given state. */
  async provingGround(state: SchemaModel): Promise<RebuiltGround> {
    const { provingGround } = await import('./proving-ground.js')
    const { outline, scope } = await this.declared()
    const whole = await this.wholeScope(outline, scope)
    const stated = await this.scope()
    const scratch = await this.scratch()
    // It holds a state from now on; whoever wants scratch next gets an empty one.
    this.#opened.delete('scratch')
    this.begin('rebuilding the database in scratch')
    return provingGround({
      state,
      scratch,
      another: () => this.openScratch(),
      second: () => this.#once('second scratch', () => this.openScratch()),
      whole,
      stated,
      begin: (stage) => this.begin(stage),
    })
  }

  /** Closes what was opened, last first. */
  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }

  #closing<T extends { close(): Promise<void> }>(resource: T): T {
    this.#closers.push(() => resource.close())
    return resource
  }

  #once<T>(name: string, open: () => Promise<T>): Promise<T> {
    let opened = this.#opened.get(name) as Promise<T> | undefined
    if (!opened) this.#opened.set(name, (opened = open()))
    return opened
  }
}

/** What scratch must have so that objects can be created in it. */
export function needsOf(objects: Iterable<SchemaObject>): { extensions: string[]; roles: string[] } {
  const list = [...objects]
  return {
    extensions: list.flatMap(({ kind, id }) => (kind === 'extension' ? [id.name as string] : [])),
    roles: list.flatMap((object) => kindOf(object).roles?.(object) ?? []),
  }
}

/** The embedded database and the caches are nobody else's business. */
async function keepOutOfGit(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' })
  } catch {
    // It is there already, or whoever opens the database says what is wrong with the folder.
  }
}

/** A mistake that made a file fail with a TypeError is one that TypeScript names better: `notnull` is not there, `notNull` is. */
async function clearer(error: unknown, { schema, cwd, typecheck: said }: ProjectSettings): Promise<unknown> {
  const cause = error instanceof SchemaError ? error.cause : undefined
  if (!isNativeError(cause) || !['TypeError', 'ReferenceError'].includes(cause.name)) return error
  const [{ typecheck }, { sourceFiles }] = await Promise.all([import('../declaration/typecheck.js'), import('../declaration/source-files.js')])
  const files = sourceFiles(schema, cwd)
  if (!isToBeChecked(files, said)) return error
  try {
    await typecheck(files, { cwd })
    return error
  } catch (mistake) {
    return mistake instanceof SchemaError ? mistake : error
  }
}
