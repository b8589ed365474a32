import { afterToken, skipBlank } from './split.js'

const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy

/**
 * SQL text without its comments.
 *
 * @example withoutComments(`select '--' -- all`) // select '--'
 */
export function withoutComments(text: string): string {
  const kept: string[] = []
  for (let at = 0; at < text.length; ) {
    const blank = skipBlank(text, at)
    WORD.lastIndex = at
    const word = WORD.exec(text)?.[0]
    const end = blank > at ? blank : word !== undefined && !/^e$/i.test(word) ? at + word.length : afterToken(text, at)
    kept.push(blank > at ? ' ' : text.slice(at, end))
    at = end
  }
  return kept.join('').trim()
}

/**
 * The names that a text may mean, those in string constants among them, since it may put statements together from them. It may be in any language: that
 * a name is in it does not mean that it stands for the object of that name.
 */
export class NamesInText {
  /** What stands before each name, joined by a point; empty where nothing does. */
  readonly #qualifiers = new Map<string, Set<string>>()

  constructor(text: string) {
    let before = ''
    for (const [token, quoted, word] of text.matchAll(/"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*)|\s*\.\s*|[^]/gu)) {
      const name = quoted?.replaceAll('""', '"') ?? word
      if (name === undefined) {
        if (token.trim() !== '.') before = ''
        continue
      }
      this.#add(name, before)
      // In a string constant it may be a name as it is, and outside of one it is folded.
      if (word !== undefined) this.#add(name.toLowerCase(), before.toLowerCase())
      before = name
    }
  }

  #add(name: string, before: string): void {
    const known = this.#qualifiers.get(name)
    if (known) known.add(before)
    else this.#qualifiers.set(name, new Set([before]))
  }

  /** Whether a name is there; with a schema, not only as a name of another schema, or of a part of something. */
  has(name: string, schema?: string): boolean {
    const qualifiers = this.#qualifiers.get(name)
    return qualifiers !== undefined && (schema === undefined || qualifiers.has('') || qualifiers.has(schema))
  }
}
