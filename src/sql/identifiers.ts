import { createHash } from 'node:crypto'

/**
 * Keywords that PostgreSQL accepts as an identifier only in quotes somewhere: its quote_ident() quotes every keyword that is not
 * of the "unreserved" category, and so does this list.
 */
const QUOTED_KEYWORDS = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char
  character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role
  current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists
  extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int
  integer intersect interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query
  json_scalar json_serialize json_table json_value lateral leading least left like limit localtime localtimestamp merge_action
  national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing
  position precision primary real references returning right row select session_user setof similar smallint some substring
  symmetric system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar
  variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi
  xmlroot xmlserialize xmltable`.split(/\s+/),
)

/**
 * Quotes one identifier exactly when PostgreSQL needs it.
 *
 * @example quoteIdent('users') // users
 * @example quoteIdent('Order') // "Order"
 */
export function quoteIdent(name: string): string {
  if (/^[a-z_][a-z0-9_$]*$/.test(name) && !QUOTED_KEYWORDS.has(name)) return name
  return `"${name.replaceAll('"', '""')}"`
}

/** Names longer than this many bytes are cut by PostgreSQL. */
export const MAX_NAME_BYTES = 63

/** At most this many bytes of a name, never a part of a character. */
export function cutName(text: string, bytes: number): string {
  const buffer = Buffer.from(text)
  if (buffer.length <= bytes) return text
  let end = bytes
  while (end > 0 && (buffer[end]! & 0xc0) === 0x80) end--
  return buffer.subarray(0, end).toString()
}

/** A name that ends in a suffix, cut before it where both are too long. */
export function suffixed(name: string, suffix: string): string {
  return cutName(name, MAX_NAME_BYTES - suffix.length) + suffix
}

/** The same for names that must not become one by being cut: then a digest tells them apart. */
export function suffixedApart(name: string, suffix: string): string {
  if (Buffer.byteLength(name + suffix) <= MAX_NAME_BYTES) return name + suffix
  return suffixed(name, `_${createHash('sha256').update(name).digest('hex').slice(0, 8)}${suffix}`)
}

/** Quotes and joins the parts of a qualified name. `qualified('app', 'Users')` is `app."Users"`. */
export function qualified(...parts: string[]): string {
  return parts.map(quoteIdent).join('.')
}

/**
 * Quotes a string constant; a backslash makes it an escape string, so that the text means the same whatever
 * standard_conforming_strings says.
 */
export function quoteLiteral(text: string): string {
  const quoted = text.replaceAll("'", "''")
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

/** Quotes a text in dollars, with a tag that makes the delimiter unique. Used for routine bodies. */
export function dollarQuote(text: string, tag = ''): string {
  for (let n = 0; ; n++) {
    const delimiter = n === 0 ? `$${tag}$` : `$${tag || 'body'}${n}$`
    if ((text + delimiter).indexOf(delimiter) === text.length) return delimiter + text + delimiter
  }
}
