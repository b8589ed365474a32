import { SourceMap } from 'node:module'
import type { SourcePosition } from '../errors.js'

/** Compiles a source as it was compiled for loading, with a source map at its end. */
export type MappingTransform = (source: string, file: string) => string

interface Load {
  readonly sources: ReadonlyMap<string, string>
  readonly prepare: (() => Promise<MappingTransform>) | undefined
  transform?: MappingTransform
}

/** What was loaded, the latest first. */
const loads: Load[] = []
const maps = new Map<string, SourceMap | null>()

/**
 * Makes positions in these sources known. More may be added to the map while files are loaded.
 *
 * @param prepare gives the compiler; undefined for files that run as they are
 */
export function rememberSources(sources: ReadonlyMap<string, string>, prepare: (() => Promise<MappingTransform>) | undefined): void {
  loads.unshift({ sources, prepare })
}

/** To be awaited before `originalPosition` is asked: the compiler is loaded only when there is an error to show. */
export async function readyPositions(): Promise<void> {
  for (const load of loads) load.transform ??= await load.prepare?.()
}

/**
 * The place that the user knows for one in compiled code. Columns differ there and sometimes lines; they are looked up only when
 * an error is shown, since a source map costs more than loading the file.
 */
export function originalPosition(at: SourcePosition): SourcePosition {
  const load = loads.find(({ sources }) => sources.has(at.file))
  const transform = load?.transform
  if (!load || !transform || at.column === undefined) return { ...at }
  const source = load.sources.get(at.file)!
  const found = mapOf(source, () => transform(source, at.file))?.findEntry(at.line - 1, at.column - 1)
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
