/** Names longer than this many bytes are cut by PostgreSQL. */
export const MAX_NAME_BYTES = 63

/**
 * The name PostgreSQL gives to an object that hangs on a relation's column and was not named, when it is free: both parts are cut
 * so that the whole fits.
 *
 * @example defaultName('users', 'id', 'seq') // users_id_seq
 */
export function defaultName(table: string, column: string, label: string): string {
  const room = MAX_NAME_BYTES - Buffer.byteLength(label) - 2
  let [first, second] = [Buffer.byteLength(table), Buffer.byteLength(column)]
  while (first + second > room) {
    if (first > second) first--
    else second--
  }
  return `${cut(table, first)}_${cut(column, second)}_${label}`
}

/** At most this many bytes of a text, never a part of a character. */
export function cut(text: string, bytes: number): string {
  const buffer = Buffer.from(text)
  if (buffer.length <= bytes) return text
  let end = bytes
  while (end > 0 && (buffer[end]! & 0xc0) === 0x80) end--
  return buffer.subarray(0, end).toString()
}
