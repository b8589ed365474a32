import type { Node } from 'libpg-query'
import type { Found, Rule } from '../rule.js'
import type { State } from '../state.js'
import { as, below, nameOf, type NodeOf, type NodeType } from '../syntax.js'

/** Rules about statements that change rows. */
export const dataRules: readonly Rule[] = [
  {
    rule: 'delete-all',
    code: 'data-loss',
    severity: 'hazard',
    what: 'DELETE without WHERE',
    why: 'all rows are gone',
    instead: 'a WHERE for the rows that are meant, in batches',
    statements: { DeleteStmt: ({ relation, whereClause }, state) => !whereClause && isOfOthers(relation, state) && { object: nameOf(relation) } },
  },
  {
    rule: 'update-all',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'UPDATE without WHERE',
    why: 'every row is written anew in one transaction: writes of the same rows wait until it is done, and the dead ones stay until vacuum',
    instead: 'batches, each in a transaction of its own (op.backfill)',
    statements: { UpdateStmt: ({ relation, whereClause }, state) => !whereClause && isOfOthers(relation, state) && { object: nameOf(relation) } },
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
      const table = changedBy(type, node)
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
      UpdateStmt: ({ relation, whereClause }, state) => unbatched(relation, whereClause, state),
      DeleteStmt: ({ relation, whereClause }, state) => unbatched(relation, whereClause, state),
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

function isOfOthers(relation: Parameters<typeof nameOf>[0], state: State): boolean {
  return relation !== undefined && state.isOld(nameOf(relation))
}

function unbatched(relation: Parameters<typeof nameOf>[0], where: Node | undefined, state: State): Found | false {
  return where !== undefined && isOfOthers(relation, state) && !isNarrow(where) && { object: nameOf(relation) }
}

/** Conditions that take few rows: a column that equals a value, is one of a list, lies between two, or comes from a query with a LIMIT. */
function isNarrow(where: Node): boolean {
  const and = as('BoolExpr', where)
  if (and) return and.boolop === 'AND_EXPR' && (and.args ?? []).some(isNarrow)
  const expression = as('A_Expr', where)
  if (expression) {
    const operator = as('String', expression.name?.[0])?.sval
    const isEqual = (expression.kind === 'AEXPR_OP' || expression.kind === 'AEXPR_IN' || expression.kind === 'AEXPR_OP_ANY') && operator === '='
    return (isEqual && !as('ColumnRef', expression.rexpr)) || expression.kind === 'AEXPR_BETWEEN' || [...below(where)].some((node) => as('SelectStmt', node)?.limitCount)
  }
  return [...below(where)].some((node) => as('SelectStmt', node)?.limitCount)
}

/** The table whose rows a statement changes, when that may take long. */
function changedBy(type: NodeType, node: never): string | undefined {
  switch (type) {
    case 'UpdateStmt':
    case 'DeleteStmt': {
      const { relation, whereClause } = node as NodeOf<'UpdateStmt'>
      return whereClause && isNarrow(whereClause) ? undefined : nameOf(relation)
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
