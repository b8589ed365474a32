import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { cacheKey, DiskCache } from '../declaration/disk-cache.js'
import type { LoadedSchema } from '../declaration/load.js'
import { typecheck } from '../declaration/typecheck.js'
import { SchemaError, type ErrorDetails } from '../errors.js'
import type { Project } from './project.js'

/** A type check that runs beside other work. */
export interface Typecheck {
  /** Rejects with a SchemaError naming the place of a mistake. */
  readonly done: Promise<void>
  /** Ends it, when nobody wants to know any more. */
  cancel(): void
}

/** What the thread of the check answers: nothing, a mistake of the user, or a failure of its own. */
export type TypecheckAnswer = { readonly mistake?: { message: string; details: ErrorDetails }; readonly failure?: string }

const NOTHING: Typecheck = { done: Promise.resolve(), cancel: () => undefined }

/** Lets TypeScript check the schema files in a thread of its own, unless they are as they were when they last passed. */
export function startTypecheck(project: Project, { files }: LoadedSchema): Typecheck {
  const { cwd, typecheck: wanted } = project.settings
  if (!wanted) return NOTHING
  const cache = new DiskCache(project.cacheFolder)
  const name = `types-${cacheKey(cwd, ...files.flatMap((file) => [file, readFileSync(file)]), ...settingsOf(cwd))}`
  let running: Typecheck | undefined
  let cancelled = false
  const done = cache.read<boolean>(name).then(async (passed) => {
    if (passed || cancelled) return
    running = check(files, cwd)
    await running.done
    if (!cancelled) await cache.write(name, true)
  })
  // Whoever waits hears of it; when nobody does, another failure came first.
  done.catch(() => undefined)
  const cancel = () => {
    cancelled = true
    running?.cancel()
  }
  return { done, cancel }
}

function settingsOf(cwd: string): Buffer[] {
  const file = path.join(cwd, 'tsconfig.json')
  return existsSync(file) ? [readFileSync(file)] : []
}

function check(files: readonly string[], cwd: string): Typecheck {
  const script = new URL('./typecheck-thread.js', import.meta.url)
  // Where this package runs from its sources there is no such file.
  if (!existsSync(script)) return { done: typecheck(files, { cwd }), cancel: () => undefined }
  const worker = new Worker(script, { workerData: { files, cwd } })
  worker.unref()
  const done = new Promise<void>((resolve, reject) => {
    worker.once('message', ({ mistake, failure }: TypecheckAnswer) => {
      if (mistake) reject(new SchemaError(mistake.message, mistake.details))
      else if (failure !== undefined) reject(new Error(failure))
      else resolve()
    })
    worker.once('error', reject)
    worker.once('exit', () => resolve())
  })
  return { done, cancel: () => void worker.terminate() }
}
