import { refOf } from '../model/object-ref.js'
import type { RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import type { Column } from './column-ddl.js'
import { isPlainlyInherited } from './column-printing.js'
import { isPlainPartition } from './partition-shorthand.js'
import { continueAfter, type SequenceOptions } from './sequence-options.js'
import { serialBuilder } from './serial-shorthand.js'
import { defaultCode, qualifiedName } from './type-printing.js'
import { defineKind, PHASES, type AlterContext, type Printer } from './kind.js'

export interface ColumnDefaultAttrs {
  /** As pg_get_expr prints it. */
  readonly expression: string
  /** Of a column that the table's definition does not spell out: of a view, or inherited from a parent table. */
  readonly apart?: 'VIEW' | 'INHERITED'
}

export type ColumnDefault = SchemaObject<RelationPart, ColumnDefaultAttrs>

export function columnDefaultObject(id: RelationPart, attrs: ColumnDefaultAttrs): ColumnDefault {
  return {
    kind: 'column_default',
    ref: refOf('column_default', id.schema, id.table, id.name),
    parent: refOf('column', id.schema, id.table, id.name),
    id,
    attrs,
  }
}

/** Defaults of columns; the expression of a generated column belongs to the column itself. */
export const columnDefaults = defineKind<ColumnDefault>({
  kind: 'column_default',
  phase: PHASES.default,
  catalog: 'pg_attrdef',
  folds: ({ attrs }) => attrs.apart === undefined,
  holdsExpressions: () => true,
  catalogQuery: () => `
    SELECT d.oid, 0, d.adrelid, d.adnum, pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attrdef d
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.oid >= 16384 AND a.attgenerated = ''`,
  fromRow: ([, , relation, number, expression], context) => {
    const column = context.objectAt('pg_class', relation as number, number as number)
    if (!column) return null
    const attrs = column.attrs as { relation?: string; inherited?: true }
    const apart = attrs.relation ? 'VIEW' : attrs.inherited ? 'INHERITED' : undefined
    return { object: columnDefaultObject(column.id as RelationPart, { expression: expression as string, ...(apart && { apart }) }) }
  },
  create: (object, _parts, _fragments, context) => setDefault(object, context),
  fragment: ({ attrs }) => `DEFAULT ${attrs.expression}`,
  drop: (object) => [statement(`${alterColumn(object)} DROP DEFAULT`)],
  // A view's column stays when it is an object no more.
  dropsImplicitly: ({ id, attrs }, dropped) => attrs.apart !== 'VIEW' || dropped(refOf('view', id.schema, id.table)),
  alter: (from, to, context) => ({ statements: from.attrs.expression === to.attrs.expression ? [] : setDefault(to, context) }),
  authored: (declared, reflected) => ({ ...reflected, attrs: { ...reflected.attrs, expression: declared.attrs.expression } }),
  address: () => null,
  print: ({ attrs, id, parent }, printer) => {
    const column = printer.object(parent!) as Column | undefined
    if (!column?.attrs.type) return { place: 'suffix', code: '', alone: aloneCode(id, attrs, printer) }
    if (isPlainlyInherited(column, printer) || isPlainPartition(id, printer) || serialBuilder(id, printer)) return { place: 'none', code: '' }
    return { place: 'suffix', code: `.default(${defaultCode(attrs.expression, column.attrs.type, printer)})` }
  },
})

function setDefault(object: ColumnDefault, context: AlterContext | undefined): Statement[] {
  const continued = context && continueNumbers(object, context)
  return [statement(`${alterColumn(object)} SET DEFAULT ${object.attrs.expression}`), ...(continued ? [continued] : [])]
}

/** The rows of a column that is there already have numbers: a new sequence goes on after them. */
function continueNumbers({ id, parent, attrs }: ColumnDefault, context: AlterContext): Statement | undefined {
  const [, literal] = /^nextval\(('(?:[^']|'')+')::regclass\)$/.exec(attrs.expression) ?? []
  const name = literal && qualifiedName(literal.slice(1, -1).replaceAll("''", "'"))
  const type = context.object('from', parent!) && (context.object('to', parent!)?.attrs.type as string)
  if (!name || !type || !['smallint', 'integer', 'bigint'].includes(type)) return undefined
  const sequence = refOf('sequence', ...name)
  const options = context.object('from', sequence) ? undefined : context.object('to', sequence)?.attrs
  return options && continueAfter(literal, qualified(id.schema, id.table), quoteIdent(id.name), options as SequenceOptions)
}

function aloneCode({ schema, table, name }: RelationPart, { expression }: ColumnDefaultAttrs, printer: Printer): { code: string; variable: string } {
  const view = printer.literal({ schema, name: table })
  const code = `${printer.use('columnDefault')}(${view}, ${printer.string(name)}, ${printer.sql(expression)})`
  return { code, variable: `${table}_${name}_default` }
}

/** ONLY, since every child has a default of its own. */
function alterColumn({ id, attrs }: ColumnDefault): string {
  return `ALTER ${attrs.apart === 'VIEW' ? 'VIEW' : 'TABLE ONLY'} ${qualified(id.schema, id.table)} ALTER COLUMN ${quoteIdent(id.name)}`
}
