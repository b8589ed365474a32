import path from 'node:path'
import { compileFunction } from 'node:vm'
import { rememberSources } from './original-position.js'
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
  const own = new Map<string, unknown>([['pg-autogen/schema', await import('../schema.js')]])
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

class NotPlain extends Error {}

const STRICT = "'use strict';"

function runModule(file: string, source: string, imported: (name: string) => unknown): Record<string, unknown> {
  const { code, names } = new Rewriter(source).rewrite()
  const body = `${STRICT}${code}\n;autogenExport({ ${names.join(', ')} })`
  const run = compileFunction(body, ['autogenImport', 'autogenExport'], { filename: file, columnOffset: -STRICT.length })
  let exported: Record<string, unknown> = {}
  run(imported, (all: Record<string, unknown>) => {
    exported = all
  })
  return exported
}

const IMPORT = /import\s*(?:\{([^}]*)\}|\*\s*as\s+([\w$]+))\s*from\s*(['"])([^'"\\\n]+)\3(?:\s*with\s*\{[^}]*\})?/y
const EXPORT = /export(\s+)const\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)(?=\s*=)/uy
const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy

/**
 * Turns the imports and exports of a module into calls and leaves all else where it stands, so that lines and columns stay right.
 * Gives up at everything that could mean something else to TypeScript: `<`, `>` but in arrows, and slashes that begin no comment.
 */
class Rewriter {
  #at = 0
  #done = 0
  #code = ''
  readonly #names: string[] = []

  constructor(readonly source: string) {}

  rewrite(): { code: string; names: string[] } {
    this.#block(undefined)
    return { code: this.#code + this.source.slice(this.#done), names: this.#names }
  }

  /** Up to the closing bracket, or the end. */
  #block(close: string | undefined): void {
    const { source } = this
    while (this.#at < source.length) {
      const character = source[this.#at]!
      if (character === close) {
        this.#at++
        return
      }
      if (/[\p{ID_Start}$_]/u.test(character)) this.#word(close === undefined)
      else if (character === "'" || character === '"') this.#string(character)
      else if (character === '`') this.#template()
      else if (character === '/') this.#comment()
      else if ('([{'.includes(character)) {
        this.#at++
        this.#block(character === '(' ? ')' : character === '[' ? ']' : '}')
      } else if (')]}<'.includes(character) || (character === '>' && source[this.#at - 1] !== '=') || (character === ',' && close === undefined)) {
        throw new NotPlain()
      } else this.#at++
    }
    if (close !== undefined) throw new NotPlain()
  }

  #word(top: boolean): void {
    const word = this.#match(WORD)![0]
    const member = this.source[this.#at - 1] === '.'
    if (!member && (word === 'import' || word === 'export')) {
      if (!top) throw new NotPlain()
      return word === 'import' ? this.#import() : this.#export()
    }
    this.#at += word.length
  }

  #import(): void {
    const match = this.#match(IMPORT)
    if (!match) throw new NotPlain()
    const [text, members, all, , name] = match
    const target = all ?? `{${members!.replace(/\s+as\s+/g, ': ')}}`
    const lines = text.split('\n').length - target.split('\n').length
    this.#replace(text, `const ${target} = autogenImport(${JSON.stringify(name)})${'\n'.repeat(lines)}`)
  }

  #export(): void {
    const match = this.#match(EXPORT)
    if (!match) throw new NotPlain()
    this.#names.push(match[2]!)
    this.#replace(match[0], match[0].replace('export', '      '))
  }

  #replace(text: string, by: string): void {
    this.#code += this.source.slice(this.#done, this.#at) + by
    this.#at += text.length
    this.#done = this.#at
  }

  #string(quote: string): void {
    const { source } = this
    for (this.#at++; this.#at < source.length && source[this.#at] !== quote; this.#at++) if (source[this.#at] === '\\') this.#at++
    this.#at++
  }

  #template(): void {
    const { source } = this
    for (this.#at++; this.#at < source.length && source[this.#at] !== '`'; ) {
      if (source[this.#at] === '\\') this.#at += 2
      else if (source.startsWith('${', this.#at)) {
        this.#at += 2
        this.#block('}')
      } else this.#at++
    }
    this.#at++
  }

  #comment(): void {
    const { source } = this
    const end = source.startsWith('//', this.#at) ? source.indexOf('\n', this.#at) : source.startsWith('/*', this.#at) ? source.indexOf('*/', this.#at) + 2 : undefined
    if (end === undefined) throw new NotPlain()
    this.#at = end < this.#at ? source.length : end
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    return pattern.exec(this.source)
  }
}
