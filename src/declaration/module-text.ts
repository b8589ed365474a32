/** A file that is not certain to mean the same with and without a compiler. */
export class NotPlain extends Error {}

/** A module whose imports and exports have become calls. */
export interface ModuleText {
  /** Calls `autogenImport(name)`; to be given the exported names by the caller. */
  readonly code: string
  readonly names: readonly string[]
  readonly imports: readonly string[]
  /** Every identifier of the code that is no property. */
  readonly words: ReadonlySet<string>
}

/**
 * Turns the imports and exports of a module into calls and leaves all else where it stands, so that lines and columns stay right.
 *
 * @throws NotPlain at everything that could mean something else to TypeScript: `<`, `>` but in arrows, slashes that begin no comment
 * @example readModule("import { a } from './a.js'").code // 'const {a} = autogenImport("./a.js")'
 */
export function readModule(source: string): ModuleText {
  return new Rewriter(source).rewrite()
}

const IMPORT = /import\s*(?:\{([^}]*)\}|\*\s*as\s+([\w$]+))\s*from\s*(['"])([^'"\\\n]+)\3(?:\s*with\s*\{[^}]*\})?/y
const EXPORT = /export(\s+)const\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)(?=\s*=)/uy
const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy

class Rewriter {
  #at = 0
  #done = 0
  #code = ''
  readonly #names: string[] = []
  readonly #imports: string[] = []
  readonly #words = new Set<string>()

  constructor(readonly source: string) {}

  rewrite(): ModuleText {
    this.#block(undefined)
    return { code: this.#code + this.source.slice(this.#done), names: this.#names, imports: this.#imports, words: this.#words }
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
    const property = this.source[this.#at - 1] === '.' || this.#isKey(word)
    if (!property && top && word === 'import') return this.#import()
    if (!property && top && word === 'export') return this.#export()
    if (!property && (word === 'import' || word === 'export')) throw new NotPlain()
    if (!property) this.#words.add(word)
    this.#at += word.length
  }

  /** The name of a property in an object literal. */
  #isKey(word: string): boolean {
    const before = this.source.slice(Math.max(0, this.#at - 200), this.#at).trimEnd().at(-1)
    const end = this.#at + word.length
    return (before === '{' || before === ',') && /^\s*:/.test(this.source.slice(end, end + 20))
  }

  #import(): void {
    const match = this.#match(IMPORT)
    if (!match) throw new NotPlain()
    const [text, members, all, , name] = match
    this.#imports.push(name!)
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
