import { visible } from './visible.js'

/** What means nothing in Markdown, wherever it stands within a line. */
const PLAIN = /^[\w \t.,:;'"()/%+=?$-]*$/

/** What means something all the same: emphasis, and what GitHub makes links of. */
const MEANS_SOMETHING = /(?<!\w)_|_(?!\w)|:\/\/|www\.|\bGH-\d/i

/** A text in one line of Markdown: as it is where that is safe, else as code. None of it can become anything else. */
export function inline(text: string): string {
  return PLAIN.test(text) && !MEANS_SOMETHING.test(text) ? text.trim() : code(text)
}

/**
 * A text as code within a line.
 *
 * @example code('a`b') // '`` a`b ``'
 */
export function code(text: string): string {
  const shown = visible(text)
  if (shown.trim() === '') return '`(empty)`'
  const fence = '`'.repeat(longestRun(shown) + 1)
  const pad = /^[` ]|[` ]$/.test(shown) ? ' ' : ''
  return `${fence}${pad}${shown}${pad}${fence}`
}

/** Lines as a block of code, which none of them can end. */
export function block(language: string, text: string): string {
  const lines = text.split(/\r\n|\n/).map((line) => visible(line.replaceAll('\t', '  ')))
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${fence}${language}\n${lines.join('\n')}\n${fence}`
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length))
}
