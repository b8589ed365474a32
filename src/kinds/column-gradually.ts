import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { dollarQuote, qualified, quoteIdent, suffixed } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import type { Column, ColumnAttrs } from './column-ddl.js'
import type { AlterContext, GradualChange } from './kind.js'

interface TableAttrs {
  readonly partitionBy?: unknown
  readonly inherits?: unknown
}

interface KeyAttrs {
  readonly type?: string
  readonly columns?: readonly string[]
}

/** How a column gets another type, or comes into being with values of its own for each row, without a statement that writes them all. */
export function changeGradually(from: Column | undefined, to: Column, context: AlterContext): GradualChange<Column> | string {
  if (to.attrs.generated || from?.attrs.generated) return 'PostgreSQL makes no column that is there a generated one'
  const place = placeOf(to, context)
  if (typeof place === 'string') return place
  return from ? retyped(to, place) : added(to, place, context)
}

/** A table with rows that can be taken in batches, as SQL names it, and the column by which; or why there is no such. */
export function placeOf(column: Column, context: AlterContext): { readonly table: string; readonly key: string } | string {
  const { id, parent } = column
  const { partitionBy, inherits } = (context.object('to', parent!)?.attrs ?? {}) as TableAttrs
  const isPartition = context.object('to', refOf('partition', id.schema, id.table)) !== undefined
  if (partitionBy !== undefined || inherits !== undefined || isPartition) return 'its table shares columns with others'
  const key = keyOf(column, context)
  return key === undefined ? 'its table has no primary key by whose ranges rows could be taken' : { table: qualified(id.schema, id.table), key }
}

/** A primary key of one column where there is one, else the first column of what it consists of. */
function keyOf({ parent }: Column, context: AlterContext): string | undefined {
  const keys = (context.children('from', parent!) as readonly SchemaObject<unknown, KeyAttrs>[]).filter(({ attrs }) => attrs.type === 'primary_key')
  return keys[0]?.attrs.columns?.[0]
}

function added(to: Column, place: { table: string; key: string }, context: AlterContext): GradualChange<Column> | string {
  if (to.attrs.identity) return 'PostgreSQL numbers the rows that are there when a column becomes an identity'
  const value = context.children('to', to.ref).map(({ attrs }) => (attrs as { readonly expression?: string }).expression).find((expression) => expression !== undefined)
  if (value === undefined) return 'it has no default with which rows could be filled'
  return { ...place, begin: undemanding(to, to.id.name), filled: to, values: [() => value], where: `${quoteIdent(to.id.name)} IS NULL` }
}

function retyped(to: Column, place: { table: string; key: string }): GradualChange<Column> {
  const { schema, table, name } = to.id
  const beside = suffixed(name, '__new')
  const begin = undemanding(to, beside)
  const notNull = to.attrs.notNull === undefined ? {} : { notNull: true as const }
  const [old, next] = [quoteIdent(name), quoteIdent(beside)]
  const [routine, trigger] = [qualified(schema, suffixed(`${table}_${name}`, '__new')), quoteIdent(suffixed(`zz_${name}`, '__new'))]
  return {
    ...place,
    begin,
    filled: { ...begin, attrs: { ...begin.attrs, ...notNull } },
    values: [(before) => `${before}::${to.attrs.type}`, (before) => `${before}::text::${to.attrs.type}`],
    where: `${next} IS NULL AND ${old} IS NOT NULL`,
    sync: (value) => ({
      start: [
        statement(
          `CREATE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql AS ${dollarQuote(`\nBEGIN\n  NEW.${next} := ${value(`NEW.${old}`)};\n  RETURN NEW;\nEND\n`)}`,
        ),
        // Triggers fire in the order of their names: what others make of the row is what counts.
        statement(`CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${place.table} FOR EACH ROW EXECUTE FUNCTION ${routine}()`),
      ],
      stop: [statement(`DROP TRIGGER ${trigger} ON ${place.table}`), statement(`DROP FUNCTION ${routine}()`)],
    }),
  }
}

/** A column under a name, as it can be added to a table with rows in a moment. */
export function undemanding(column: Column, name: string): Column {
  const { notNull: _, identity: __, ...attrs }: ColumnAttrs = column.attrs
  const id = { ...column.id, name }
  return { ...column, id, ref: refOf('column', id.schema, id.table, id.name), attrs }
}
