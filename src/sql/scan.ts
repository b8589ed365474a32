/**
 * Where `needle` first stands in SQL text that PostgreSQL printed, outside quotes and parentheses; -1 when nowhere. Such text has no
 * comments and no dollar quotes, and doubles every quote inside a constant.
 *
 * @example indexOutside(`ON "a DO b" DO NOTHING`, ' DO ') // 11
 */
export function indexOutside(text: string, needle: string, from = 0): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if (depth === 0 && text.startsWith(needle, at)) return at
    const character = text[at]!
    if (character === '"' || character === "'") at = skipQuoted(text, at)
    else if (character === '(') depth++
    else if (character === ')') depth--
  }
  return -1
}

/** The text inside the parentheses that open at `start`. */
export function insideParentheses(text: string, start: number): string {
  const end = indexOutside(text, ')', start + 1)
  return text.slice(start + 1, end)
}

/** The place of the quote that closes the one at `start`. */
function skipQuoted(text: string, start: number): number {
  const quote = text[start]!
  let at = start + 1
  while (at < text.length && (text[at] !== quote || text[at + 1] === quote)) at += text[at] === quote ? 2 : 1
  return at
}

/** SQL text that more may follow on its last line: a comment that ends it would hide that. */
export function closeComment(text: string): string {
  return /--[^\n]*$/.test(text) ? `${text}\n` : text
}

/** SQL of the author without the semicolon that ends it. */
export function withoutSemicolon(text: string): string {
  return closeComment(text.replace(/(\s*;)*\s*$/, ''))
}
