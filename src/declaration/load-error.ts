import { readFileSync } from 'node:fs'
import { types } from 'node:util'
import { positionInStack } from '../authoring/position.js'
import { AutogenError, SchemaError, type SourcePosition } from '../errors.js'
import { originalPosition } from './original-position.js'

/**
 * What went wrong while the user's files were imported, as one error with its place.
 *
 * @param fallback the place where the error itself names none in one of `files`
 */
export function loadError(error: unknown, fallback?: SourcePosition, files?: readonly string[]): AutogenError {
  if (!isError(error)) return new SchemaError(`a schema file threw ${String(error)}`, { cause: error })
  const found = syntaxError(error) ?? missingModule(error) ?? authoringError(error) ?? runtimeError(error)
  if (!fallback || (found.at && files?.includes(found.at.file))) return found
  return new SchemaError(found.message, { hint: found.hint, detail: found.detail, cause: error, at: originalPosition(fallback) })
}

/** `ParseError: Unexpected token \n /project/schema.ts:3:5`, with a column that starts at 0. */
function syntaxError(error: Error): SchemaError | undefined {
  const match = /^ParseError: ([\s\S]*?)\s*(?:\(\d+:\d+\))?\s*\n\s*(.+):(\d+):(\d+)\s*$/.exec(error.message)
  if (!match) return undefined
  const [, message, file, line, column] = match
  return new SchemaError(`syntax error: ${message!.trim()}`, { at: { file: file!, line: Number(line), column: Number(column) + 1 }, cause: error })
}

function missingModule(error: Error): SchemaError | undefined {
  const match = /Cannot find (?:module|package) '([^']+)'/.exec(error.message)
  const { code } = error as NodeJS.ErrnoException
  if (!match || (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND')) return undefined
  const statement = position(error)
  const { name, at } = importAt(statement) ?? { name: match[1]!, at: statement }
  const local = /^([./\\]|[A-Za-z]:)/.test(name)
  return new SchemaError(`cannot find ${local ? 'the file' : 'the package'} ${name} that is imported`, {
    at,
    hint: local ? 'check the path of the import' : `install it (npm install ${packageName(name)}), or check the paths of tsconfig.json`,
    cause: error,
  })
}

function packageName(name: string): string {
  return name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')
}

const IMPORT = /(?:\bfrom|\bimport\s*\(?|\brequire\s*\()\s*(['"])(.+?)\1/

/** What an import statement names, and where, for the place of its first line. */
function importAt(start: SourcePosition | undefined): { name: string; at: SourcePosition } | undefined {
  if (!start) return undefined
  try {
    const lines = readFileSync(start.file, 'utf8').split('\n')
    for (let line = start.line; line <= lines.length; line++) {
      const match = IMPORT.exec(lines[line - 1]!)
      if (match) return { name: match[2]!, at: { file: start.file, line, column: match.index + match[0].length - match[2]!.length } }
    }
  } catch {
    // The file cannot be read: then its place is all there is to say.
  }
  return undefined
}

/** Errors of this package; another copy of it throws a class of its own. */
function authoringError(error: Error): AutogenError | undefined {
  if (!(error instanceof AutogenError) && !('exitCode' in error && 'hint' in error)) return undefined
  const { hint, at, detail } = error as AutogenError
  const place = at ? originalPosition(at) : position(error)
  return new SchemaError(error.message, { hint, detail, cause: error, ...(place && { at: place }) })
}

function runtimeError(error: Error): SchemaError {
  const unknown = /^\(0\s*,\s*_[\w$]+\.([\w$]+)\) is not a function/.exec(error.message)
  const early = /^Cannot access '([^']+)' before initialization/.exec(error.message)
  const at = position(error)
  if (unknown) {
    return new SchemaError(`${unknown[1]} is not a function`, { at, hint: 'is it exported by the file it is imported from? of two files that import each other, one does not have it yet: move it into a file of its own', cause: error })
  }
  return new SchemaError(error.name === 'Error' ? error.message : `${error.name}: ${error.message}`, {
    at,
    hint: early ? `declare ${early[1]} above this place, or refer to it in an arrow function` : undefined,
    cause: error,
  })
}

function position(error: Error): SourcePosition | undefined {
  const at = positionInStack(error.stack ?? '')
  return at && originalPosition(at)
}

/** Also one of another realm. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}
