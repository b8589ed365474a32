import path from 'node:path'
import { compileFunction } from 'node:vm'
import { rememberSources } from './original-position.js'
import { NotPlain, readModule } from './module-text.js'
import { resolveRelative } from './source-closure.js'

/**
 * Runs modules that need no compiler: those that `autogen pull` writes, and others that use nothing of TypeScript but its file
 * ending. Loading a large schema so takes a tenth of the time and memory. Undefined when a file needs more, or fails: then the
 * compiler is asked, which says what is wrong.
 *
 * @param closure the files and all they import, as `plainClosure` gives them
 */
export async function importPlainly(
  entries: readonly string[],
  closure: ReadonlyMap<string, string>,
): Promise<readonly Record<string, unknown>[] | undefined> {
  const own = new Map<string, unknown>([
    ['pg-autogen/schema', await import('../schema.js')],
    ['pg-autogen/kind', await import('../kind.js')],
  ])
  const running = new Set<string>()
  const finished = new Map<string, Record<string, unknown>>()
  const load = (file: string): Record<string, unknown> => {
    const known = finished.get(file)
    if (known) return known
    if (running.has(file)) throw new NotPlain()
    running.add(file)
    const exported = file.endsWith('.json') ? { default: JSON.parse(closure.get(file)!) } : runModule(file, closure.get(file)!, (name) => imported(file, name))
    finished.set(file, exported)
    return exported
  }
  const imported = (from: string, name: string): unknown => {
    if (own.has(name)) return own.get(name)
    const file = resolveRelative(path.resolve(path.dirname(from), name))
    if (file === undefined || !closure.has(file)) throw new NotPlain()
    return load(file)
  }
  try {
    const modules = entries.map(load)
    rememberSources(closure, undefined)
    return modules
  } catch {
    return undefined
  }
}

const STRICT = "'use strict';"

function runModule(file: string, source: string, imported: (name: string) => unknown): Record<string, unknown> {
  const { code, names } = readModule(source)
  const body = `${STRICT}${code}\n;autogenExport({ ${names.join(', ')} })`
  const run = compileFunction(body, ['autogenImport', 'autogenExport'], { filename: file, columnOffset: -STRICT.length })
  let exported: Record<string, unknown> = {}
  run(imported, (all: Record<string, unknown>) => {
    exported = all
  })
  return exported
}
