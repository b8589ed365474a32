import { cutName, MAX_NAME_BYTES } from '../sql/identifiers.js'

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
  return `${cutName(table, first)}_${cutName(column, second)}_${label}`
}

