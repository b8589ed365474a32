import { fileURLToPath } from 'node:url'
import type { SourcePosition } from '../errors.js'

/** Frames of this package, by its own folder, and of node: everything else belongs to the user. */
const OWN_FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** The place in the user's files from which the authoring API was called; undefined when there is none on the stack. */
export function callerPosition(): SourcePosition | undefined {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 30
  const stack = new Error().stack ?? ''
  Error.stackTraceLimit = stackTraceLimit
  return positionInStack(stack)
}

/** The first frame of a stack that stands in a file of the user. */
export function positionInStack(stack: string): SourcePosition | undefined {
  for (const frame of stack.split('\n').slice(1)) {
    const match = /(?:\(|\bat (?:async )?)((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/.exec(frame.trim())
    if (!match) continue
    const file = match[1]!.startsWith('file:') ? fileURLToPath(match[1]!) : match[1]!
    if (file.startsWith(OWN_FOLDER) || file.includes('/node_modules/')) continue
    return { file, line: Number(match[2]), column: Number(match[3]) }
  }
  return undefined
}
