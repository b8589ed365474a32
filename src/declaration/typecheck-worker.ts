import { parentPort, workerData } from 'node:worker_threads'
import type { AutogenError } from '../errors.js'
import { typecheck, type TypecheckOptions } from './typecheck.js'

/** Answers with the error, or with null when the types are right. */
const { files, options } = workerData as { files: readonly string[]; options: TypecheckOptions }
try {
  await typecheck(files, options)
  parentPort?.postMessage(null)
} catch (error) {
  const { message, at, detail, hint } = error as AutogenError
  parentPort?.postMessage({ message, at, detail, hint })
}
