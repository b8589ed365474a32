import { nameByConvention, type NamingConvention } from '../../authoring/naming.js'
import type { Constraint, ConstraintAttrs, ConstraintType } from './attributes.js'
import { defaultForeignKeyName, defaultKeyName } from './ddl.js'

const CONVENTIONS: Partial<Record<ConstraintType, keyof NamingConvention>> = { primary_key: 'primaryKey', unique: 'unique', foreign_key: 'foreignKey', check: 'check' }

/** The name that the naming convention gives to a constraint that has none; `columns` are those of a check. */
export function conventionalName({ schema, name: table }: { schema: string; name: string }, attrs: ConstraintAttrs, columns: readonly string[] = attrs.columns ?? []): string | undefined {
  const what = CONVENTIONS[attrs.type]
  const { references: to } = attrs
  return what && nameByConvention(what, { schema, table, columns, ...(to && { referencedSchema: to.schema, referencedTable: to.name, referencedColumns: to.columns ?? [] }) })
}

/** The name that a key or foreign key gets when `schema.ts` gives it none, while that name is free. */
export function nameWhenLeftOut(constraint: Constraint): string {
  const { id, attrs } = constraint
  return conventionalName({ schema: id.schema, name: id.table }, attrs) ?? (attrs.type === 'foreign_key' ? defaultForeignKeyName(constraint) : defaultKeyName(constraint))
}
