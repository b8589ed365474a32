import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { readModule } from './module-text.js'

/** Words whose presence may mean that a file does not always declare the same. */
const IMPURE_WORDS = new Set(
  'process Date Math random crypto fetch require globalThis global performance eval Function setTimeout Intl navigator arguments __dirname __filename'.split(' '),
)
const IMPURE = new RegExp(`\\b(?:${[...IMPURE_WORDS].join('|')})\\b|\\bimport\\s*(?:\\(|\\.)`)

/** What is imported while a module runs is not looked for. */
const LATER = /\bimport\s*\(|\brequire\b/

/** Also finds what only looks like an import, in a comment or in SQL: then the closure is not certain. */
const IMPORT = /\b(?:from|import)\s*(['"`])([^'"`\n]*)\1/g

const OWN = new Set(['pg-autogen', 'pg-autogen/schema', 'pg-autogen/kind'])

/**
 * The contents of files and of all they import, when these alone decide what the files declare: they import only each other and
 * this package, and use nothing that changes from run to run, which `mayVary` lets pass. Undefined when that is not certain.
 */
export function plainClosure(entries: readonly string[], { mayVary = false } = {}): ReadonlyMap<string, string> | undefined {
  const contents = new Map<string, string>()
  const waiting = [...entries].reverse()
  try {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (contents.has(file)) continue
      const content = readFileSync(file, 'utf8')
      contents.set(file, content)
      if (file.endsWith('.json')) continue
      const imports = importsOf(content).filter((name) => !OWN.has(name) && !(mayVary && name.startsWith('node:')))
      const known = (mayVary ? LATER : IMPURE).test(content) ? undefined : resolveAll(file, imports)
      const found = known ?? (mayVary ? undefined : exactImports(file, content))
      if (!found) return undefined
      waiting.push(...found)
    }
  } catch {
    return undefined
  }
  return contents
}

/** Only what stands in the code: not in texts, not in comments. */
function exactImports(file: string, content: string): string[] | undefined {
  const { imports, words } = readModule(content)
  if ([...words].some((word) => IMPURE_WORDS.has(word))) return undefined
  return resolveAll(
    file,
    imports.filter((name) => !OWN.has(name)),
  )
}

/** The files that imports mean; undefined when one of them is no file of the project. */
function resolveAll(from: string, names: readonly string[]): string[] | undefined {
  const files = names.map((name) => (/^\.\.?\//.test(name) ? resolveRelative(path.resolve(path.dirname(from), name)) : undefined))
  return files.every((file) => file !== undefined) ? files : undefined
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
