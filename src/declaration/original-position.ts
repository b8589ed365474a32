import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import type { SourcePosition } from '../errors.js'

/** Compiles a source as it was compiled for loading, with a source map at its end. */
export type MappingTransform = (source: string, file: string) => string

let transform: MappingTransform | undefined
const loaded = new Map<string, { source: string; map?: SourceMap | null }>()

/** Makes positions in these files known; the sources are kept as they were loaded. */
export function rememberSources(files: readonly string[], compile: MappingTransform): void {
  transform = compile
  for (const file of files) {
    try {
      loaded.set(file, { source: readFileSync(file, 'utf8') })
    } catch {
      loaded.delete(file)
    }
  }
}

/**
 * The place that the user knows for one in compiled code. Lines are the same in both; columns are not, and are looked up only
 * when an error is shown, since a source map costs more than loading the file.
 */
export function originalPosition(at: SourcePosition): SourcePosition {
  const entry = loaded.get(at.file)
  if (!entry || at.column === undefined) return at
  const lines = entry.source.split('\n')
  entry.map ??= readMap(entry.source, at.file)
  const found = entry.map?.findEntry(at.line - 1, at.column - 1)
  if (!found || !('originalLine' in found)) return { ...at, column: undefined }
  const text = lines[found.originalLine] ?? ''
  let column = found.originalColumn
  // A call through a namespace maps to the end of the callee's name.
  while (column > 0 && /[\w$]/.test(text[column - 1]!) && !/\s/.test(text[column - 1]!)) column--
  return { file: at.file, line: found.originalLine + 1, column: column + 1 }
}

function readMap(source: string, file: string): SourceMap | null {
  try {
    const compiled = transform!(source, file)
    const comment = compiled.lastIndexOf('base64,')
    if (comment < 0) return null
    return new SourceMap(JSON.parse(Buffer.from(compiled.slice(comment + 7), 'base64').toString('utf8')))
  } catch {
    return null
  }
}
