import { isDeclared, type Declaration, type Declared } from '../authoring/declared.js'
import { isManage, type Manage } from '../authoring/manage.js'
import { withNaming, type NamingConvention } from '../authoring/naming.js'
import { SchemaError } from '../errors.js'
import type { SchemaObject } from '../model/schema-object.js'
import { checkDeclarations, checkScope } from './declared-model.js'
import { importSources, type ImportedSources, type ImportOptions } from './import-sources.js'
import { loadError } from './load-error.js'
import { digestOf, outlineOf, SchemaCache } from './schema-cache.js'
import { importPlainly } from './plain-modules.js'
import { plainClosure } from './source-closure.js'
import { sourceFiles } from './source-files.js'

export interface LoadOptions extends ImportOptions {
  /** Also lets TypeScript check the types of the files. */
  readonly typecheck?: boolean
  /** Folder of caches, such as `.autogen/cache`: files that are unchanged need not be loaded. */
  readonly cache?: string
  /** The names of what the files give none. */
  readonly naming?: NamingConvention | undefined
  /** Stands for the kinds of the project's own. */
  readonly kinds?: string | undefined
}

/** What the user's files declare. */
export interface LoadedSchema extends LoadedFiles {
  /** Puts it into the cache, if there is one: to be called when nothing was found wrong with it. */
  keep(): Promise<void>
  /** Loads the files themselves, where this came from the cache, which does not hold places. */
  reload?(): Promise<LoadedSchema>
}

export interface LoadedFiles {
  readonly declarations: readonly Declaration[]
  /** The declared objects that decide the scope. */
  readonly outline: readonly SchemaObject[]
  /** Stands for all declarations. */
  readonly digest: string
  /** What they answer for, where they export `manage(…)`. */
  readonly scope: Manage | undefined
  /** All files of the project that were read. */
  readonly files: readonly string[]
}

/**
 * Loads `schema.ts`: everything exported that a builder made, also inside exported arrays and objects, each once.
 *
 * @param paths files, folders or globs, relative to `cwd`
 * @throws UsageError for a path that names nothing, SchemaError with file:line:column for everything wrong inside
 * @example const { declarations } = await loadSchema(['schema.ts'], { cwd: process.cwd() })
 */
export async function loadSchema(paths: readonly string[], options: LoadOptions): Promise<LoadedSchema> {
  const entries = sourceFiles(paths, options.cwd)
  const naming = options.naming && plainText(options.naming)
  const cache = options.cache === undefined || naming === null ? undefined : new SchemaCache(options.cache, options.cwd, entries, `${naming ?? ''} ${options.kinds ?? ''}`)
  const fresh = async (): Promise<LoadedSchema> => {
    const loaded = await loadSources(entries, options)
    return { ...loaded, keep: async () => cache?.store(loaded) }
  }
  const known = await cache?.find()
  const loaded = known ? Object.assign(known, { keep: async () => undefined, reload: fresh }) : await fresh()
  if (options.typecheck) {
    const { typecheck } = await import('./typecheck.js')
    await typecheck(loaded.files, options)
  }
  return loaded
}

async function loadSources(entries: readonly string[], options: LoadOptions): Promise<LoadedFiles> {
  const { modules, files } = (await plainSources(entries)) ?? (await importSources(entries, options))
  const found = new Set<unknown>()
  for (const exported of modules) collect(exported, found, 2)
  const declarations = withNaming(options.naming, () => [...found].flatMap((value) => (isDeclared(value) ? declarationsOf(value, files) : [])))
  const scope = onlyScope([...found].filter(isManage))
  checkDeclarations(declarations)
  checkScope(declarations, scope)
  return {
    declarations,
    outline: outlineOf(declarations, scope),
    digest: digestOf(declarations),
    scope,
    files,
  }
}

/** What a convention is, unless it has functions: nobody knows what those do the next time. */
function plainText(naming: NamingConvention): string | null {
  return Object.values(naming).some((template) => typeof template === 'function') ? null : JSON.stringify(naming)
}

async function plainSources(entries: readonly string[]): Promise<ImportedSources | undefined> {
  const closure = plainClosure(entries)
  const modules = closure && (await importPlainly(entries, closure))
  return modules && { modules, files: [...closure.keys()] }
}

/** Some mistakes show only when everything about an object is known: then no call of the user is on the stack. */
function declarationsOf(value: Declared, files: readonly string[]): Declaration[] {
  try {
    return value.declarations()
  } catch (error) {
    throw loadError(error, value.at, files)
  }
}

/** Adds what is declared by a value or the members of arrays, plain objects and modules, down to `depth`. */
function collect(value: unknown, found: Set<unknown>, depth: number): void {
  if (isDeclared(value) || isManage(value)) found.add(value)
  else if (depth > 0 && isContainer(value)) for (const member of Object.values(value)) collect(member, found, depth - 1)
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value) as object | null
  // Modules have no prototype, and objects may come from another realm.
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null
}

function onlyScope(scopes: readonly Manage[]): Manage | undefined {
  if (scopes.length > 1) {
    throw new SchemaError('manage(…) is exported more than once', { hint: 'one export says what all files answer for' })
  }
  return scopes[0]
}
