import { parentPort, workerData } from 'node:worker_threads'
import { typecheck } from '../declaration/typecheck.js'
import { SchemaError } from '../errors.js'
import type { TypecheckAnswer } from './typecheck.js'

const { files, cwd } = workerData as { files: readonly string[]; cwd: string }
const answer = (message: TypecheckAnswer) => parentPort!.postMessage(message)

try {
  await typecheck(files, { cwd })
  answer({})
} catch (error) {
  if (error instanceof SchemaError) answer({ mistake: { message: error.message, details: { at: error.at, detail: error.detail, hint: error.hint } } })
  else answer({ failure: (error as Error).message })
}
