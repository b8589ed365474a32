import type { ColumnDef, Node } from 'libpg-query'
import type { Rule, TableCommand } from '../rule.js'
import type { State } from '../state.js'
import { all, as, calls, constraintsOf, hasOption, joined, nameOf, typeOf, type NodeOf, type TypeText } from '../syntax.js'
import { isStrictDomain } from './constraints.js'

const SERIALS = new Set(['serial', 'bigserial', 'smallserial', 'serial4', 'serial8', 'serial2'])

/** Functions that give the same for every row of one statement. */
export const STEADY = new Set(
  `now transaction_timestamp statement_timestamp current_setting current_database current_schema version pg_backend_pid txid_current
  lower upper initcap length char_length octet_length trim btrim ltrim rtrim replace translate substr substring left right lpad rpad repeat reverse concat concat_ws format
  md5 sha256 encode decode to_char to_date to_timestamp to_number date_trunc date_part extract age timezone make_date make_time make_timestamp make_timestamptz make_interval justify_days
  abs ceil ceiling floor round trunc sqrt power greatest least mod sign
  array_append array_cat array_fill array_length cardinality string_to_array array_to_string int4range int8range numrange tsrange tstzrange daterange
  json_build_object jsonb_build_object json_build_array jsonb_build_array to_json to_jsonb json_object jsonb_object row_to_json to_tsvector to_tsquery nullif coalesce inet_client_addr text`
    .split(/\s+/),
)

/** Rules about columns of tables that were there before. */
export const columnRules: readonly Rule[] = [
  {
    rule: 'required-column',
    code: 'may-fail',
    severity: 'hazard',
    what: 'ADD COLUMN … NOT NULL without a default, also of a new table that the script has put rows into',
    why: 'it fails when the table holds a row, and code of the previous release cannot insert any more',
    instead: 'give it a DEFAULT; or add it without NOT NULL, fill it in batches, and make it NOT NULL through a validated check',
    commands: {
      AT_AddColumn: ({ table, command }) => {
        const column = as('ColumnDef', command.def)
        return isRequired(column) && { object: joined([table, column?.colname]) }
      },
    },
    statements: {
      AlterTableStmt: ({ relation, cmds }, state) => {
        const table = nameOf(relation)
        if (state.isOld(table) || !state.table(table).isFilled) return undefined
        const added = all('AlterTableCmd', cmds).flatMap(({ subtype, def }) => (subtype === 'AT_AddColumn' ? (as('ColumnDef', def) ?? []) : []))
        return added.filter(isRequired).map(({ colname }) => ({ object: joined([table, colname]), message: 'it fails, since the table holds rows already' }))
      },
    },
  },
  {
    rule: 'volatile-default',
    code: 'table-rewrite',
    severity: 'hazard',
    what: 'ADD COLUMN with a default that may differ from row to row, such as gen_random_uuid()',
    why: 'every row is written anew, and reads and writes of the table wait until it is done',
    instead: 'ADD COLUMN without a default, ALTER COLUMN … SET DEFAULT, then fill the rows in batches (op.backfill)',
    commands: {
      AT_AddColumn: ({ table, command }, state) => {
        const column = as('ColumnDef', command.def)
        const unsteady = calls(defaultOf(column)).find((name) => !isSteady(name, state))
        return unsteady !== undefined && { object: joined([table, column?.colname]), message: `${unsteady}() may give each row another value: every row is written anew, and reads and writes of the table wait until it is done` }
      },
    },
  },
  {
    rule: 'generated-column',
    code: 'table-rewrite',
    severity: 'hazard',
    what: 'ADD COLUMN of a serial type, as identity, GENERATED … STORED, or of a domain with constraints; SET EXPRESSION',
    why: 'every row is written anew, and reads and writes of the table wait until it is done',
    instead: 'a plain column that a trigger fills for new rows and batches fill for old ones; a VIRTUAL column where PostgreSQL is 18 or newer',
    commands: {
      AT_AddColumn: ({ table, command }, state) => {
        const column = as('ColumnDef', command.def)
        const isMade = constraintsOf(column).some(({ contype, generated_kind }) => contype === 'CONSTR_IDENTITY' || (contype === 'CONSTR_GENERATED' && generated_kind !== 'v'))
        return (isMade || SERIALS.has(typeOf(column?.typeName).name) || isStrictDomain(column?.typeName, state)) && { object: joined([table, column?.colname]) }
      },
      AT_SetExpression: ({ table, command }) => ({ object: joined([table, command.name]) }),
    },
  },
  {
    rule: 'column-type',
    code: 'table-rewrite',
    severity: 'hazard',
    what: 'ALTER COLUMN … TYPE, unless the old type is known from the script and PostgreSQL keeps the rows',
    why: 'every row is written anew and indexes are built anew, unless the types are stored alike; reads and writes of the table wait until it is done, and running code may not expect the new type',
    instead: 'add a column of the new type, keep it in step by a trigger, fill it in batches, and swap the names',
    commands: {
      AT_AlterColumnType: (given, state) => !keepsRows(given, state) && { object: joined([given.table, given.command.name]) },
    },
  },
  {
    rule: 'json-column',
    code: 'breaks-code',
    severity: 'hazard',
    what: 'ADD COLUMN of type json',
    why: 'json has no equality: queries with DISTINCT, GROUP BY or UNION over all columns of the table fail from then on',
    instead: 'jsonb',
    commands: {
      AT_AddColumn: ({ table, command }) => {
        const column = as('ColumnDef', command.def)
        return typeOf(column?.typeName).name === 'json' && !typeOf(column?.typeName).array && { object: joined([table, column?.colname]) }
      },
    },
  },
  {
    rule: 'drop-default',
    code: 'breaks-code',
    severity: 'advice',
    what: 'DROP DEFAULT; a hazard when the script itself says that the column is NOT NULL',
    why: 'code of the previous release that leaves the column out gets NULL, or an error when it is NOT NULL',
    instead: 'keep the default until no running code leaves the column out',
    commands: {
      AT_ColumnDefault: ({ table, command }, state) =>
        !command.def && !isGivenAgain(table, command.name, state) && { object: joined([table, command.name]), ...(state.table(table).columns.get(command.name ?? '')?.notNull && { severity: 'hazard' as const }) },
      AT_DropIdentity: ({ table, command }) => ({ object: joined([table, command.name]), severity: 'hazard' as const }),
    },
  },
  {
    rule: 'set-default',
    code: 'breaks-code',
    severity: 'advice',
    what: 'SET DEFAULT of a column that was there before, unless the script makes it NOT NULL as well',
    why: 'code of the previous release that leaves the column out writes another value from then on',
    instead: 'make sure that this code bears it',
    commands: {
      AT_ColumnDefault: ({ table, command: { name, def } }, state) => {
        const isOwn = state.table(table).columns.get(name ?? '')?.isNew
        return def !== undefined && !isOwn && !isSetNotNull(table, name, state) && { object: joined([table, name]) }
      },
    },
  },
  {
    rule: 'add-identity',
    code: 'breaks-code',
    severity: 'hazard',
    what: 'ADD GENERATED ALWAYS AS IDENTITY, SET GENERATED ALWAYS; advice where it is added BY DEFAULT without START WITH',
    why: 'code of the previous release that gives the column a value fails',
    instead: 'GENERATED BY DEFAULT, until no running code gives it a value',
    commands: {
      AT_AddIdentity: ({ table, command }) => {
        const { generated_when, options } = as('Constraint', command.def) ?? {}
        const object = joined([table, command.name])
        if (generated_when === 'a') return { object }
        const message = 'its sequence begins with 1, whatever values there are'
        return !hasOption(options, 'start') && { object, severity: 'advice', message, instead: 'START WITH a value that no row has' }
      },
      AT_SetIdentity: ({ table, command }) => isAlwaysSet(command.def) && { object: joined([table, command.name]) },
    },
  },
]

/** The parser gives the letter as a number. */
function isAlwaysSet(options: Node | undefined): boolean {
  return all('DefElem', as('List', options)?.items).some(({ defname, arg }) => defname === 'generated' && as('Integer', arg)?.ival === 'a'.charCodeAt(0))
}

function isSetNotNull(table: string, column: string | undefined, { unit }: State): boolean {
  return unit.pieces.some(({ type, node }) => {
    if (type !== 'AlterTableStmt') return false
    const { relation, cmds } = node as NodeOf<'AlterTableStmt'>
    return nameOf(relation) === table && all('AlterTableCmd', cmds).some(({ subtype, name }) => subtype === 'AT_SetNotNull' && name === column)
  })
}

/** Whether rows that are there already would have no value. */
function isRequired(column: ColumnDef | undefined): boolean {
  const constraints = constraintsOf(column)
  const isNotNull = constraints.some(({ contype }) => contype === 'CONSTR_NOTNULL' || contype === 'CONSTR_PRIMARY')
  const isFilled = constraints.some(({ contype }) => contype === 'CONSTR_IDENTITY' || contype === 'CONSTR_GENERATED') || SERIALS.has(typeOf(column?.typeName).name)
  const given = defaultOf(column)
  return isNotNull && !isFilled && (given === undefined || as('A_Const', given)?.isnull === true)
}

/** A default that makes room for a change of the type comes back in the same transaction. */
function isGivenAgain(table: string, column: string | undefined, state: State): boolean {
  return state.restOfTransaction().some(({ type, node }) => {
    if (type !== 'AlterTableStmt') return false
    const { relation, cmds } = node as NodeOf<'AlterTableStmt'>
    return nameOf(relation) === table && all('AlterTableCmd', cmds).some(({ subtype, name, def }) => subtype === 'AT_ColumnDefault' && name === column && def !== undefined)
  })
}

function defaultOf(column: ColumnDef | undefined): Node | undefined {
  return column?.raw_default ?? constraintsOf(column).find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr
}

function isSteady(name: string, state: State): boolean {
  const said = state.volatility.get(name)
  return said === undefined ? STEADY.has(name) : said !== 'volatile'
}

/** Types whose values are stored alike, when the new one is no narrower. */
function keepsRows({ table, command }: TableCommand, state: State): boolean {
  const definition = as('ColumnDef', command.def)
  const from = state.table(table).columns.get(command.name ?? '')?.type
  const to = typeOf(definition?.typeName)
  // Values that are calculated are written anew, whatever their type.
  if (!from || (definition?.raw_default && !isPlain(definition.raw_default, command.name ?? ''))) return false
  if (from.array || to.array) return from.array && to.array && sameType(from, to)
  if (sameType(from, to)) return true
  const [old = Infinity, scale = 0] = from.sizes
  const [size = Infinity, newScale = 0] = to.sizes
  const pair = `${from.name} ${to.name}`
  if (/^(varchar|text) (varchar|text)$/.test(pair)) return to.name === 'text' || (to.sizes.length === 0 ? true : from.name === 'varchar' && old <= size)
  if (pair === 'numeric numeric') return to.sizes.length === 0 || (old <= size && scale === newScale)
  if (pair === 'varbit varbit' || /^(timestamp|timestamptz|time|timetz|interval) \1$/.test(pair)) return old <= size
  return pair === 'cidr inet'
}

function sameType(one: TypeText, other: TypeText): boolean {
  return one.name === other.name && one.sizes.join() === other.sizes.join()
}

function isPlain(using: Node, column: string): boolean {
  const cast = as('TypeCast', using)
  const reference = as('ColumnRef', cast ? cast.arg : using)
  return reference?.fields?.length === 1 && as('String', reference.fields[0])?.sval === column
}

