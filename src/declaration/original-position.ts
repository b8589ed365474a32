import { SourceMap } from 'node:module'
import type { SourcePosition } from '../errors.js'

/** Compiles a source as it was compiled for loading, with a source map at its end. */
export type MappingTransform = (source: string, file: string) => string

/** What was loaded, the latest first. */
const loads: { readonly sources: ReadonlyMap<string, string>; readonly transform: MappingTransform }[] = []
const maps = new Map<string, SourceMap | null>()

/** Makes positions in these sources known. More may be added to the map while files are loaded. */
export function rememberSources(sources: ReadonlyMap<string, string>, transform: MappingTransform): void {
  loads.unshift({ sources, transform })
}

/**
 * The place that the user knows for one in compiled code. Lines are the same in both; columns are not, and are looked up only
 * when an error is shown, since a source map costs more than loading the file.
 */
export function originalPosition(at: SourcePosition): SourcePosition {
  const load = loads.find(({ sources }) => sources.has(at.file))
  if (!load || at.column === undefined) return at
  const source = load.sources.get(at.file)!
  const found = mapOf(source, () => load.transform(source, at.file))?.findEntry(at.line - 1, at.column - 1)
  if (!found || !('originalLine' in found)) return { ...at, column: undefined }
  const text = source.split('\n')[found.originalLine] ?? ''
  let column = found.originalColumn
  // A call through a namespace maps to the end of the callee's name.
  while (column > 0 && /[\w$]/.test(text[column - 1]!)) column--
  return { file: at.file, line: found.originalLine + 1, column: column + 1 }
}

function mapOf(source: string, compile: () => string): SourceMap | null {
  let map = maps.get(source)
  if (map === undefined) maps.set(source, (map = readMap(compile)))
  return map
}

function readMap(compile: () => string): SourceMap | null {
  try {
    const compiled = compile()
    const comment = compiled.lastIndexOf('base64,')
    if (comment < 0) return null
    return new SourceMap(JSON.parse(Buffer.from(compiled.slice(comment + 7), 'base64').toString('utf8')))
  } catch {
    return null
  }
}
