import { attachedRef, refOf } from '../model/object-ref.js'
import { quoteIdent } from '../sql/identifiers.js'
import type { IndexColumnAttrs } from './index-columns.js'
import type { Index } from './index-attributes.js'
import type { PrintedCode, Printer } from './kind.js'
import { columnCode, isListed } from './listed-columns.js'
import { inOrder } from './storage-parameters.js'

/** Code of an index among the elements of its table; none where PostgreSQL makes it for an index of the partitioned table. */
export function printIndex(index: Index, printer: Printer): PrintedCode {
  const { id, attrs, parent, only, explicit, parameterOrder } = index
  const attachment = printer.object(refOf('index_partition', id.schema, id.name!))
  if (attachment && !explicit) return { place: 'none', code: '' }
  const cluster = printer.object(attachedRef('cluster', parent!))
  const code = [
    `${printer.use(attrs.unique ? 'uniqueIndex' : 'index')}(${printer.string(id.name!)})`,
    `.on(${attrs.columns.map((column) => partCode(column, index, printer)).join(', ')})`,
    attrs.method ? `.using(${printer.string(attrs.method)})` : '',
    attrs.include ? `.include(${attrs.include.map((name) => columnCode(name, tableOf(index), printer)).join(', ')})` : '',
    attrs.nullsNotDistinct ? '.nullsNotDistinct()' : '',
    attrs.where === undefined ? '' : `.where(${printer.sql(attrs.where)})`,
    attrs.with ? `.with(${printer.literal(inOrder(attrs.with, parameterOrder))})` : '',
    attrs.tablespace ? `.tablespace(${printer.string(attrs.tablespace)})` : '',
    attrs.statistics ? `.statistics(${printer.literal(attrs.statistics)})` : '',
    only ? '.only()' : '',
    attachment ? `.attachedTo(${printer.literal(attachment.attrs.parent)})` : '',
    cluster?.attrs.index === id.name ? '.cluster()' : '',
  ]
  return { place: 'element', code: code.join('') }
}

function tableOf({ id, attrs }: Index): { schema: string; table: string } {
  return { schema: id.schema, table: attrs.table }
}

function partCode({ name, expression, collation, opclass, parameters, desc, nulls }: IndexColumnAttrs, index: Index, printer: Printer): string {
  const suffixes = [
    collation ? `.collate(${printer.string(collation)})` : '',
    opclass ? `.op(${printer.string(opclass)}${parameters ? `, ${printer.literal(parameters)}` : ''})` : '',
    desc ? '.desc()' : '',
    nulls ? (nulls === 'first' ? '.nullsFirst()' : '.nullsLast()') : '',
  ].join('')
  if (name !== undefined && isListed(name, tableOf(index), printer)) return printer.member('t', name) + suffixes
  if (name !== undefined && !suffixes) return printer.string(name)
  const source = printer.sql(expression ?? quoteIdent(name!))
  return suffixes ? `${printer.use('expression')}(${source})${suffixes}` : source
}
