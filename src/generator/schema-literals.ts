import * as literals from './literals.js'

/** Stands for a line end inside a literal until the file is written, so that formatting never touches the text of a literal. */
export const LITERAL_NEWLINE = '\ue000'

/** A string literal in single quotes. */
export function stringLiteral(text: string): string {
  return literals.stringLiteral(text).replaceAll(LITERAL_NEWLINE, '\\ue000')
}

/** An sql`…` literal, its line ends as LITERAL_NEWLINE. */
export function sqlLiteral(text: string): string {
  return literals.sqlLiteral(text).replaceAll(LITERAL_NEWLINE, '\\ue000').replaceAll('\n', LITERAL_NEWLINE)
}

/** A property name of an object literal. Written plainly, `__proto__` would set the prototype. */
export function propertyName(name: string): string {
  if (name === '__proto__') return "['__proto__']"
  return isPlain(name) ? name : stringLiteral(name)
}

/** Access to a property: `t.email` or `t['e-mail']`. */
export function memberAccess(base: string, name: string): string {
  return isPlain(name) ? `${base}.${name}` : `${base}[${stringLiteral(name)}]`
}

/** A literal of a JSON value; members that are undefined are left out. */
export function jsonLiteral(value: unknown): string {
  if (typeof value === 'string') return stringLiteral(value)
  if (Array.isArray(value)) return `[${value.map(jsonLiteral).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    return members.length === 0 ? '{}' : `{ ${members.map(([name, member]) => `${propertyName(name)}: ${jsonLiteral(member)}`).join(', ')} }`
  }
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u

function isPlain(name: string): boolean {
  return IDENTIFIER.test(name)
}
