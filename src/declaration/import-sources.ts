import path from 'node:path'
import type { Jiti, TransformOptions } from 'jiti'
import { loadError } from './load-error.js'
import { readyPositions, rememberSources, type MappingTransform } from './original-position.js'

export interface ImportOptions {
  /** Folder of the project. */
  readonly cwd: string
  /** The tsconfig.json whose `paths` hold; by default the nearest above the first file. */
  readonly tsconfig?: string | undefined
}

export interface ImportedSources {
  /** What each file exports, in the order asked for. */
  readonly modules: readonly Record<string, unknown>[]
  /** All files of the project that were read, those asked for and those they import. */
  readonly files: readonly string[]
}

/**
 * Imports TypeScript straight from its source. `pg-autogen` and `pg-autogen/schema` are this very package, wherever it runs from.
 *
 * @throws SchemaError with file:line:column for what cannot be found, parsed or run
 * @example const { modules } = await importSources(['/project/schema.ts'], { cwd: '/project' })
 */
export async function importSources(files: readonly string[], { cwd, tsconfig }: ImportOptions): Promise<ImportedSources> {
  const { createJiti } = await import('jiti')
  const compiler = createJiti(cwd, { fsCache: path.join(cwd, '.autogen', 'cache', 'jiti') })
  const sources = new Map<string, string>()
  const jiti = createJiti(files[0] ?? path.join(cwd, 'schema.ts'), {
    // The compiler has its own, behind `transform`, which must see every file.
    fsCache: false,
    interopDefault: false,
    tsconfigPaths: tsconfig ? path.resolve(cwd, tsconfig) : true,
    transform: (options) => {
      if (options.filename && isOfProject(options.filename)) sources.set(options.filename, options.source)
      return { code: compile(compiler, options) }
    },
    virtualModules: {
      'pg-autogen': whenImported(() => import('../index.js')),
      'pg-autogen/schema': whenImported(() => import('../schema.js')),
      'pg-autogen/kind': whenImported(() => import('../kind.js')),
    },
  })
  const known = new Set(Object.keys(jiti.cache))
  const loaded = () => Object.keys(jiti.cache).filter((file) => !known.has(file) && isOfProject(file))
  rememberSources(sources, mappingCompiler)
  await readyPositions()
  try {
    const modules: Record<string, unknown>[] = []
    for (const file of files) modules.push(await jiti.import<Record<string, unknown>>(file))
    return { modules, files: [...new Set([...sources.keys(), ...loaded()])] }
  } catch (error) {
    throw loadError(error)
  } finally {
    // Node's cache holds them: the next import in this process shall read them anew.
    for (const file of loaded()) delete jiti.cache[file]
  }
}

/** A cache that cannot be written, as on a full disk, is no reason to fail. */
function compile(compiler: Jiti, options: TransformOptions): string {
  try {
    return compiler.transform(options)
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error
    Object.assign(compiler.options, { fsCache: false })
    return compiler.transform(options)
  }
}

/** Compiles as files are compiled for loading, with source maps. */
export async function mappingCompiler(): Promise<MappingTransform> {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(import.meta.url, { fsCache: false, sourceMaps: true })
  return (source, filename) => jiti.transform({ source, filename, ts: true, async: true, retainLines: true })
}

/** A module that is loaded when the first file imports it: jiti awaits what stands for a module. */
function whenImported(load: () => Promise<unknown>): PromiseLike<unknown> {
  // oxlint-disable-next-line unicorn/no-thenable -- that it is one is how it works
  return { then: (resolve, reject) => load().then(resolve, reject) }
}

function isOfProject(file: string): boolean {
  return !/[\\/]node_modules[\\/]/.test(file)
}
