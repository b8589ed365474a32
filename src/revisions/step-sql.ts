import { RevisionError } from '../errors.js'
import { dollarQuote, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { AS_SQL, isSqlSource, type SqlSource } from '../sql/template.js'

/** A value of a row that is inserted; objects and arrays become JSON, bytes bytea, undefined the column's default. */
export type RowValue = string | number | bigint | boolean | null | undefined | Date | Uint8Array | SqlSource | readonly unknown[] | { readonly [key: string]: unknown }

/** Rows in one statement. */
const BATCH = 1000

/** SQL that fails with `message` unless the condition is true. */
export function assertSql(condition: string, message: string): string {
  const body = [
    '',
    'BEGIN',
    `  IF (\n${condition}\n  ) IS NOT TRUE THEN`,
    `    RAISE EXCEPTION USING ERRCODE = 'assert_failure', MESSAGE = ${quoteLiteral(message)};`,
    '  END IF;',
    'END',
  ].join('\n')
  return `DO ${dollarQuote(body, 'assert')}`
}

/**
 * Statements that insert rows. Columns are those that any row names; a row that leaves one out gets its default.
 *
 * @example insertSql('app.roles', [{ name: 'admin' }]) // [`INSERT INTO app.roles (name) VALUES\n  ('admin')`]
 */
export function insertSql(table: string, rows: readonly Readonly<Record<string, RowValue>>[]): string[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const statements: string[] = []
  for (let start = 0; start < rows.length; start += BATCH) {
    const lines = rows.slice(start, start + BATCH).map((row) => `  (${columns.map((column) => valueSql(row[column], column)).join(', ')})`)
    statements.push(`INSERT INTO ${table} (${columns.map(quoteIdent).join(', ')}) VALUES\n${lines.join(',\n')}`)
  }
  return statements
}

/** A value as SQL writes it. */
export function valueSql(value: RowValue, column: string): string {
  if (value === undefined) return 'DEFAULT'
  if (value === null) return 'NULL'
  if (isSqlSource(value)) return value[AS_SQL]().text
  if (value instanceof Date) return quoteLiteral(value.toISOString())
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString('hex')}'::bytea`
  switch (typeof value) {
    case 'string':
      return quoteLiteral(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : quoteLiteral(String(value))
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      return quoteLiteral(JSON.stringify(value))
    default:
      throw new RevisionError(`column ${column} cannot be given a ${typeof value}`, { hint: 'give a string, number, boolean, null, Date, bytes, JSON or sql`…`' })
  }
}
