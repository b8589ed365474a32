import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'

/** Name and value of a setting that holds while a routine runs, as pg_proc.proconfig keeps them. */
export type RoutineSetting = readonly [name: string, value: string]

/** Settings whose value PostgreSQL keeps as a list of quoted identifiers (GUC_LIST_QUOTE). */
const IDENTIFIER_LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

/** The SET clause of a routine. */
export function settingClause([name, value]: RoutineSetting): string {
  return `SET ${settingName(name)} = ${isIdentifierList(name) ? listText(parseIdentifierList(value)) : quoteLiteral(value)}`
}

/** The value of a setting as PostgreSQL keeps it. */
export function storedSetting(name: string, value: string | number | boolean | readonly string[]): RoutineSetting {
  if (typeof value === 'boolean') return [name, value ? 'on' : 'off']
  if (typeof value !== 'object') return [name, String(value)]
  return [name, value.map((item) => (isIdentifierList(name) ? quoteIdent(item) : item)).join(', ')]
}

export function isIdentifierList(name: string): boolean {
  return IDENTIFIER_LISTS.has(name.toLowerCase())
}

/** `app, "$user", ""` as names. */
export function parseIdentifierList(value: string): string[] {
  return [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^\s,"][^,]*?))\s*(?:,|$)/g)].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare!)
}

/** An empty list is written as one empty name: there is no other way to say it. */
function listText(names: readonly string[]): string {
  if (names.length === 0) return "''"
  return names.map((name) => (name !== '' && Buffer.byteLength(name) <= 63 ? quoteIdent(name) : quoteLiteral(name))).join(', ')
}

/** A setting as `storedSetting` takes it: a list of names as an array. */
export function settingInput([name, value]: RoutineSetting): [string, string | string[]] {
  if (!isIdentifierList(name)) return [name, value]
  const list = parseIdentifierList(value)
  return [name, storedSetting(name, list)[1] === value ? list : value]
}

/** Names may have parts, as those of extensions do; a part that is a keyword needs the whole in quotes. */
export function settingName(name: string): string {
  return name.split('.').every((part) => quoteIdent(part.toLowerCase()) === part.toLowerCase()) ? name : quoteIdent(name)
}
