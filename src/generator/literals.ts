/**
 * Characters that would change, vanish or mislead when they stand as themselves in a source file: control characters, the line ends that
 * JavaScript has besides LF, invisible and direction-changing ones, and halves of surrogate pairs.
 */
const UNSAFE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

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
  const code = character.charCodeAt(0).toString(16)
  return named ?? (code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`)
}
