import type { DeleteStmt, Node, UpdateStmt } from 'libpg-query'
import type { Found, Rule } from '../rule.js'
import type { State } from '../state.js'
import { all, as, below, listedName, nameOf, type NodeOf, type NodeType } from '../syntax.js'

/** Rules about statements that change rows. */
export const dataRules: readonly Rule[] = [
  {
    rule: 'duplicate-column',
    code: 'may-fail',
    severity: 'hazard',
    what: 'INSERT, UPDATE or CREATE TABLE that names a column twice',
    why: 'PostgreSQL refuses it',
    instead: 'name it once',
    statements: {
      InsertStmt: ({ cols }) => twice(targets(cols)),
      UpdateStmt: ({ targetList }) => twice(targets(targetList)),
      CreateStmt: ({ tableElts }) => twice(all('ColumnDef', tableElts).map(({ colname = '' }) => colname)),
    },
  },
  {
    rule: 'delete-all',
    code: 'data-loss',
    severity: 'hazard',
    what: 'DELETE without WHERE, or with one that is always true',
    why: 'all rows are gone',
    instead: 'a WHERE for the rows that are meant, in batches',
    statements: { DeleteStmt: ({ relation, whereClause }, state) => takesAll(whereClause) && isOfOthers(relation, state) && { object: nameOf(relation) } },
  },
  {
    rule: 'update-all',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'UPDATE without WHERE, or with one that is always true',
    why: 'every row is written anew in one transaction: writes of the same rows wait until it is done, and the dead ones stay until vacuum',
    instead: 'batches, each in a transaction of its own (op.backfill)',
    statements: { UpdateStmt: ({ relation, whereClause }, state) => takesAll(whereClause) && isOfOthers(relation, state) && { object: nameOf(relation) } },
  },
  {
    rule: 'change-under-lock',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'UPDATE, DELETE, MERGE, INSERT … SELECT or COPY in a transaction that has locked a table others use',
    why: 'the lock of the earlier statement is held for as long as the rows take',
    instead: 'commit before it; change the rows in batches (op.backfill)',
    every: (type, node, state) => {
      const [lock] = state.locksOn()
      const table = changedBy(type, node, state)
      return lock !== undefined && table !== undefined && { object: table, message: `${lock.table} is locked (${lock.mode}) since line ${lock.at.line}, for as long as the rows take` }
    },
  },
  {
    rule: 'unbatched-change',
    code: 'strong-lock',
    severity: 'advice',
    what: 'UPDATE or DELETE of rows that are not named by a key',
    why: 'all of them are changed in one transaction: writes of the same rows wait until it is done; what DELETE takes is gone',
    instead: 'batches by ranges of a key, each in a transaction of its own (op.backfill)',
    statements: {
      UpdateStmt: (update, state) => unbatched(update, state),
      DeleteStmt: (deletion, state) => unbatched(deletion, state),
      MergeStmt: ({ relation }, state) => isOfOthers(relation, state) && { object: nameOf(relation) },
    },
  },
  {
    rule: 'copy-table',
    code: 'replication',
    severity: 'advice',
    what: 'CREATE TABLE AS, SELECT INTO from a table',
    why: 'all rows are written in one transaction, which replicas have to take in as well',
    instead: 'CREATE TABLE, then INSERT in batches',
    statements: {
      CreateTableAsStmt: ({ into, query, objtype }) => objtype === 'OBJECT_TABLE' && (as('SelectStmt', query)?.fromClause?.length ?? 0) > 0 && { object: nameOf(into?.rel) },
      SelectStmt: ({ intoClause, fromClause = [] }) => intoClause && fromClause.length > 0 ? { object: nameOf(intoClause.rel) } : undefined,
    },
  },
]

/** The columns that are given a value as a whole. */
function targets(nodes: readonly Node[] | undefined): string[] {
  return all('ResTarget', nodes).flatMap(({ name, indirection }) => (name === undefined || indirection?.length ? [] : [name]))
}

function twice(names: readonly string[]): Found | undefined {
  const name = names.find((each, index) => names.indexOf(each) < index)
  return name === undefined ? undefined : { object: name }
}

function isOfOthers(relation: Parameters<typeof nameOf>[0], state: State): boolean {
  return relation !== undefined && state.isOld(nameOf(relation))
}

function unbatched(statement: UpdateStmt | DeleteStmt, state: State): Found | false {
  const { relation, whereClause } = statement
  return !takesAll(whereClause) && isOfOthers(relation, state) && !isNarrow(statement, state) && { object: nameOf(relation) }
}

/** A condition that reads no column is the same for every row, as is one that compares a column with itself. */
function takesAll(where: Node | undefined): boolean {
  const or = as('BoolExpr', where)
  if (or?.boolop === 'OR_EXPR') return (or.args ?? []).some(takesAll)
  if (isOfItself(where)) return true
  return where === undefined || ![...below(where)].some((node) => 'ColumnRef' in node || 'SubLink' in node || 'CurrentOfExpr' in node)
}

function isOfItself(where: Node | undefined): boolean {
  const { lexpr, rexpr, name } = as('A_Expr', where) ?? {}
  const nameIn = (side: Node | undefined) => listedName(as('ColumnRef', side)?.fields)
  return nameIn(lexpr) !== '' && nameIn(lexpr) === nameIn(rexpr) && as('String', name?.[0])?.sval === '='
}

/** Statements that take few rows: a LIMIT says so, or a column that is said to be a value, one of a list, or between two. */
function isNarrow(statement: UpdateStmt | DeleteStmt, { isInBlock }: State): boolean {
  const joins = 'fromClause' in statement || 'usingClause' in statement
  return namesFew(statement.whereClause, isInBlock && !joins) || [...below(statement)].some((node) => as('SelectStmt', node)?.limitCount !== undefined)
}

function namesFew(where: Node | undefined, mayBeVariable: boolean): boolean {
  if (where && 'CurrentOfExpr' in where) return true
  const and = as('BoolExpr', where)
  if (and) return and.boolop === 'AND_EXPR' && (and.args ?? []).some((each) => namesFew(each, mayBeVariable))
  const expression = as('A_Expr', where)
  if (!expression || !as('ColumnRef', expression.lexpr)) return false
  const isEqual = (expression.kind === 'AEXPR_OP' || expression.kind === 'AEXPR_IN' || expression.kind === 'AEXPR_OP_ANY') && as('String', expression.name?.[0])?.sval === '='
  return (isEqual && (mayBeVariable || !as('ColumnRef', expression.rexpr))) || expression.kind === 'AEXPR_BETWEEN'
}

/** The table whose rows a statement changes, when that may take long. */
function changedBy(type: NodeType, node: never, state: State): string | undefined {
  switch (type) {
    case 'UpdateStmt':
    case 'DeleteStmt': {
      const statement = node as UpdateStmt
      return isNarrow(statement, state) ? undefined : nameOf(statement.relation)
    }
    case 'CopyStmt': {
      const { is_from, relation } = node as NodeOf<'CopyStmt'>
      return is_from ? nameOf(relation) : undefined
    }
    case 'MergeStmt':
      return nameOf((node as NodeOf<'MergeStmt'>).relation)
    case 'InsertStmt': {
      const { relation, selectStmt } = node as NodeOf<'InsertStmt'>
      return (as('SelectStmt', selectStmt)?.fromClause?.length ?? 0) > 0 ? nameOf(relation) : undefined
    }
    case 'CreateTableAsStmt': {
      const { into, query } = node as NodeOf<'CreateTableAsStmt'>
      return (as('SelectStmt', query)?.fromClause?.length ?? 0) > 0 ? nameOf(into?.rel) : undefined
    }
    default:
      return undefined
  }
}
