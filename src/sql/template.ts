import { AutogenError } from '../errors.js'
import type { Ref } from '../model/schema-object.js'
import { quoteLiteral } from './identifiers.js'

/** Marks values that stand for SQL when they are put into an sql`…` literal: tables, columns, routines and other SQL. */
export const AS_SQL: unique symbol = Symbol.for('pg-autogen.asSql') as never

/** Anything that an sql`…` literal takes as SQL rather than as a constant. */
export interface SqlSource {
  [AS_SQL](): SqlText
}

/** SQL text together with the declared objects it mentions. */
export class SqlText implements SqlSource {
  constructor(
    readonly text: string,
    readonly uses: readonly Ref[] = [],
  ) {}

  [AS_SQL](): SqlText {
    return this
  }
}

/** A backslash before one of these means in a template literal what it means in SQL text that was meant; before any other it would vanish unseen. */
const VANISHING_ESCAPE = /(?<!\\)(?:\\\\)*\\[^\\`$'"nrtbfv0ux\n\r\u2028\u2029]/

/**
 * SQL text as a tagged template. Declared objects become their quoted, qualified names; strings become string constants; numbers,
 * booleans and null themselves. A backslash is written twice, as in every template literal.
 *
 * @example sql`${t.total} >= 0 and ${t.code} ~ '^\\d+$'`
 */
export function sql(strings: TemplateStringsArray, ...values: unknown[]): SqlText {
  const lost = strings.raw.map((raw) => VANISHING_ESCAPE.exec(raw)).find((match) => match !== null)
  if (lost) {
    throw new AutogenError(`sql\`…\` holds the escape ${JSON.stringify(lost[0].slice(-2)).slice(1, -1).replace('\\\\', '\\')}, which a template literal would drop`, {
      hint: 'write every backslash of the SQL twice',
    })
  }
  let text = strings[0]!
  const uses: Ref[] = []
  values.forEach((value, index) => {
    const part = toSql(value)
    text += part.text + strings[index + 1]!
    uses.push(...part.uses)
  })
  return new SqlText(text, uses)
}

/** SQL text that is made elsewhere, taken as it is. */
sql.raw = (text: string): SqlText => new SqlText(text)

function toSql(value: unknown): SqlText {
  if (isSqlSource(value)) return value[AS_SQL]()
  if (value === null) return new SqlText('NULL')
  if (typeof value === 'string') return new SqlText(quoteLiteral(value))
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return new SqlText(String(value))
  throw new AutogenError(`sql\`…\` cannot hold ${value === undefined ? 'undefined' : `a value of type ${typeof value}`}`, {
    hint: value === undefined ? 'is it exported by the file it is imported from? of two files that import each other, one does not have it yet: move what needs it into a file of its own' : 'use a declared object, a string, a number, a boolean, null or other sql`…`',
  })
}

export function isSqlSource(value: unknown): value is SqlSource {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && AS_SQL in value
}
