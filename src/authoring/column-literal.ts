import { quoteLiteral } from '../sql/identifiers.js'
import { isSqlSource, AS_SQL, SqlText } from '../sql/template.js'
import { refuse } from './checks.js'

/**
 * A value of schema.ts as a constant in SQL: text in quotes, numbers and booleans as they are, lists as array constants, dates in
 * ISO form, other objects as JSON.
 */
export function literal(value: unknown, what: string): SqlText {
  if (isSqlSource(value)) return value[AS_SQL]()
  if (value === null) return new SqlText('NULL')
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return new SqlText(plainText(value))
  const text = constantText(value)
  if (text === undefined) refuse(`${what} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`, 'give a value of the column, or sql`…`')
  if (text.includes('\0')) refuse(`${what} holds a NUL character`, 'PostgreSQL cannot store it: remove it')
  return new SqlText(quoteLiteral(text))
}

function plainText(value: number | bigint | boolean): string {
  return typeof value === 'number' && !Number.isFinite(value) ? quoteLiteral(String(value)) : String(value)
}

function constantText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `{${value.map(elementText).join(',')}}`
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return undefined
}

function elementText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (Array.isArray(value)) return `{${value.map(elementText).join(',')}}`
  const text = typeof value === 'object' ? constantText(value)! : String(value)
  return /^[A-Za-z0-9_.+-]+$/.test(text) && !/^null$/i.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}
