import type { AlterTableType } from 'libpg-query'
import type { Rule } from '../rule.js'
import { locksOf } from '../locks.js'
import { refusedInTransaction } from '../refused.js'
import { all, as, below, type NodeOf, type NodeType } from '../syntax.js'

/** Statements that do no harm when they are run a second time, or see to that themselves. */
const REPEATABLE = new Set<NodeType>(['VariableSetStmt', 'SelectStmt', 'CommentStmt', 'GrantStmt', 'VacuumStmt', 'TransactionStmt', 'VariableShowStmt', 'ExplainStmt', 'DoStmt'])

/** The same of commands of ALTER TABLE. */
const AGAIN = new Set<AlterTableType>(['AT_ValidateConstraint', 'AT_SetNotNull', 'AT_DropNotNull', 'AT_ColumnDefault', 'AT_SetStatistics', 'AT_SetRelOptions', 'AT_ResetRelOptions'])

/** Rules about transactions, timeouts and what holds beyond a statement. */
export const transactionRules: readonly Rule[] = [
  {
    rule: 'not-in-transaction',
    code: 'not-transactional',
    severity: 'hazard',
    what: 'a statement inside a transaction that PostgreSQL refuses there: CONCURRENTLY, VACUUM, CREATE DATABASE, ALTER SYSTEM and others',
    why: 'PostgreSQL refuses it, and everything before it in the transaction is rolled back',
    instead: 'run it outside a transaction',
    every: (type, node, state) => {
      const what = state.transaction && refusedInTransaction(type, node)
      return what !== undefined && { object: what, ...(state.isMigration && { instead: 'op.outsideTransaction(…)' }) }
    },
  },
  {
    rule: 'transaction-control',
    code: 'not-transactional',
    severity: 'hazard',
    what: 'BEGIN inside a transaction, COMMIT or ROLLBACK outside one; any of them in a migration',
    why: 'the transaction ends or begins where nobody expects it: what a later failure should undo stays',
    instead: 'one BEGIN and one COMMIT; in a migration none, since the runner has its own',
    statements: {
      TransactionStmt: ({ kind = 'TRANS_STMT_BEGIN' }, state) => {
        if (/SAVEPOINT|ROLLBACK_TO|RELEASE/.test(kind)) return undefined
        const word = kind.replace('TRANS_STMT_', '')
        const begins = word === 'BEGIN' || word === 'START'
        // A block that commits is one of batches, as long as nothing surrounds it.
        if (state.isInBlock) return undefined
        return (state.isMigration || begins === (state.transaction !== undefined)) && { object: word }
      },
    },
  },
  {
    rule: 'uncommitted',
    code: 'not-transactional',
    severity: 'hazard',
    what: 'a script that ends inside a transaction it began',
    why: 'everything since BEGIN is rolled back when the session ends, and its locks are held until then',
    instead: 'COMMIT at the end',
    atEnd: (state) => !state.isMigration && !state.unit.inTransaction && state.transaction !== undefined && { object: 'BEGIN', at: state.transaction.began },
  },
  {
    rule: 'new-enum-value',
    code: 'not-transactional',
    severity: 'hazard',
    what: 'a label that is used in the transaction that added it to its enum',
    why: 'PostgreSQL refuses the use of a new label before a commit',
    instead: 'add the label in a transaction of its own, before',
    every: (type, node, state) => {
      const labels = state.transaction?.labels
      if (!labels?.size || type === 'AlterEnumStmt') return undefined
      const used = [...below(node)].map((each) => as('A_Const', each)?.sval?.sval).find((text) => text !== undefined && labels.has(text))
      return used !== undefined && { object: used }
    },
  },
  {
    rule: 'unclear-transaction',
    code: 'not-transactional',
    severity: 'advice',
    what: 'a script of several statements that says nothing about transactions: one locks a table that was there before, or another cannot run in a transaction',
    why: 'if it runs as one transaction, the locks of the first statement are held until the last is done; if not, it cannot simply be run again when it stops half-way',
    instead: 'BEGIN and COMMIT around what belongs together; IF EXISTS and IF NOT EXISTS where each statement is by itself; --assume-in-transaction when something else begins one',
    every: (type, node, state) => {
      const { pieces } = state.unit
      const object = `${pieces.length} statements`
      if (state.isApart) {
        const isOneOfSeveral = pieces.filter((piece) => !isRepeatable(piece) && refusedInTransaction(piece.type, piece.node) === undefined).length > 1
        return isOneOfSeveral && state.once('unclear-transaction') && { object, message: 'it cannot simply be run again when it stops half-way', instead: 'IF EXISTS and IF NOT EXISTS, or what belongs together in a script of its own, between BEGIN and COMMIT' }
      }
      if (!state.isUnclear || state.isInBlock || locksOf(type, node, state).length === 0) return undefined
      const isOneOfSeveral = pieces.filter((piece) => !REPEATABLE.has(piece.type)).length > 1
      return isOneOfSeveral && !pieces.every(isRepeatable) && state.once('unclear-transaction') && { object }
    },
  },
  {
    rule: 'held-lock',
    code: 'strong-lock',
    severity: 'advice',
    what: 'statements that lock another table or read rows, in a transaction that has locked a table others use',
    why: 'the lock is held until the transaction ends; two of them taken in another order elsewhere are a deadlock',
    instead: 'a transaction for each table, with the quick statements last',
    every: (type, node, state) => {
      const [lock] = state.locksOn()
      if (!lock || state.isMigration) return undefined
      const others = locksOf(type, node, state).filter(({ table }) => table !== lock.table)
      return (others.length > 0 || readsRows(type, node)) && state.once(`held-lock ${state.transaction?.began.line}`) && { object: lock.table, message: `it is locked (${lock.mode}) since line ${lock.at.line}, and stays so until the transaction ends${others[0] ? `; ${others[0].table} is locked as well` : ''}` }
    },
  },
  {
    rule: 'no-lock-timeout',
    code: 'strong-lock',
    severity: 'advice',
    what: 'a strong lock in a script that sets no lock_timeout, or one of more than a minute; migrations get one from the runner',
    why: 'while it waits for a query or an open transaction, everybody else waits behind it',
    instead: `SET lock_timeout = '2s' before it, and run it again when it fails`,
    every: (type, node, state) => {
      if (state.isMigration || state.lockTimeout) return undefined
      const [lock] = locksOf(type, node, state)
      return lock !== undefined && state.once('no-lock-timeout') && { object: lock.table, message: `${lock.mode} on ${lock.table}: while it waits for a query or an open transaction, everybody else waits behind it` }
    },
  },
  {
    rule: 'no-statement-timeout',
    code: 'strong-lock',
    severity: 'advice',
    what: 'a strong lock in a script that sets a lock_timeout, but no statement_timeout; not in migrations',
    why: 'once it has the lock, nothing ends a statement that takes longer than was thought',
    instead: `SET statement_timeout before it, to what others can wait for`,
    every: (type, node, state) => {
      if (state.isMigration || !state.lockTimeout || state.statementTimeout) return undefined
      const [lock] = locksOf(type, node, state)
      return lock !== undefined && state.once('no-statement-timeout') && { object: lock.table }
    },
  },
]

/** Statements that take as long as the rows they go through. */
function readsRows(type: NodeType, node: never): boolean {
  if (type === 'SelectStmt') return ((node as NodeOf<'SelectStmt'>).fromClause?.length ?? 0) > 0
  return type === 'IndexStmt' || type === 'RefreshMatViewStmt' || type === 'CreateTableAsStmt' || type === 'CallStmt'
}

/** The same of others, by what they say. */
function isRepeatable({ type, node }: { type: NodeType; node: never }): boolean {
  if (REPEATABLE.has(type)) return true
  if (type === 'AlterTableStmt') return all('AlterTableCmd', (node as NodeOf<'AlterTableStmt'>).cmds).every(({ subtype, missing_ok }) => missing_ok === true || AGAIN.has(subtype ?? 'AT_AddColumn'))
  const { missing_ok, if_not_exists, replace } = node as { missing_ok?: boolean; if_not_exists?: boolean; replace?: boolean }
  return missing_ok === true || if_not_exists === true || replace === true
}

