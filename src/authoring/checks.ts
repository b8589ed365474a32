import { SchemaError } from '../errors.js'
import { MAX_NAME_BYTES } from '../sql/identifiers.js'
import { closeComment } from '../sql/scan.js'
import { AS_SQL, isSqlSource, SqlText } from '../sql/template.js'
import { callerPosition } from './position.js'

/** Throws SchemaError where the author asks for something that cannot be. */
export function refuse(problem: string, hint: string): never {
  throw new SchemaError(problem, { at: callerPosition(), hint })
}

/**
 * A name that PostgreSQL can keep exactly as written. Throws SchemaError for one that is empty, too long or holds NUL; `what` says
 * of which kind of object, such as `view`.
 */
export function checkedName(what: string, name: unknown): string {
  if (typeof name !== 'string') refuse(`the name of a ${what} is not a string`, 'write its name as a string')
  if (name === '') refuse(`a ${what} has an empty name`, 'PostgreSQL has no empty names: give it one')
  if (name.includes('\0')) refuse(`the name of ${what} ${JSON.stringify(name)} holds a NUL character`, 'PostgreSQL cannot store it: remove it')
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    refuse(`the name of ${what} ${name} is longer than ${MAX_NAME_BYTES} bytes`, 'PostgreSQL would cut it: choose a shorter one')
  }
  return name
}

/**
 * SQL of the author: an sql`…` literal or a declared object; where `plain`, also a string that is taken as SQL. Throws SchemaError
 * for anything else, for a text that is empty or that PostgreSQL could not store.
 *
 * @example checkedSql('the query of view app.v', sql`select 1`)
 */
export function checkedSql(what: string, value: unknown, plain = false): SqlText {
  const source = plain && typeof value === 'string' ? new SqlText(value) : isSqlSource(value) ? value[AS_SQL]() : undefined
  if (!source) refuse(`${what} is not SQL`, plain ? 'write it as sql`…` or as a string' : 'write it as sql`…`')
  if (source.text.trim() === '') refuse(`${what} is empty`, 'write its SQL')
  if (source.text.includes('\0')) refuse(`${what} holds a NUL character`, 'PostgreSQL cannot store it: remove it')
  const text = closeComment(source.text)
  return text === source.text ? source : new SqlText(text, source.uses)
}
