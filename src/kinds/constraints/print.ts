import { attachedRef, refOf } from '../../model/object-ref.js'
import type { RelationPart } from '../../model/schema-object.js'
import type { PrintedCode, Printer } from '../kind.js'
import { constraintRef, renamedClone } from './alter.js'
import { indexPartitionRef, type Constraint } from './attributes.js'
import { columnCode, isListed } from '../listed-columns.js'
import { isPlainPartition } from '../partition-shorthand.js'
import { nameWhenLeftOut } from './names.js'
import { columnShorthand } from './shorthand.js'

/** Code of a constraint among the elements of its table; none where PostgreSQL makes it for a constraint of a parent. */
export function printConstraint(constraint: Constraint, printer: Printer): PrintedCode {
  const { attrs } = constraint
  const made = (attrs.cloned || (attrs.type === 'foreign_key' && attrs.inheritsFrom)) && renamedClone(constraint) === undefined
  const restated = constraint.ofPartition && !isPlainPartition(constraint.id, printer)
  const inherited = attrs.type === 'check' && attrs.inheritsFrom && !attrs.local && !restated && !notValidAbove(constraint, printer)
  if (made || inherited || columnShorthand(constraint, printer)) return { place: 'none', code: '' }
  return { place: 'element', code: codeOf(constraint, printer) + suffixes(constraint, printer) }
}

/** The check of a parent that is not valid, where this one is. */
function notValidAbove({ attrs, ofPartition, id }: Constraint, printer: Printer): RelationPart | undefined {
  if (attrs.type !== 'check' || attrs.local || attrs.notValid || (ofPartition && !isPlainPartition(id, printer))) return undefined
  return attrs.inheritsFrom?.find((origin) => printer.object(constraintRef(origin))?.attrs.notValid)
}

function codeOf(constraint: Constraint, printer: Printer): string {
  const { attrs } = constraint
  switch (attrs.type) {
    case 'primary_key':
    case 'unique':
      return `${call(attrs.type === 'unique' ? 'unique' : 'primaryKey', constraint, printer)}.on(${columns(attrs.columns!, constraint, printer)})`
    case 'exclude':
      return `${printer.use('exclude')}(${printer.string(constraint.id.name!)}, ${printer.sql(attrs.definition!)})`
    case 'check':
      return `${printer.use('check')}(${printer.string(constraint.id.name!)}, ${printer.sql(attrs.expression!)})`
    case 'foreign_key': {
      const start = call('foreignKey', constraint, printer)
      return `${start}.on(${columns(attrs.columns!, constraint, printer)}).references(${reference(constraint, printer)})`
    }
  }
}

function call(builder: string, constraint: Constraint, printer: Printer): string {
  const { id } = constraint
  return `${printer.use(builder)}(${id.name === nameWhenLeftOut(constraint) && !isSpokenOf(constraint, printer) ? '' : printer.string(id.name!)})`
}

/** Comments, attachments and CLUSTER name the constraint, so it needs its name where it is declared. */
function isSpokenOf({ ref, id, parent }: Constraint, printer: Printer): boolean {
  const cluster = printer.object(attachedRef('cluster', parent!))
  return printer.children(ref).length > 0 || printer.object(indexPartitionRef(id.schema, id.name!)) !== undefined || cluster?.attrs.index === id.name
}

function columns(names: readonly string[], { id }: Constraint, printer: Printer): string {
  return names.map((name) => columnCode(name, id, printer)).join(', ')
}

function reference({ parent, id, attrs }: Constraint, printer: Printer): string {
  const { schema, name, columns: referenced } = attrs.references!
  const table = refOf('table', schema, name)
  const own = table === parent && referenced!.every((column) => isListed(column, id, printer))
  const variable = own ? 't' : table === parent ? undefined : printer.variable(table)
  const members = variable && referenced!.map((column) => printer.member(`${variable}${variable === 't' ? '' : '.columns'}`, column))
  const target = members ? `() => ${members.length === 1 ? members[0] : `[${members.join(', ')}]`}` : `${printer.literal({ schema, name })}, ${printer.literal(referenced)}`
  const options = {
    onDelete: attrs.onDelete,
    onUpdate: attrs.onUpdate,
    match: attrs.match,
    setColumns: attrs.setColumns,
  }
  return Object.values(options).some((value) => value !== undefined) ? `${target}, ${printer.literal(options)}` : target
}

function suffixes(constraint: Constraint, printer: Printer): string {
  const { id, attrs, parent, only, late } = constraint
  const origin = notValidAbove(constraint, printer)
  const attachment = printer.object(indexPartitionRef(id.schema, id.name!))
  const cluster = printer.object(attachedRef('cluster', parent!))
  return [
    attrs.include ? `.include(${columns(attrs.include, constraint, printer)})` : '',
    attrs.period ? (attrs.type === 'foreign_key' ? '.period()' : '.withoutOverlaps()') : '',
    attrs.nullsNotDistinct ? '.nullsNotDistinct()' : '',
    attrs.noInherit ? '.noInherit()' : '',
    attrs.deferrable ? `.deferrable(${attrs.initiallyDeferred ? printer.literal({ initially: 'deferred' }) : ''})` : '',
    attrs.notValid ? '.notValid()' : '',
    attrs.notEnforced ? '.notEnforced()' : '',
    attrs.with ? `.with(${printer.literal(attrs.with)})` : '',
    attrs.tablespace ? `.tablespace(${printer.string(attrs.tablespace)})` : '',
    only ? '.only()' : '',
    late && !isPlainPartition(id, printer) ? '.local()' : '',
    attrs.cloned ? '.inherited()' : '',
    origin ? `.inherited(${printer.literal(origin)})` : '',
    attrs.type === 'foreign_key' && attrs.inheritsFrom ? `.inherited(${printer.literal(attrs.inheritsFrom[0])})` : '',
    attachment && !attrs.cloned ? `.attachedTo(${printer.literal(attachment.attrs.parent)})` : '',
    cluster?.attrs.index === id.name ? '.cluster()' : '',
  ].join('')
}
