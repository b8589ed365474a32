/** Names that cannot be declared in a module, or that compiled modules use themselves. */
const RESERVED = `arguments async await break case catch class const continue debugger default delete do else enum eval export exports extends
  false finally for function if implements import in instanceof interface jitiESMResolve jitiImport let module new null of package private
  protected public require return static super switch this throw true try typeof undefined var void while with yield NaN Infinity
  Array Boolean Date Error Function JSON Map Math Number Object Promise Proxy Reflect RegExp Set String Symbol globalThis t __dirname __filename`

/** Gives out variable names, each once. */
export class VariableNames {
  readonly #taken: Set<string>
  readonly #reserved: Set<string>

  /** `reserved` are further names in use, such as imports. */
  constructor(reserved: Iterable<string> = []) {
    this.#reserved = new Set([...RESERVED.split(/\s+/), ...reserved])
    this.#taken = new Set()
  }

  /**
   * The first free name for the given words, each list being one way to name the same thing.
   *
   * @example names.take([['order_items'], ['shop', 'order_items']]) // orderItems, or shopOrderItems when that is taken
   */
  take(ways: readonly (readonly string[])[]): string {
    const first = this.#usable(camelCase(ways[0]!))
    if (this.#claim(first)) return first
    for (const words of ways.slice(1)) {
      const name = this.#usable(camelCase(words))
      if (this.#claim(name)) return name
    }
    for (let n = 2; ; n++) if (this.#claim(`${first}${n}`)) return `${first}${n}`
  }

  #usable(name: string): string {
    return this.#reserved.has(name) ? `${name}_` : name
  }

  #claim(name: string): boolean {
    if (this.#taken.has(name)) return false
    this.#taken.add(name)
    return true
  }
}

function camelCase(words: readonly string[]): string {
  if (words.every((word) => /^[a-z][a-z0-9_]*$/.test(word))) return words.join('_').replace(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase())
  const parts = words.map((word) => (/\p{Ll}/u.test(word) ? word : word.toLowerCase())).flatMap((word) => word.normalize('NFC').split(/[^\p{ID_Continue}]+|_+/u)).filter(Boolean)
  const joined = parts.map((part, index) => (index === 0 ? part : part[0]!.toUpperCase() + part.slice(1))).join('')
  const [first = ''] = joined
  return /^\p{ID_Start}$/u.test(first) ? first.toLowerCase() + [...joined].slice(1).join('') : `_${joined}`
}
