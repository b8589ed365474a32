import type { SqlSource } from '../sql/template.js'
import { checkedSql, refuse } from './checks.js'
import { literal } from './column-literal.js'
import { AS_SQL, isSqlSource, SqlText } from '../sql/template.js'

type Value = string | number | bigint | boolean | Date | null | SqlSource

/**
 * The rows of a partition: a range (`from` belongs to it, `to` does not; sql`MINVALUE` and sql`MAXVALUE` are open ends), a list of
 * values, a remainder, all others, or the clause as SQL.
 */
export type PartitionBound =
  | { readonly from: Value | readonly Value[]; readonly to: Value | readonly Value[] }
  | { readonly in: readonly Value[] }
  | { readonly modulus: number; readonly remainder: number }
  | 'default'
  | SqlSource

/** The clause of a bound: `FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`. */
export function boundClause(bound: PartitionBound): SqlText {
  if (bound === 'default') return new SqlText('DEFAULT')
  if (isSqlSource(bound)) return checkedSql('the bound of a partition', bound[AS_SQL]())
  if (typeof bound !== 'object' || bound === null) refuse('the bound of a partition is not one', "give { from, to }, { in: […] }, { modulus, remainder } or 'default'")
  if ('in' in bound) return new SqlText(`FOR VALUES IN (${values(bound.in)})`)
  if ('modulus' in bound) return new SqlText(`FOR VALUES WITH (MODULUS ${count(bound.modulus)}, REMAINDER ${count(bound.remainder)})`)
  return new SqlText(`FOR VALUES FROM (${values(bound.from)}) TO (${values(bound.to)})`)
}

function values(list: Value | readonly Value[]): string {
  const all = Array.isArray(list) ? (list as readonly Value[]) : [list as Value]
  if (all.length === 0) refuse('the bound of a partition has no values', 'give at least one')
  return all.map((value) => literal(value, 'a value of a partition bound').text).join(', ')
}

function count(value: number): number {
  if (!Number.isInteger(value) || value < 0) refuse('modulus and remainder of a partition must be whole numbers', 'such as { modulus: 4, remainder: 0 }')
  return value
}
