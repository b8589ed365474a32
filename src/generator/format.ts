import { LITERAL_NEWLINE } from './schema-literals.js'

const WIDTH = 120

/** A bracket with what stands between its commas. */
interface Group {
  readonly open: string
  readonly close: string
  readonly items: Sequence[]
  /** A line end after the opening bracket asks for one line per item. */
  hard: boolean
}

interface Sequence {
  readonly parts: (string | Group)[]
  flat: string
  hard: boolean
}

/**
 * Lays an expression out: brackets stay on one line where they fit and no line end follows the opening one; otherwise each item
 * gets its line, and long chains of calls one line per call. The text of literals is never touched.
 *
 * @example format("f({a:1,\n b:2})") // 'f({ a: 1, b: 2 })'
 */
export function format(code: string, column = 0): string {
  return layout(new Parser(code).parse(), 0, column, 0)
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

class Parser {
  #at = 0
  constructor(readonly code: string) {}

  parse(): Sequence {
    return this.#sequence('')
  }

  /** Up to a comma (inside brackets) or the closing bracket. */
  #sequence(close: string): Sequence {
    const { code } = this
    const parts: (string | Group)[] = []
    let text = ''
    const flush = () => {
      const collapsed = parts.length === 0 ? text.trimStart() : text
      if (collapsed) parts.push(collapsed)
      text = ''
    }
    while (this.#at < code.length) {
      const character = code[this.#at]!
      if (character === close || (close && character === ',')) break
      if (character in CLOSING) {
        flush()
        parts.push(this.#group(character))
      } else if (character === "'" || character === '"' || character === '`') {
        text += this.#literal(character)
      } else if (/\s/.test(character)) {
        while (this.#at < code.length && /\s/.test(code[this.#at]!)) this.#at++
        text += ' '
      } else {
        text += character
        this.#at++
      }
    }
    flush()
    const last = parts.at(-1)
    if (typeof last === 'string') parts[parts.length - 1] = last.trimEnd()
    return { parts: parts.filter((part) => part !== ''), ...summary(parts) }
  }

  #group(open: string): Group {
    const close = CLOSING[open]!
    const items: Sequence[] = []
    this.#at++
    const hard = /^[^\S\n]*\n/.test(this.code.slice(this.#at, this.#at + 40))
    for (;;) {
      const item = this.#sequence(close)
      if (item.parts.length > 0) items.push(item)
      if (this.code[this.#at++] !== ',') break
    }
    return { open, close, items, hard: hard && items.length > 0 }
  }

  #literal(quote: string): string {
    const { code } = this
    const start = this.#at++
    while (this.#at < code.length && code[this.#at] !== quote) {
      if (quote === '`' && code.startsWith('${', this.#at)) {
        this.#at++
        this.#group('{')
      } else this.#at += code[this.#at] === '\\' ? 2 : 1
    }
    this.#at++
    return code.slice(start, this.#at)
  }
}

function summary(parts: readonly (string | Group)[]): { flat: string; hard: boolean } {
  return {
    flat: parts.map((part) => (typeof part === 'string' ? part : flatGroup(part))).join('').trim(),
    hard: parts.some((part) => typeof part !== 'string' && (part.hard || part.items.some((item) => item.hard))),
  }
}

function flatGroup({ open, close, items }: Group): string {
  const inside = items.map(({ flat }) => flat).join(', ')
  return open === '{' && inside ? `{ ${inside} }` : open + inside + close
}

/** `after`: how many characters follow on the line of its end. */
function layout(sequence: Sequence, indent: number, column: number, after: number): string {
  if (!sequence.hard && fits(sequence.flat, column, after)) return sequence.flat
  const { head, links } = chain(sequence)
  if (links.length > 0) {
    const start = layout(head, indent, column, 0)
    const chained = links.map(({ flat }) => flat).join('')
    if (!links.some(({ hard }) => hard) && fits(chained, endColumn(start, column), after)) return start + chained
    return [start, ...links.map((link) => layout(link, indent + 2, indent + 2, after))].join(`\n${' '.repeat(indent + 2)}`)
  }
  let result = ''
  sequence.parts.forEach((part, index) => {
    if (typeof part === 'string') {
      result += part
      return
    }
    const next = sequence.parts[index + 1]
    result += layoutGroup(part, indent, endColumn(result, column), typeof next === 'string' ? next.length : after)
  })
  return result.trim()
}

function layoutGroup(group: Group, indent: number, column: number, after: number): string {
  const hard = group.hard || group.items.some((item) => item.hard)
  if (!hard && fits(flatGroup(group), column, after)) return flatGroup(group)
  if (group.open === '(' && !group.hard && (group.items.length === 1 || group.items.some(endsInBrackets))) {
    let result = group.open
    group.items.forEach((item, index) => {
      if (index > 0) result += ', '
      result += layout(item, indent, endColumn(result, column), 1)
    })
    return result + group.close
  }
  const inner = ' '.repeat(indent + 2)
  const items = group.items.map((item) => `${inner}${layout(item, indent + 2, indent + 2, 1)},\n`)
  return `${group.open}\n${items.join('')}${' '.repeat(indent)}${group.close}`
}

function endsInBrackets({ parts }: Sequence): boolean {
  const last = parts.at(-1)
  return typeof last === 'object' && last.open !== '('
}

/** A call and the calls of methods on its result: `text()` and `.notNull()`, `.default(…)`. */
function chain({ parts }: Sequence): { head: Sequence; links: Sequence[] } {
  const starts = parts.flatMap((part, index) =>
    typeof part === 'string' && part.startsWith('.') && typeof parts[index - 1] === 'object' && typeof parts[index + 1] === 'object' ? [index] : [],
  )
  const slice = (from: number, to: number | undefined): Sequence => {
    const taken = parts.slice(from, to)
    return { parts: taken, ...summary(taken) }
  }
  return { head: slice(0, starts[0] ?? parts.length), links: starts.map((start, index) => slice(start, starts[index + 1])) }
}

function fits(text: string, column: number, after: number): boolean {
  const first = text.indexOf(LITERAL_NEWLINE)
  if (first < 0) return column + text.length + after <= WIDTH
  return column + first <= WIDTH && text.length - text.lastIndexOf(LITERAL_NEWLINE) - 1 + after <= WIDTH
}

function endColumn(text: string, column: number): number {
  const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf(LITERAL_NEWLINE))
  return end < 0 ? column + text.length : text.length - end - 1
}
