import type { CreateFunctionStmt, DefElem, DoStmt, Node } from 'libpg-query'
import type { SourcePosition } from '../errors.js'
import { quoteIdent } from '../sql/identifiers.js'
import { all, as, calls, type NodeType, type NodeOf } from './syntax.js'
import type { Dynamic, Piece } from './unit.js'

interface Parser {
  parseSync(sql: string): { stmts?: readonly { stmt?: Node }[] }
  parsePlPgSQLSync(sql: string): unknown
}

type Place = (offset: number) => SourcePosition

/** The statements in the body of a DO block, and those that it puts together when it runs. */
export function blockOf({ node, sql }: Pick<Piece, 'node' | 'sql'>, place: Place, parser: Parser): Pick<Piece, 'inner' | 'dynamic'> {
  const options = all('DefElem', (node as DoStmt).args)
  const body = as('String', options.find(({ defname }) => defname === 'as')?.arg)?.sval ?? ''
  const at = linesOf(body, sql, place)
  const language = languageIn(options)
  return language === 'plpgsql' ? statementsOf(sql, at, parser) : { inner: [], dynamic: [{ text: `a block in ${language}`, at: at(1) }] }
}

/** The statements that a function puts together when it is called. */
export function dynamicIn({ node, sql }: Pick<Piece, 'node' | 'sql'>, place: Place, parser: Parser): readonly Dynamic[] {
  const options = all('DefElem', (node as CreateFunctionStmt).options)
  const body = as('String', as('List', options.find(({ defname }) => defname === 'as')?.arg)?.items?.[0])?.sval
  if (languageIn(options) !== 'plpgsql' || body === undefined || !/\bexecute\b/i.test(body)) return []
  try {
    return statementsOf(sql, linesOf(body, sql, place), parser).dynamic
  } catch {
    // A body that PostgreSQL does not take either is told of when it is created.
    return []
  }
}

function languageIn(options: readonly DefElem[]): string {
  return as('String', options.find(({ defname }) => defname === 'language')?.arg)?.sval ?? 'plpgsql'
}

/** The places of the lines of a body, by their numbers. */
function linesOf(body: string, sql: string, place: Place): (line: number) => SourcePosition {
  const bodyAt = Math.max(0, sql.indexOf(body))
  const starts = [0, ...[...body.matchAll(/\n/g)].map(({ index }) => index + 1)]
  return (line) => {
    const start = starts[line - 1] ?? 0
    return place(bodyAt + start + Math.max(0, /\S/.exec(body.slice(start))?.index ?? 0))
  }
}

function statementsOf(sql: string, at: (line: number) => SourcePosition, parser: Parser): { inner: Piece[]; dynamic: Dynamic[] } {
  const inner: Piece[] = []
  const dynamic: Dynamic[] = []
  const add = (text: string, line: number): boolean => {
    const node = statementIn(text, parser)
    if (!node) return false
    const [[type, content]] = Object.entries(node) as [[NodeType, never]]
    const position = at(line)
    inner.push({ type, node: content, sql: text, at: position, lastLine: position.line + text.trimEnd().split('\n').length - 1 })
    return true
  }
  for (const { type, line, query } of statementsIn(parser.parsePlPgSQLSync(sql))) {
    if (type === 'PLpgSQL_stmt_commit' || type === 'PLpgSQL_stmt_rollback') add(type === 'PLpgSQL_stmt_commit' ? 'COMMIT' : 'ROLLBACK', line)
    else if (type === 'PLpgSQL_stmt_execsql' && query !== undefined) add(query, line)
    else if (/dynexecute|dynfors/.test(type) && query !== undefined) {
      const text = literalIn(query, parser)
      if (text === undefined || !add(text, line)) dynamic.push({ text: query, at: at(line) })
    }
  }
  return { inner, dynamic }
}

/** Statements of a body in their order, with the text that each runs. */
function* statementsIn(tree: unknown, line = 1): Generator<{ type: string; line: number; query: string | undefined }> {
  if (Array.isArray(tree)) for (const each of tree) yield* statementsIn(each, line)
  else if (typeof tree === 'object' && tree !== null) {
    for (const [type, content] of Object.entries(tree)) {
      const own = (content as { lineno?: number } | null)?.lineno ?? line
      if (type.startsWith('PLpgSQL_stmt_')) {
        const { sqlstmt, query } = content as Record<string, { PLpgSQL_expr?: { query?: string } } | undefined>
        yield { type, line: own, query: (sqlstmt ?? query)?.PLpgSQL_expr?.query }
      }
      yield* statementsIn(content, own)
    }
  }
}

function statementIn(text: string, { parseSync }: Parser): Node | undefined {
  try {
    return parseSync(text).stmts?.[0]?.stmt
  } catch {
    return undefined
  }
}

/** The text of EXECUTE '…', and of EXECUTE format('…', …) where only values are put in. */
function literalIn(expression: string, parser: Parser): string | undefined {
  const select = statementIn(`SELECT ${expression}`, parser)
  const value = as('ResTarget', as('SelectStmt', select)?.targetList?.[0])?.val
  const literal = textOf(value)
  if (literal !== undefined) return literal
  const call = as('FuncCall', value) as NodeOf<'FuncCall'> | undefined
  if (!call || !calls(value)[0]?.endsWith('format')) return undefined
  const format = textOf(call.args?.[0])
  return format === undefined ? undefined : filledIn(format, call.args?.slice(1) ?? [])
}

/** A format with something in each place; undefined when that could be any object, or any text. */
function filledIn(format: string, values: readonly Node[]): string | undefined {
  let next = 0
  let isOpen = false
  const text = format.replace(/%(?:%|(\d+\$)?-?\d*([ILs]))/g, (place, _, type?: string) => {
    if (type === undefined) return '%'
    const value = values[next++]
    if (type === 'L') return `''`
    const name = type === 'I' ? (textOf(value) ?? calls(value).find((called) => called === 'current_database')) : undefined
    isOpen ||= name === undefined
    return name === undefined ? place : quoteIdent(name)
  })
  return isOpen ? undefined : text
}

function textOf(node: Node | undefined): string | undefined {
  return as('A_Const', node)?.sval?.sval
}
