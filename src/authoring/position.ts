import { fileURLToPath } from 'node:url'
import type { SourcePosition } from '../errors.js'

/** Frames of this package, by its own folder, and of node: everything else belongs to the user. */
const OWN_URL = new URL('..', import.meta.url).href
const OWN_FOLDER = fileURLToPath(OWN_URL)

/**
 * The place in the user's files from which the authoring API was called; undefined when there is none on the stack. Line and
 * column are worked out when they are asked for, which few are: the time that takes grows with the size of the file.
 */
export function callerPosition(): SourcePosition | undefined {
  for (const frame of callSites()) {
    const file = pathOf(frame.getFileName())
    if (file === undefined || !isOfUser(file)) continue
    return {
      file,
      get line() {
        return frame.getLineNumber() ?? 1
      },
      get column() {
        return frame.getColumnNumber() ?? 1
      },
    }
  }
  return undefined
}

/** The first frame of a stack that stands in a file of the user. */
export function positionInStack(stack: string): SourcePosition | undefined {
  for (const frame of stack.split('\n').slice(1)) {
    const match = /(?:\(|\bat (?:async )?)((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/.exec(frame.trim())
    const file = match && pathOf(match[1])
    if (match && file && isOfUser(file)) return { file, line: Number(match[2]), column: Number(match[3]) }
  }
  return undefined
}

/** More than the deepest chain of calls inside this package. */
const DEEPEST = 16

/** The frames themselves: to write them down as text would take most of the time of loading a large schema. */
function callSites(): readonly NodeJS.CallSite[] {
  const { stackTraceLimit, prepareStackTrace } = Error
  Error.stackTraceLimit = DEEPEST
  Error.prepareStackTrace = (_, sites) => sites
  const { stack } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  Error.prepareStackTrace = prepareStackTrace
  return Array.isArray(stack) ? (stack as NodeJS.CallSite[]) : []
}

function pathOf(name: string | null | undefined): string | undefined {
  if (!name || name.startsWith('node:') || name.startsWith(OWN_URL)) return undefined
  return name.startsWith('file:') ? fileURLToPath(name) : name
}

function isOfUser(file: string): boolean {
  return !file.startsWith(OWN_FOLDER) && !file.includes('/node_modules/')
}
