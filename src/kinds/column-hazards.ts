import type { SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { goneFromCode, type Change } from './change-hazards.js'
import { isInherited, type Column } from './column-ddl.js'
import { isFilledByTrigger } from './filled-by-trigger.js'
import type { AlterContext, KindHazard } from './kind.js'
import { typeChange } from './type-change.js'

/** What a change of a column costs the code that reads and writes it. */
export function columnHazards(change: Change<Column>, context: AlterContext): readonly KindHazard[] {
  const { from, to } = change
  if (!to || (from && from.ref !== to.ref)) return goneFromCode(change)
  return from ? alteredHazards(from, to, context) : newHazards(to, context)
}

function newHazards(column: Column, context: AlterContext): readonly KindHazard[] {
  if (!demandsValue(column, 'to', context) || isFilledByTrigger(column, 'to', context)) return []
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

/** Whether rows cannot be inserted without saying something for it. */
function demandsValue(column: Column, side: 'from' | 'to', context: AlterContext): boolean {
  const { attrs, ref } = column
  if (attrs.notNull === undefined || attrs.relation || attrs.identity || attrs.generated) return false
  return !context.children(side, ref).some(({ kind }) => kind === 'column_default')
}

/** The column without NOT NULL, where code that does not know it could insert nothing otherwise; keys and what is inherited leave no choice. */
export function withoutDemand(column: Column, context: AlterContext): Column | undefined {
  const { id, parent } = column
  const { notNull, ...attrs } = column.attrs
  const side = context.object('to', column.ref) ? 'to' : 'from'
  if (!demandsValue(column, side, context) || isInherited(notNull) || attrs.inherited) return undefined
  if (!context.object('from', parent!) || !context.object('to', parent!) || sharesColumns(context.object(side, parent!)!, side, context)) return undefined
  const isKey = context.children(side, parent!).some(({ kind, attrs }) => {
    const { type, columns } = attrs as { type?: string; columns?: readonly string[] }
    return kind === 'constraint' && type === 'primary_key' && columns?.includes(id.name)
  })
  return isKey && side === 'from' ? undefined : { ...column, attrs }
}

/** Whether its columns have to be as those of tables above or below it. */
function sharesColumns({ ref, attrs }: SchemaObject, side: 'from' | 'to', context: AlterContext): boolean {
  const { partitionBy, inherits } = attrs as { partitionBy?: string; inherits?: unknown }
  return partitionBy !== undefined || inherits !== undefined || context.children(side, ref).some(({ kind }) => kind === 'partition')
}

function alteredHazards(from: Column, to: Column, context: AlterContext): readonly KindHazard[] {
  const name = quoteIdent(to.id.name)
  // While another type takes the place of its own, it comes from one under another name.
  const before = (context.object('from', to.ref) as Column | undefined) ?? from
  const required = before.attrs.notNull === undefined && to.attrs.notNull !== undefined && !isInherited(to.attrs.notNull)
  const hazards: KindHazard[] = [
    ...(before.attrs.type === to.attrs.type ? [] : retypedHazards(before, to, context)),
    ...(required
      ? [
          { code: 'may-fail' as const, message: 'rows that are there may have no value for it', count: `SELECT count(*) FROM ${tableOf(to)} WHERE ${name} IS NULL` },
          { code: 'breaks-code' as const, message: 'code that still writes NULL to it fails' },
        ]
      : []),
  ]
  return hazards.some(({ code }) => code === 'breaks-code') ? hazards : [...hazards, ...goneFromCode({ from: before, to }, context)]
}

const BESIDE = 'add a column of the new type beside it, fill it from this one, let the code move over, and drop this one in a later migration'

function retypedHazards(from: Column, to: Column, context: AlterContext): readonly KindHazard[] {
  const [old, next] = [from.attrs.type!, to.attrs.type!]
  const { cuts, refuses, breaks } = typeChange(old, next, quoteIdent(to.id.name), context.version.major)
  // Of a column that is dropped and created anew nothing is converted.
  const isConverted = !context.replaced(to.ref)
  return [
    ...(isConverted && cuts && !to.attrs.generated ? [{ code: 'irreversible' as const, message: `${cuts}, which going back does not bring back`, instead: BESIDE }] : []),
    ...(isConverted && refuses
      ? [{ code: 'may-fail' as const, message: `${refuses.which} may be there`, ...(refuses.where && { count: `SELECT count(*) FROM ${tableOf(to)} WHERE ${refuses.where}` }) }]
      : []),
    ...(breaks === 'reads' ? [{ code: 'breaks-code' as const, message: `code that expects ${old} gets ${next}${widened(old, next)}`, instead: BESIDE, breaksNextRelease: true as const }] : []),
    ...(breaks === 'writes' ? [{ code: 'breaks-code' as const, message: `code that still writes ${refuses?.which ?? `more than ${next} takes`} fails` }] : []),
  ]
}

/** What is true of numbers that stay the same. */
function widened(old: string, next: string): string {
  if (!/^(smallint|integer)$/.test(old) || next !== 'bigint') return ''
  return `: some drivers hand it over as text, and numbers beyond ${old} come once the next release writes them`
}

function tableOf({ id }: Column): string {
  return qualified(id.schema, id.table)
}
