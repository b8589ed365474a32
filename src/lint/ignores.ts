import type { SourcePosition } from '../errors.js'
import { HAZARD_CODES } from '../hazards.js'
import { closest } from '../suggest.js'
import type { Finding, LintError } from './finding.js'
import type { Piece } from './unit.js'

/** A comment that accepts what is found in the statement beside it. */
export interface Ignore {
  /** Codes of hazards, or names of rules. */
  readonly names: readonly string[]
  readonly reason: string
  readonly at: SourcePosition
  /** The statements that it is about. */
  readonly pieces: ReadonlySet<Piece>
  used: boolean
}

const IN_SQL = /--[ \t]*autogen-ignore\b[ \t]*(.*)$/gm
const IN_TYPESCRIPT = /\/\/[ \t]*autogen-ignore\b[ \t]*(.*)$/gm

/**
 * The ignores in a text: `-- autogen-ignore drop-column: nobody reads it since 3.2`, on a line before the statement, in it, or behind its end. One
 * without a reason, or that names no hazard, is an error.
 */
export function readIgnores(
  text: string,
  language: 'sql' | 'typescript',
  place: (offset: number) => SourcePosition,
  pieces: readonly Piece[],
  rules: readonly string[],
): { ignores: Ignore[]; errors: LintError[] } {
  const ignores: Ignore[] = []
  const errors: LintError[] = []
  for (const match of text.matchAll(language === 'sql' ? IN_SQL : IN_TYPESCRIPT)) {
    const at = place(match.index)
    const [, listed = '', reason = ''] = /^([^:]*)(?::(.*))?$/.exec(match[1]!.trim()) ?? []
    const names = listed.split(/[\s,]+/).filter(Boolean)
    const wrong = wrongIn(names, reason.trim(), rules)
    if (wrong) errors.push({ ...wrong, at })
    else ignores.push({ names, reason: reason.trim(), at, pieces: new Set(besides(at.line, pieces)), used: false })
  }
  return { ignores, errors }
}

/** The reason why a finding in these statements, one inside the other, is accepted; undefined when it is not. None: it is about the whole. */
export function reasonFor(finding: Finding, pieces: readonly Piece[], ignores: readonly Ignore[]): string | undefined {
  const isAbout = (its: ReadonlySet<Piece>) => (pieces.length === 0 ? its.size === 0 : pieces.some((piece) => its.has(piece)))
  const found = ignores.find(({ names, pieces: its }) => isAbout(its) && (names.includes(finding.rule) || names.includes(finding.code)))
  if (found) found.used = true
  return found?.reason
}

function wrongIn(names: readonly string[], reason: string, rules: readonly string[]): { message: string; hint: string } | undefined {
  const known = [...HAZARD_CODES, ...rules]
  const unknown = names.find((name) => !known.includes(name))
  if (names.length === 0) return { message: 'this ignore names no hazard', hint: 'write autogen-ignore <code or rule>: <reason>' }
  if (unknown !== undefined) {
    const near = closest(unknown, known)
    return { message: `this ignore names no hazard and no rule: ${JSON.stringify(unknown)}`, hint: near ? `did you mean ${near}?` : 'docs/lint.md lists them' }
  }
  return reason === '' ? { message: 'this ignore gives no reason', hint: `write autogen-ignore ${names.join(', ')}: <why it does not matter here>` } : undefined
}

/** The statements on a line, the innermost of them; else the next ones. */
function besides(line: number, pieces: readonly Piece[]): Piece[] {
  const all = pieces.flatMap((piece) => [piece, ...(piece.inner ?? [])])
  const on = all.filter(({ at, lastLine }) => at.line <= line && line <= lastLine)
  const inner = on.filter((piece) => !piece.inner?.some((each) => on.includes(each)))
  if (inner.length > 0) return inner
  const next = Math.min(...all.filter(({ at }) => at.line > line).map(({ at }) => at.line))
  return all.filter(({ at }) => at.line === next)
}
