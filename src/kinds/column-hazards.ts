import { qualified, quoteIdent } from '../sql/identifiers.js'
import { goneFromCode, type Change } from './change-hazards.js'
import { isInherited, type Column } from './column-ddl.js'
import type { AlterContext, KindHazard } from './kind.js'

/** What a change of a column costs the code that reads and writes it. */
export function columnHazards(change: Change<Column>, context: AlterContext): readonly KindHazard[] {
  const { from, to } = change
  if (!to || (from && from.ref !== to.ref)) return goneFromCode(change)
  return from ? alteredHazards(from, to) : newHazards(to, context)
}

function newHazards(column: Column, context: AlterContext): readonly KindHazard[] {
  const { attrs, ref } = column
  const filled = attrs.identity !== undefined || attrs.generated !== undefined || context.children('to', ref).some(({ kind }) => kind === 'column_default')
  if (attrs.notNull === undefined || filled || attrs.relation) return []
  return [
    {
      code: 'may-fail',
      message: 'it is NOT NULL and has no default: rows that are there have no value for it',
      instead: 'give it a default, or add it without NOT NULL, fill it with op.backfill, and make it NOT NULL in a later migration',
      count: `SELECT count(*) FROM ${tableOf(column)}`,
    },
    { code: 'breaks-code', message: 'code that inserts rows without it fails', instead: 'give it a default until every release fills it', breaksNextRelease: true },
  ]
}

function alteredHazards(from: Column, to: Column): readonly KindHazard[] {
  const name = quoteIdent(to.id.name)
  const typed = from.attrs.type !== to.attrs.type
  const required = from.attrs.notNull === undefined && to.attrs.notNull !== undefined && !isInherited(to.attrs.notNull)
  return [
    ...(typed
      ? [
          {
            code: 'breaks-code' as const,
            message: `code that expects ${from.attrs.type} gets ${to.attrs.type}`,
            instead: 'add a column of the new type beside it, keep both filled, and let the code move over',
            breaksNextRelease: true as const,
          },
        ]
      : []),
    ...(required
      ? [
          { code: 'may-fail' as const, message: 'rows that are there may have no value for it', count: `SELECT count(*) FROM ${tableOf(to)} WHERE ${name} IS NULL` },
          { code: 'breaks-code' as const, message: 'code that still writes NULL to it fails' },
        ]
      : []),
  ]
}

function tableOf({ id }: Column): string {
  return qualified(id.schema, id.table)
}
