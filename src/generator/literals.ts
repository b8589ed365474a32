/**
 * Characters that would change, vanish or mislead when they stand as themselves in a source file: control characters, the line ends that
 * JavaScript has besides LF, invisible and direction-changing ones, spaces that only look like one, and halves of surrogate pairs.
 */
const UNSAFE = /(?![\t\n ])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Zs}]/gu

/** A string literal in single quotes. */
export function stringLiteral(text: string): string {
  const escaped = text
    .replace(/[\\']/g, '\\$&')
    .replace(UNSAFE, escapeCharacter)
    .replace(/[\n\t]/g, escapeCharacter)
  return `'${escaped}'`
}

/**
 * An sql`…` literal that reads back as exactly this text. Line ends and indentation stay as they are; space before a line end is escaped,
 * because editors strip it.
 */
export function sqlLiteral(text: string): string {
  const escaped = text
    .replace(/\\|`|\$(?=\{)/g, '\\$&')
    .replace(UNSAFE, escapeCharacter)
    .replace(/[ \t](?=\n)/g, escapeCharacter)
  return `sql\`${escaped}\``
}

/** A line of a comment; whatever the text holds, it ends where the line ends. */
export function commentLine(text: string): string {
  return `// ${text.replace(UNSAFE, escapeCharacter).replace(/[\n\t]/g, escapeCharacter)}`.trimEnd()
}

function escapeCharacter(character: string): string {
  const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]
  const code = character.codePointAt(0)!.toString(16)
  return named ?? (code.length > 4 ? `\\u{${code}}` : code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`)
}
