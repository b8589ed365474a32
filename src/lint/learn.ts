import type { Constraint, CreateStmt, Node } from 'libpg-query'
import { bareName } from './names.js'
import { newTransaction, type State, type Table } from './state.js'
import { all, as, constraintsOf, joined, listedName, nameOf, notNullColumn, objectName, typeOf, words, type NodeOf, type NodeType } from './syntax.js'
import type { TableCommand } from './rule.js'

/** Takes in what a statement did, so that later ones are seen in its light. */
export function learn(type: NodeType, node: never, state: State): void {
  const content = <Type extends NodeType>() => node as NodeOf<Type>
  switch (type) {
    case 'TransactionStmt': {
      if (state.isMigration) return
      const kind = content<'TransactionStmt'>().kind ?? ''
      if (/BEGIN|START/.test(kind)) state.transaction ??= newTransaction(state.at)
      else if (/STMT_(COMMIT|ROLLBACK|PREPARE)$/.test(kind)) {
        Object.assign(state, state.transaction?.before)
        if (kind === 'TRANS_STMT_ROLLBACK') for (const name of state.transaction?.made ?? []) state.tables.delete(name)
        state.transaction = undefined
      }
      return
    }
    case 'VariableSetStmt': {
      const { name, kind, args, is_local } = content<'VariableSetStmt'>()
      if (is_local && state.transaction) state.transaction.before ??= { lockTimeout: state.lockTimeout, statementTimeout: state.statementTimeout }
      return setTimeouts(state, name, kind === 'VAR_SET_VALUE' ? timeOf(args?.[0]) : 0)
    }
    case 'SelectStmt': {
      for (const { val } of all('ResTarget', content<'SelectStmt'>().targetList)) {
        const call = as('FuncCall', val)
        if (words(call?.funcname).at(-1) === 'set_config') setTimeouts(state, as('A_Const', call?.args?.[0])?.sval?.sval, timeOf(call?.args?.[1]))
      }
      const { intoClause, fromClause = [] } = content<'SelectStmt'>()
      if (intoClause) newTable(state, nameOf(intoClause.rel)).isFilled = fromClause.length > 0
      return
    }
    case 'CreateStmt':
      return learnTable(content<'CreateStmt'>(), state)
    case 'CreateTableAsStmt':
      newTable(state, nameOf(content<'CreateTableAsStmt'>().into?.rel)).isFilled = true
      return
    case 'InsertStmt':
    case 'CopyStmt': {
      const table = state.tables.get(nameOf(content<'InsertStmt'>().relation))
      if (table) table.isFilled = true
      return
    }
    case 'ViewStmt':
      return state.make('view', nameOf(content<'ViewStmt'>().view))
    case 'CreateFunctionStmt': {
      const { funcname, options } = content<'CreateFunctionStmt'>()
      const said = all('DefElem', options).find(({ defname }) => defname === 'volatility')
      state.volatility.set(listedName(funcname), as('String', said?.arg)?.sval ?? 'volatile')
      return state.make('function', listedName(funcname))
    }
    case 'CreateSchemaStmt': {
      const { schemaname = '', schemaElts } = content<'CreateSchemaStmt'>()
      for (const table of all('CreateStmt', schemaElts)) learnTable({ ...table, relation: { schemaname, ...table.relation } }, state)
      return state.make('schema', schemaname)
    }
    case 'CreateSeqStmt':
      return state.make('sequence', nameOf(content<'CreateSeqStmt'>().sequence))
    case 'CreateEnumStmt':
      return state.make('type', listedName(content<'CreateEnumStmt'>().typeName))
    case 'CompositeTypeStmt':
      return state.make('type', nameOf(content<'CompositeTypeStmt'>().typevar))
    case 'CreateDomainStmt': {
      const { domainname, constraints } = content<'CreateDomainStmt'>()
      state.make('type', listedName(domainname))
      if (all('Constraint', constraints).some(({ contype }) => contype === 'CONSTR_CHECK' || contype === 'CONSTR_NOTNULL')) state.strictDomains.set(listedName(domainname), true)
      return
    }
    case 'CreateRoleStmt':
      return state.make('role', content<'CreateRoleStmt'>().role ?? '')
    case 'AlterEnumStmt': {
      const { newVal, oldVal } = content<'AlterEnumStmt'>()
      const enumIsNew = state.isMade('type', listedName(content<'AlterEnumStmt'>().typeName))
      if (newVal !== undefined && oldVal === undefined && !enumIsNew) state.transaction?.labels.add(newVal)
      return
    }
    case 'IndexStmt': {
      const { idxname, relation, indexParams } = content<'IndexStmt'>()
      const columns = all('IndexElem', indexParams).map(({ name }) => name ?? '')
      // Of an index without a name only the columns matter.
      state.indexes.set(joined([relation?.schemaname, idxname ?? `${relation?.relname}_${columns.join('_')}_idx`]), { table: nameOf(relation), columns })
      return
    }
    case 'DropStmt': {
      const { removeType, objects = [] } = content<'DropStmt'>()
      if (removeType === 'OBJECT_TABLE' || removeType === 'OBJECT_MATVIEW') for (const each of objects) state.tables.delete(objectName(each))
      if (removeType === 'OBJECT_INDEX') for (const each of objects) state.indexes.delete(objectName(each))
      return
    }
    case 'RenameStmt': {
      const { renameType, relation, object, newname } = content<'RenameStmt'>()
      if (renameType === 'OBJECT_TABLE' && relation) {
        const table = state.table(nameOf(relation))
        state.tables.delete(nameOf(relation))
        state.tables.set(joined([relation.schemaname, newname]), table)
      }
      // Nobody uses it by a name that it got just now.
      if (renameType === 'OBJECT_TYPE' && object) state.make('type', joined([...objectName(object).split('.').slice(0, -1), newname]))
      return
    }
    default:
  }
}

/** Takes in what a command of ALTER TABLE did. */
export function learnCommand({ command, table: name }: TableCommand, state: State): void {
  const table = state.table(name)
  const column = command.name ?? ''
  switch (command.subtype) {
    case 'AT_AddColumn': {
      const definition = as('ColumnDef', command.def)
      const constraints = constraintsOf(definition)
      const notNull = constraints.some(({ contype }) => contype === 'CONSTR_NOTNULL' || contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_IDENTITY')
      table.columns.set(definition?.colname ?? '', { type: typeOf(definition?.typeName), notNull, isNew: true })
      for (const each of constraints) learnConstraint(each, name, table, state)
      return
    }
    case 'AT_AddConstraint': {
      const constraint = as('Constraint', command.def)
      if (constraint) learnConstraint(constraint, name, table, state)
      return
    }
    case 'AT_ValidateConstraint': {
      const known = table.constraints.get(column)
      if (known) table.constraints.set(column, { ...known, valid: true })
      else table.validated.push(column)
      return
    }
    case 'AT_DropConstraint':
      table.constraints.delete(column)
      return
    case 'AT_SetNotNull':
    case 'AT_DropNotNull':
      table.columns.set(column, { isNew: false, ...table.columns.get(column), notNull: command.subtype === 'AT_SetNotNull' })
      return
    case 'AT_AlterColumnType':
      table.columns.set(column, { isNew: false, notNull: false, ...table.columns.get(column), type: typeOf(as('ColumnDef', command.def)?.typeName) })
      return
    case 'AT_DropColumn':
      table.columns.delete(column)
      return
    default:
  }
}

function learnTable({ relation, tableElts, inhRelations }: CreateStmt, state: State): void {
  const name = nameOf(relation)
  const table = newTable(state, name)
  const keys = all('Constraint', tableElts)
    .filter(({ contype }) => contype === 'CONSTR_PRIMARY')
    .flatMap((key) => words(key.keys))
  for (const column of all('ColumnDef', tableElts)) {
    const notNull = keys.includes(column.colname ?? '') || constraintsOf(column).some(({ contype }) => contype === 'CONSTR_NOTNULL' || contype === 'CONSTR_PRIMARY')
    table.columns.set(column.colname ?? '', { type: typeOf(column.typeName), notNull, isNew: true })
    for (const each of constraintsOf(column)) learnConstraint(each, name, table, state)
  }
  for (const each of all('Constraint', tableElts)) learnConstraint(each, name, table, state)
  // A partition, or a child, that is made anew has the columns of its parent.
  for (const parent of all('RangeVar', inhRelations)) for (const [column, facts] of state.tables.get(nameOf(parent))?.columns ?? []) table.columns.set(column, facts)
}

function learnConstraint(constraint: Constraint, tableName: string, table: Table, state: State): void {
  const { contype, skip_validation, raw_expr, keys, fk_attrs } = constraint
  if (contype !== 'CONSTR_CHECK' && contype !== 'CONSTR_NOTNULL' && contype !== 'CONSTR_FOREIGN') return
  const notNull = contype === 'CONSTR_CHECK' ? notNullColumn(raw_expr) : contype === 'CONSTR_NOTNULL' ? words(keys) : []
  const given = contype === 'CONSTR_FOREIGN' ? [...words(fk_attrs), 'fkey'] : [...notNull, contype === 'CONSTR_CHECK' ? 'check' : 'not_null']
  const name = constraint.conname ?? [bareName(tableName), ...given].join('_')
  table.constraints.set(name, { valid: !skip_validation, notNull, addedIn: state.transaction })
}

function newTable(state: State, name: string): Table {
  const table: Table = { isNew: true, columns: new Map(), constraints: new Map(), validated: [] }
  state.tables.set(name, table)
  state.transaction?.made.push(name)
  return table
}

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** Behind a lock that is waited for longer than this, users notice the queue. */
const LONGEST_WAIT = MILLISECONDS.min!

/** A timeout in milliseconds; zero is none. */
function timeOf(value: Node | undefined): number {
  const constant = as('A_Const', value)
  if (constant?.ival) return constant.ival.ival ?? 0
  const [, number = '0', unit = 'ms'] = /^\s*([\d.]+)\s*(us|ms|s|min|h|d)?\s*$/.exec(constant?.sval?.sval ?? '') ?? []
  return Number(number) * MILLISECONDS[unit]!
}

function setTimeouts(state: State, name: string | undefined, time: number): void {
  if (name === 'lock_timeout') state.lockTimeout = time > 0 && time <= LONGEST_WAIT
  if (name === 'statement_timeout') state.statementTimeout = time > 0
}
