import { qualified, quoteIdent } from '../../sql/identifiers.js'
import type { Change } from '../change-hazards.js'
import type { AlterContext, KindHazard } from '../kind.js'
import type { Constraint } from './attributes.js'
import { list, tableOf } from './ddl.js'

/** A new constraint may not hold for the rows that are there, nor for those that running code goes on writing. */
export function constraintHazards({ from, to }: Change<Constraint>, context: AlterContext): readonly KindHazard[] {
  if (!to || to.attrs.notEnforced || (from && JSON.stringify(from.attrs) === JSON.stringify(to.attrs))) return []
  if (from && !from.attrs.notValid && sameRule(from, to)) return []
  if (concernsNoRowYet(to, context)) return []
  const count = offending(to)
  return [
    ...(to.attrs.notValid ? [] : [{ code: 'may-fail' as const, message: 'rows that are there may not satisfy it', ...(count !== undefined && { count }) }]),
    { code: 'breaks-code', message: 'code that still writes what it forbids fails' },
    ...(to.attrs.type === 'exclude'
      ? [{ code: 'strong-lock' as const, message: 'PostgreSQL builds its index while nobody can write to the table', instead: 'add it when the table is small, or in a maintenance window' }]
      : []),
  ]
}

/** Whether all its columns come with it and are NULL until code that knows them fills them, with which it holds. */
function concernsNoRowYet({ parent, attrs: { type, columns = [], nullsNotDistinct } }: Constraint, context: AlterContext): boolean {
  if (!(type === 'foreign_key' || (type === 'unique' && !nullsNotDistinct)) || columns.length === 0) return false
  return columns.every((name) => {
    const column = context.children('to', parent!).find(({ kind, id }) => kind === 'column' && id.name === name)
    const { identity, generated } = (column?.attrs ?? {}) as { identity?: unknown; generated?: unknown }
    return column && !context.object('from', column.ref) && !identity && !generated && !context.children('to', column.ref).some(({ kind }) => kind === 'column_default')
  })
}

function sameRule(from: Constraint, to: Constraint): boolean {
  const rule = ({ attrs: { notValid: _, with: __, tablespace: ___, deferrable: ____, initiallyDeferred: _____, ...rest } }: Constraint) => JSON.stringify(rest)
  return rule(from) === rule(to)
}

/** A query that counts the rows, or groups of rows, that stand in the way. */
function offending(constraint: Constraint): string | undefined {
  const { type, columns = [], expression, references, nullsNotDistinct, match } = constraint.attrs
  const table = tableOf(constraint)
  switch (type) {
    case 'check':
      return `SELECT count(*) FROM ${table} WHERE NOT (${expression})`
    case 'unique':
    case 'primary_key': {
      const given = columns.map((column) => `${quoteIdent(column)} IS NOT NULL`).join(' AND ')
      const where = type === 'unique' && !nullsNotDistinct ? ` WHERE ${given}` : ''
      return `SELECT count(*) FROM (SELECT FROM ${table}${where} GROUP BY ${list(columns)} HAVING count(*) > 1) AS repeated`
    }
    case 'foreign_key': {
      if (match || !references?.columns) return undefined
      const pairs = columns.map((column, at) => `k.${quoteIdent(references.columns![at]!)} = r.${quoteIdent(column)}`)
      const given = columns.map((column) => `r.${quoteIdent(column)} IS NOT NULL`)
      return `SELECT count(*) FROM ${table} r WHERE ${given.join(' AND ')} AND NOT EXISTS (SELECT FROM ${qualified(references.schema, references.name)} k WHERE ${pairs.join(' AND ')})`
    }
    case 'exclude':
      return undefined
  }
}
