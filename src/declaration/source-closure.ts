import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** Words whose presence may mean that a file does not always declare the same. */
const IMPURE = /\b(?:process|Date|random|crypto|fetch|require|globalThis|global|performance|eval|Function|setTimeout|Intl|navigator|__dirname|__filename)\b|\bimport\s*(?:\(|\.)/

/** Also finds what only looks like an import, in a comment or in SQL: then the closure is not certain. */
const IMPORT = /\b(?:from|import)\s*(['"`])([^'"`\n]*)\1/g

const OWN = new Set(['pg-autogen', 'pg-autogen/schema'])

/**
 * The contents of files and of all they import, when these alone decide what the files declare: they import only each other and
 * this package, and use nothing that changes from run to run. Undefined when that is not certain.
 */
export function plainClosure(entries: readonly string[]): ReadonlyMap<string, string> | undefined {
  const contents = new Map<string, string>()
  const waiting = [...entries].reverse()
  try {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (contents.has(file)) continue
      const content = readFileSync(file, 'utf8')
      contents.set(file, content)
      if (file.endsWith('.json')) continue
      if (IMPURE.test(content)) return undefined
      for (const name of importsOf(content)) {
        if (OWN.has(name)) continue
        const found = /^\.\.?\//.test(name) ? resolveRelative(path.resolve(path.dirname(file), name)) : undefined
        if (found === undefined) return undefined
        waiting.push(found)
      }
    }
  } catch {
    return undefined
  }
  return contents
}

function importsOf(content: string): string[] {
  return [...content.matchAll(IMPORT)].map((match) => match[2]!)
}

/** The file that a relative import means. */
export function resolveRelative(file: string): string | undefined {
  const bare = file.replace(/\.([cm]?)js$/, '.$1ts')
  return [file, bare, `${file}.ts`, `${file}.js`, path.join(file, 'index.ts')].find((candidate) => {
    try {
      return statSync(candidate).isFile()
    } catch {
      return false
    }
  })
}
