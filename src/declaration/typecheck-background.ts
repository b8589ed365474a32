import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { SchemaError, type ErrorDetails } from '../errors.js'
import { cacheKey, DiskCache } from './disk-cache.js'
import type { TypecheckOptions } from './typecheck.js'

/** A type check that goes on while other work is done. */
export interface Typecheck {
  /** Rejects with the SchemaError of `typecheck`. */
  readonly done: Promise<void>
  /** Gives the check up, when its outcome no longer matters. */
  stop(): void
}

/**
 * Checks the types of schema files in a thread of its own; files that were right before are not checked again.
 *
 * @example
 * const types = startTypecheck(files, { cwd, cache: '.autogen/cache' })
 * await types.done
 */
export function startTypecheck(files: readonly string[], options: TypecheckOptions & { readonly cache: string }): Typecheck {
  let stop = () => {}
  const run = async (): Promise<void> => {
    const disk = new DiskCache(options.cache)
    const name = `types-${cacheKey(options.cwd, ...[...settingsOf(files, options), ...files].flatMap((file) => [file, readFileSync(file, 'utf8')]))}`
    if (await disk.read(name)) return
    await inThread(files, options, (worker) => {
      stop = () => void worker.terminate()
    })
    await disk.write(name, true)
  }
  const done = run()
  // Whoever gave the check up does not look at its outcome.
  done.catch(() => undefined)
  return { done, stop: () => stop() }
}

/** The tsconfig.json that decides; none where there is none. */
function settingsOf([file]: readonly string[], { cwd, tsconfig }: TypecheckOptions): string[] {
  if (tsconfig) return [path.resolve(cwd, tsconfig)].filter((one) => existsSync(one))
  for (let folder = path.dirname(path.resolve(cwd, file ?? '.')); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'tsconfig.json')
    if (existsSync(candidate)) return [candidate]
    if (folder === path.dirname(folder)) return []
  }
}

async function inThread(files: readonly string[], options: TypecheckOptions, started: (worker: Worker) => void): Promise<void> {
  if (import.meta.url.endsWith('.ts')) {
    const { typecheck } = await import('./typecheck.js')
    return typecheck(files, options)
  }
  const worker = new Worker(new URL('./typecheck-worker.js', import.meta.url), { workerData: { files, options: { cwd: options.cwd, tsconfig: options.tsconfig } } })
  started(worker)
  const answer = await new Promise<({ message: string } & ErrorDetails) | null>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new SchemaError('the type check was given up')))
  })
  if (answer) throw new SchemaError(answer.message, answer)
}
