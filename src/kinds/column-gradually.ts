import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { dollarQuote, qualified, quoteIdent, quoteLiteral, suffixedApart } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { identityText, type Column, type ColumnAttrs } from './column-ddl.js'
import type { AlterContext, GradualChange, RowsInBatches } from './kind.js'
import { defaultName } from './object-names.js'

interface TableAttrs {
  readonly partitionBy?: unknown
  readonly inherits?: unknown
  readonly forceRowSecurity?: true
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
  return from ? retyped(from, to, place) : added(to, place, context)
}

/** A table with rows that can be taken in batches; or why there is no such. */
export function placeOf(column: Column, context: AlterContext): RowsInBatches | string {
  const { id, parent } = column
  const [before, { partitionBy, inherits, forceRowSecurity }] = (['from', 'to'] as const).map((side) => context.object(side, parent!)?.attrs ?? {}) as [TableAttrs, TableAttrs]
  const isPartition = context.object('to', refOf('partition', id.schema, id.table)) !== undefined
  const hasChildren = context.neededBy('to', column.ref).some((other) => other.kind === column.kind && other.parent !== parent)
  if (partitionBy !== undefined || inherits !== undefined || isPartition || hasChildren) return 'its table shares columns with others'
  const [table, key] = [qualified(id.schema, id.table), keyOf(column, context)]
  if (key === undefined) return 'its table has no primary key by whose ranges rows could be taken'
  return { table, key, ...((before.forceRowSecurity || forceRowSecurity) && { guard: allRowsSeen(table) }) }
}

/** Fails for a role that row security hides rows from, which would be passed over. */
function allRowsSeen(table: string): Statement {
  const message = quoteLiteral(`row security may hide rows of ${table} from `)
  const check = `IF pg_catalog.row_security_active(${quoteLiteral(table)}) THEN
    RAISE EXCEPTION USING MESSAGE = ${message} || current_user, HINT = 'migrate as a role with BYPASSRLS';
  END IF;`
  return statement(`DO ${dollarQuote(`\nBEGIN\n  ${check}\nEND\n`)}`)
}

/** A primary key of one column where there is one, else the first column of what it consists of. */
function keyOf({ parent }: Column, context: AlterContext): string | undefined {
  const keys = (context.children('from', parent!) as readonly SchemaObject<unknown, KeyAttrs>[]).filter(({ attrs }) => attrs.type === 'primary_key')
  return keys[0]?.attrs.columns?.[0]
}

function added(to: Column, place: RowsInBatches, context: AlterContext): GradualChange<Column> | string {
  if (to.attrs.identity) return 'PostgreSQL numbers the rows that are there when a column becomes an identity'
  const value = context.children('to', to.ref).map(({ attrs }) => (attrs as { readonly expression?: string }).expression).find((expression) => expression !== undefined)
  if (value === undefined) return 'it has no default with which rows could be filled'
  return { ...place, begin: undemanding(to, to.id.name), filled: to, values: [() => value], where: isMissing(quoteIdent(to.id.name)) }
}

function retyped(from: Column, to: Column, place: RowsInBatches): GradualChange<Column> {
  const { name } = to.id
  const begin = undemanding(to, suffixedApart(name, '__new'))
  const notNull = to.attrs.notNull === undefined ? {} : { notNull: true as const }
  const [old, next] = [quoteIdent(name), quoteIdent(begin.id.name)]
  // What depends on settings of a session becomes the same in all of them.
  const pinned = [from, to].some(({ attrs }) => /^(timestamp|time|date|interval)\b/.test(attrs.type!)) ? ['timezone', 'datestyle', 'intervalstyle'] : []
  return {
    ...place,
    begin,
    filled: { ...begin, attrs: { ...begin.attrs, ...notNull } },
    // Without a cast a value that is too long is refused, not cut.
    values: [(before) => before, (before) => `${before}::${to.attrs.type}`, (before) => `${before}::text::${to.attrs.type}`],
    where: `${isMissing(next)} AND ${isThere(old)}`,
    sync: (value) => {
      const { start, stop } = keptInStep(to, '__new', `  NEW.${next} := ${value(`NEW.${old}`)};`, pinned)
      return { start, stop: [...stop, ...numberedOn(from, to, begin)] }
    },
  }
}

/** A trigger that sets columns in every row that is written, and what takes it away. */
export function keptInStep({ id: { schema, table, name } }: Column, suffix: string, body: string, pinned: readonly string[] = []): { readonly start: readonly Statement[]; readonly stop: readonly Statement[] } {
  const relation = qualified(schema, table)
  const routine = qualified(schema, suffixedApart(`${table}__${name}`, suffix))
  // Triggers fire in the order of their names: what others make of the row is what counts.
  const trigger = quoteIdent(suffixedApart(`zz_${name}`, suffix))
  const settings = pinned.map((setting) => ` SET ${setting} FROM CURRENT`).join('')
  return {
    start: [
      statement(`CREATE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql${settings} AS ${dollarQuote(`\nBEGIN\n${body}\n  RETURN NEW;\nEND\n`)}`),
      statement(`CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${relation} FOR EACH ROW EXECUTE FUNCTION ${routine}()`),
      // Rows come by logical replication too.
      statement(`ALTER TABLE ${relation} ENABLE ALWAYS TRIGGER ${trigger}`),
    ],
    stop: [statement(`DROP TRIGGER ${trigger} ON ${relation}`), statement(`DROP FUNCTION ${routine}()`)],
  }
}

/** The numbers of an identity go on where they are, not behind the rows that are left. */
function numberedOn(from: Column, to: Column, begin: Column): Statement[] {
  const { identity } = to.attrs
  if (!from.attrs.identity || !identity) return []
  const { schema, table, name } = from.id
  const old = from.attrs.identity.name ?? defaultName(table, name, 'seq')
  const sequence = suffixedApart(old, '__new')
  const numbered = { ...begin, attrs: { ...begin.attrs, identity: { ...identity, name: sequence } } }
  return [
    statement(`ALTER TABLE ${qualified(schema, table)} ALTER COLUMN ${quoteIdent(begin.id.name)} ADD ${identityText(numbered)}`),
    statement(`SELECT setval(${quoteLiteral(qualified(schema, sequence))}, last_value, is_called) FROM ${qualified(schema, old)}`),
  ]
}

/** Not IS NULL, which means something else for rows. */
export function isMissing(column: string): string {
  return `${column} IS NOT DISTINCT FROM NULL`
}

export function isThere(column: string): string {
  return `${column} IS DISTINCT FROM NULL`
}

/** A column under a name, as it can be added to a table with rows in a moment. */
export function undemanding(column: Column, name: string): Column {
  const { notNull: _, identity: __, ...attrs }: ColumnAttrs = column.attrs
  const id = { ...column.id, name }
  return { ...column, id, ref: refOf('column', id.schema, id.table, id.name), attrs }
}
