import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isNativeError } from 'node:util/types'
import type { Jiti } from 'jiti'
import { positionInStack } from '../authoring/position.js'
import { cacheDirectory } from '../database/cache.js'
import { AutogenError, UsageError } from '../errors.js'
import { provideRenderer } from './typed-verbs.js'

let loader: Promise<Jiti> | undefined

/**
 * Loads a TypeScript or JavaScript file of the user, as it is now. `pg-autogen` in it is this very package, wherever the file stands and however
 * this package was started.
 *
 * @throws UsageError with file, line and column when it cannot be read, parsed or run
 */
export async function loadModule(file: string): Promise<Record<string, unknown>> {
  const jiti = await (loader ??= createLoader())
  try {
    return await jiti.import<Record<string, unknown>>(file)
  } catch (error) {
    if (error instanceof AutogenError) throw error
    // A cache that cannot be written, as on a full disk, is no reason to fail.
    if (jiti.options.fsCache && (error as NodeJS.ErrnoException).syscall === 'write') {
      Object.assign(jiti.options, { fsCache: false })
      return loadModule(file)
    }
    throw await unloadable(file, error)
  }
}

async function createLoader(): Promise<Jiti> {
  const [{ createJiti }, api, cache] = await Promise.all([import('jiti'), import('../index.js'), cacheDirectory()])
  return createJiti(import.meta.url, {
    fsCache: join(cache, 'modules'),
    moduleCache: false,
    interopDefault: false,
    virtualModules: { 'pg-autogen': api, 'pg-autogen/schema': whenImported(authoringApi), 'pg-autogen/kind': whenImported(() => import('../kind.js')) },
  })
}

/** Loaded when the first file imports it, which few do: the loader awaits what stands for a module. */
function whenImported(load: () => Promise<unknown>): PromiseLike<unknown> {
  // oxlint-disable-next-line unicorn/no-thenable -- that it is one is how it works
  return { then: (resolve, reject) => load().then(resolve, reject) }
}

async function authoringApi(): Promise<unknown> {
  const api = await import('../schema.js')
  provideRenderer(await import('../declaration/change.js'))
  return api
}

async function unloadable(file: string, error: unknown): Promise<UsageError> {
  // Not instanceof: the file may run in a realm of its own.
  const { message, stack = '', code } = (isNativeError(error) ? error : new Error(String(error))) as NodeJS.ErrnoException
  const syntax = /^ParseError: (.*?)\s*\n\s*(.+):(\d+):(\d+)$/s.exec(message)
  if (syntax) {
    const at = { file: syntax[2]!, line: Number(syntax[3]), column: Number(syntax[4]) + 1 }
    return new UsageError(`this is not valid TypeScript: ${syntax[1]}`, { at, cause: error })
  }
  if ((await readFile(file).catch(() => undefined)) === undefined) {
    return new UsageError('the file cannot be read', { at: { file, line: 1 }, detail: message, cause: error })
  }
  const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND'
  const at = positionInStack(stack) ?? { file, line: 1 }
  return new UsageError(`the file cannot be loaded: ${message.split('\n')[0]}`, {
    // The loader keeps lines, not columns.
    at: { file: at.file, line: at.line },
    hint: missing ? 'install what it imports, or correct the path' : undefined,
    cause: error,
  })
}
