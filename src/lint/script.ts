import type { Node } from 'libpg-query'
import type { SourcePosition } from '../errors.js'
import { splitScript } from '../sql/split.js'
import { blockOf, dynamicIn } from './block.js'
import type { LintError, LintNote } from './finding.js'
import { readIgnores, type Ignore } from './ignores.js'
import type { NodeType } from './syntax.js'
import type { Piece } from './unit.js'

export type Parser = Pick<typeof import('libpg-query'), 'parseSync' | 'parsePlPgSQLSync'>

/** PostgreSQL's own parser, ready to be used. */
export async function loadParser(): Promise<Parser> {
  const parser = await import('libpg-query')
  await parser.loadModule()
  return parser
}

/** Commands of psql that bring in statements which stand elsewhere, or come from rows. */
const BRINGS_IN = /^\\(i|ir|include|include_relative|copy)$/

export interface ReadScript {
  readonly pieces: Piece[]
  readonly ignores: Ignore[]
  readonly errors: LintError[]
  readonly notes: LintNote[]
}

/**
 * Takes a text of SQL apart. What cannot be read is an error with its place, and the rest is read all the same. `facts` are those of the step that
 * it is of.
 */
export function readScript(text: string, place: (offset: number) => SourcePosition, parser: Parser, rules: readonly string[], facts: Pick<Piece, 'outside'> = {}): ReadScript {
  const { statements, commands } = splitScript(withoutPlaceholders(text))
  const errors: LintError[] = []
  const notes = commands
    .filter(({ name }) => BRINGS_IN.test(name))
    .map(({ name, offset }): LintNote => ({ message: `${name} is a command of psql: what it brings in is not looked at`, at: place(offset) }))
  const pieces = statements.flatMap(({ sql, offset }): Piece[] => {
    try {
      const node = parsed(sql, parser)
      if (!node) return []
      const [[type, content]] = Object.entries(node) as [[NodeType, never]]
      const plain: Piece = { type, node: content, sql, at: place(offset), lastLine: place(offset + sql.length).line, place: (byte) => place(offset + charactersIn(sql, byte)), ...facts }
      const inside = (at: number) => place(offset + at)
      const sends = commands.find((command) => command.offset >= offset + sql.length)
      const isNext = sends?.name === '\\gexec' && !statements.some((other) => other.offset > offset && other.offset < sends.offset)
      if (isNext) return [{ ...plain, dynamic: [{ text: 'what the query gives', at: place(sends.offset) }] }]
      if (type === 'DoStmt') return [{ ...plain, ...blockOf(plain, inside, parser) }]
      return [type === 'CreateFunctionStmt' ? { ...plain, dynamic: dynamicIn(plain, inside, parser) } : plain]
    } catch (error) {
      const { message, sqlDetails } = error as Error & { sqlDetails?: { cursorPosition: number } }
      errors.push({ message, at: place(offset + Math.max(0, sqlDetails?.cursorPosition ?? 0)), hint: 'the other statements are looked at all the same' })
      return []
    }
  })
  const read = readIgnores(text, 'sql', place, pieces, rules)
  return { pieces, ignores: read.ignores, errors: [...errors, ...read.errors], notes }
}

/** The placeholders of Flyway are not SQL; each takes the place of one word, in its own place. */
function withoutPlaceholders(text: string): string {
  return text.replace(/(?<!\$)\$\{([\w.:-]+)\}/g, (_, name: string) => `  ${name.replace(/\W/g, '_')} `)
}

/** Nor are the variables of psql. */
function parsed(sql: string, { parseSync }: Parser): Node | undefined {
  try {
    return parseSync(sql).stmts?.[0]?.stmt
  } catch (error) {
    // A column may be called like the variable that it is compared with.
    const without = sql.replace(/(?<![:\w]):(?=['"])/g, ' ').replace(/(?<![:\w]):(?=\w)/g, '_')
    if (without === sql) throw error
    try {
      return parseSync(without).stmts?.[0]?.stmt
    } catch {
      throw error
    }
  }
}

/** The parser counts bytes. */
function charactersIn(sql: string, bytes: number): number {
  return Buffer.from(sql).subarray(0, bytes).toString().length
}

/** The place of an offset in a text; its lines are counted once for all. */
export function placesIn(file: string, text: string): (offset: number) => SourcePosition {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { file, line: low + 1, column: offset - starts[low]! + 1 }
  }
}
