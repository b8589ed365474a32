/** One statement of a script, without its semicolon, and where it starts. */
export interface ScriptStatement {
  readonly sql: string
  /** In characters from the start of the script, 0-based. */
  readonly offset: number
}

/** A line for psql rather than for the server. */
export interface MetaCommand {
  readonly name: string
  readonly offset: number
}

/**
 * Splits a script as psql does: at semicolons outside quotes, comments, parentheses and bodies in BEGIN ATOMIC. The rows that
 * follow COPY … FROM STDIN are left out.
 *
 * @example splitScript("select ';'; select 2").statements.length // 2
 */
export function splitScript(script: string): { statements: ScriptStatement[]; commands: MetaCommand[] } {
  const statements: ScriptStatement[] = []
  const commands: MetaCommand[] = []
  let start = -1
  let depth = 0
  let blocks = 0
  let words: string[] = []
  const finish = (end: number) => {
    if (start >= 0) statements.push({ sql: script.slice(start, end).trimEnd(), offset: start })
    start = -1
    depth = blocks = 0
    words = []
  }
  let at = 0
  while (at < script.length) {
    const blank = skipBlank(script, at)
    if (blank > at) {
      at = blank
      continue
    }
    const character = script[at]!
    if (character === '\\') {
      const end = lineEnd(script, at)
      const [name] = /^\\\S*/.exec(script.slice(at, end))!
      commands.push({ name, offset: at })
      // These send the statement that they stand behind.
      if (/^\\(g|watch|crosstabview)/.test(name)) finish(at)
      at = end
      continue
    }
    if (character === ';' && depth === 0 && blocks === 0) {
      const data = start >= 0 && /^copy\b/i.test(script.slice(start, at)) && /\bfrom\s+stdin\b/i.test(script.slice(start, at))
      if (data) start = -1
      finish(at)
      at = data ? afterData(script, at) : at + 1
      continue
    }
    if (start < 0) start = at
    const word = /[\p{L}_][\p{L}\p{N}_$]*/uy
    word.lastIndex = at
    const match = word.exec(script)
    if (match && !/^e$/i.test(match[0])) {
      const text = match[0].toLowerCase()
      if (words.length < 6) words.push(text)
      if (/^create( or replace)? (function|procedure)\b/.test(words.join(' '))) {
        if (text === 'begin' || (text === 'case' && blocks > 0)) blocks++
        else if (text === 'end' && blocks > 0) blocks--
      }
      at += match[0].length
      continue
    }
    if (character === '(') depth++
    else if (character === ')') depth = Math.max(0, depth - 1)
    at = afterToken(script, at)
  }
  finish(script.length)
  return { statements, commands }
}

/** The place behind blanks and comments. */
export function skipBlank(script: string, start: number): number {
  let at = start
  for (;;) {
    if (/\s/.test(script[at] ?? '')) at++
    else if (script.startsWith('--', at)) at = lineEnd(script, at)
    else if (script.startsWith('/*', at)) at = afterComment(script, at)
    else return at
  }
}

/** Comments nest in SQL. */
function afterComment(script: string, start: number): number {
  let depth = 0
  let at = start
  do {
    if (script.startsWith('/*', at)) {
      depth++
      at += 2
    } else if (script.startsWith('*/', at)) {
      depth--
      at += 2
    } else at++
  } while (depth > 0 && at < script.length)
  return at
}

/** The place behind a quoted text, or behind one character. */
export function afterToken(script: string, at: number): number {
  const rest = (pattern: RegExp): number => {
    pattern.lastIndex = at
    const match = pattern.exec(script)
    return match ? at + match[0].length : script.length
  }
  const character = script[at]!
  if (/[eE]/.test(character) && script[at + 1] === "'") return rest(/[eE]'(?:[^'\\]|''|\\[\s\S])*'/y)
  if (character === "'") return rest(/'(?:[^']|'')*'/y)
  if (character === '"') return rest(/"(?:[^"]|"")*"/y)
  if (character === '$') {
    const tag = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy
    tag.lastIndex = at
    const delimiter = tag.exec(script)?.[0]
    if (!delimiter) return at + 1
    const end = script.indexOf(delimiter, at + delimiter.length)
    return end < 0 ? script.length : end + delimiter.length
  }
  return at + 1
}

function lineEnd(script: string, at: number): number {
  const end = script.indexOf('\n', at)
  return end < 0 ? script.length : end
}

/** The place behind the line `\.` that ends the rows of COPY. */
function afterData(script: string, at: number): number {
  const end = /^\\\.\r?$/m.exec(script.slice(at))
  return end ? at + end.index + end[0].length : script.length
}
