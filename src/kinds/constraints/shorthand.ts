import { attachedRef, refOf } from '../../model/object-ref.js'
import { memberCode } from '../column-members.js'
import type { Printer } from '../kind.js'
import { indexPartitionRef, partitionRef, type Constraint, type ConstraintAttrs } from './attributes.js'
import { nameWhenLeftOut } from './names.js'

/** What a method of a column can say of a constraint, apart from those that are its options. */
const SHORT: readonly (keyof ConstraintAttrs)[] = ['type', 'columns', 'references', 'onDelete', 'onUpdate', 'match', 'nullsNotDistinct']

/** A key or foreign key of one column with the name it gets when none is given, written as a method of that column; undefined for others. */
export function columnShorthand(constraint: Constraint, printer: Printer): { column: string; code: string } | undefined {
  const { id, attrs, ref, parent } = constraint
  if (attrs.columns?.length !== 1 || Object.keys(attrs).some((key) => !SHORT.includes(key as keyof ConstraintAttrs))) return undefined
  const hanging = [indexPartitionRef(id.schema, id.name!), attachedRef('cluster', parent!), partitionRef(id)]
  if (constraint.only || printer.children(ref).length > 0 || hanging.some((other) => printer.object(other))) return undefined
  const [column] = attrs.columns as [string]
  // Its table need not list it.
  if (printer.object(refOf('column', id.schema, id.table, column))?.attrs.inherited) return undefined
  if (id.name !== nameWhenLeftOut(constraint)) return undefined
  if (attrs.type !== 'foreign_key') {
    if (attrs.type === 'primary_key') return { column, code: '.primaryKey()' }
    return { column, code: attrs.nullsNotDistinct ? '.unique(undefined, { nullsNotDistinct: true })' : '.unique()' }
  }
  const { schema, name, columns } = attrs.references!
  const table = refOf('table', schema, name)
  if (table === parent) return undefined
  const variable = printer.variable(table)
  const options = { onDelete: attrs.onDelete, onUpdate: attrs.onUpdate, match: attrs.match }
  const rest = Object.values(options).some((value) => value !== undefined) ? `, ${printer.literal(options)}` : ''
  const target = variable ? `() => ${memberCode(variable, columns![0]!, printer)}` : `${printer.literal({ schema, name })}, ${printer.string(columns![0]!)}`
  return { column, code: `.references(${target}${rest})` }
}
