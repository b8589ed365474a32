import type { IndexStmt } from 'libpg-query'
import { sameName, bareName } from '../names.js'
import type { Rule } from '../rule.js'
import { shownSql, type State } from '../state.js'
import { all, hasOption, nameOf, objectName, type NodeOf } from '../syntax.js'
import type { Piece } from '../unit.js'

/** Rules about CREATE INDEX, DROP INDEX and REINDEX. */
export const indexRules: readonly Rule[] = [
  {
    rule: 'create-index',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'CREATE INDEX without CONCURRENTLY on a table that was there before',
    why: 'writes of the table wait until the index is built',
    instead: 'CREATE INDEX CONCURRENTLY, outside a transaction; on a partitioned table ON ONLY it, concurrently on each partition, then ALTER INDEX … ATTACH PARTITION',
    statements: {
      IndexStmt: ({ concurrent, relation }, state) =>
        !concurrent && relation?.inh !== undefined && relation.inh && state.isOld(nameOf(relation)) && {
          object: nameOf(relation),
          instead: `${shownSql(state).replace(/\bindex\b/i, 'INDEX CONCURRENTLY')}, outside a transaction${state.isMigration ? ' (op.outsideTransaction)' : ''}`,
        },
    },
  },
  {
    rule: 'drop-index',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'DROP INDEX without CONCURRENTLY',
    why: 'reads and writes of the table wait for it, and it waits for every query that uses the table',
    instead: 'DROP INDEX CONCURRENTLY, outside a transaction',
    statements: {
      DropStmt: ({ removeType, concurrent, objects = [] }, state) =>
        removeType === 'OBJECT_INDEX' && !concurrent
          ? objects
              .map(objectName)
              .filter((name) => state.isOld(state.indexes.get(name)?.table ?? ''))
              .map((object) => ({ object, instead: `DROP INDEX CONCURRENTLY ${object}, outside a transaction` }))
          : undefined,
    },
  },
  {
    rule: 'reindex',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'REINDEX without CONCURRENTLY',
    why: 'writes of the table wait until the index is built anew, and so do reads that would use it',
    instead: 'REINDEX … CONCURRENTLY, outside a transaction',
    statements: {
      ReindexStmt: ({ relation, name, params }) => !hasOption(params, 'concurrently') && { object: relation ? nameOf(relation) : (name ?? 'the database') },
    },
  },
  {
    rule: 'index-gap',
    code: 'index-gap',
    severity: 'hazard',
    what: 'an index is dropped before the one that replaces it is built',
    why: 'until the new one is built, queries that need the index read the whole table, and nothing keeps the values of a unique one unique',
    instead: 'build the new index under another name first, then drop the old one and rename the new one',
    statements: {
      DropStmt: ({ removeType, objects = [] }, state) => (removeType === 'OBJECT_INDEX' ? objects.map(objectName).filter((name) => isReplacedLater(name, state)).map((object) => ({ object })) : undefined),
    },
  },
  {
    rule: 'concurrent-if-not-exists',
    code: 'not-transactional',
    severity: 'advice',
    what: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS',
    why: 'an invalid index that a build left behind when it failed has the name already, and passes as done',
    instead: 'DROP INDEX CONCURRENTLY IF EXISTS before it, and no IF NOT EXISTS',
    statements: {
      IndexStmt: ({ concurrent, if_not_exists, idxname, relation }, state) =>
        concurrent && if_not_exists && state.isOld(nameOf(relation)) && !isDroppedBefore(idxname ?? '', state) && { object: idxname ?? nameOf(relation) },
    },
  },
  {
    rule: 'concurrent-under-timeout',
    code: 'not-transactional',
    severity: 'advice',
    what: 'CONCURRENTLY under a timeout that the script set',
    why: 'it waits for old transactions by its nature; when the timeout ends it, an invalid index stays behind',
    instead: `SET statement_timeout = 0 and SET lock_timeout = 0 before it`,
    statements: {
      IndexStmt: ({ concurrent, idxname, relation }, state) => concurrent && hasTimeout(state) && { object: idxname ?? nameOf(relation) },
      ReindexStmt: ({ params, relation, name }, state) => hasOption(params, 'concurrently') && hasTimeout(state) && { object: relation ? nameOf(relation) : (name ?? 'the database') },
    },
  },
]

function hasTimeout({ lockTimeout, statementTimeout }: State): boolean {
  return lockTimeout || statementTimeout
}

function indexesIn(pieces: readonly Piece[]): IndexStmt[] {
  return pieces.flatMap(({ type, node }) => (type === 'IndexStmt' ? [node as NodeOf<'IndexStmt'>] : []))
}

/** In one transaction nobody sees the moment between. */
function isReplacedLater(dropped: string, state: State): boolean {
  const known = state.indexes.get(dropped)
  const within = indexesIn(state.restOfTransaction())
  return indexesIn(state.following()).some((index) => {
    if (within.includes(index) || !state.isOld(nameOf(index.relation))) return false
    const [name, old] = [index.idxname ?? '', bareName(dropped)]
    const columns = all('IndexElem', index.indexParams).map((element) => element.name ?? '')
    const isOfSame = known !== undefined && sameName(known.table, nameOf(index.relation)) && known.columns[0] === columns[0]
    return isOfSame || (name !== '' && (name.startsWith(old) || old.startsWith(name)))
  })
}

function isDroppedBefore(name: string, { unit, piece }: State): boolean {
  const before = unit.pieces.slice(0, unit.pieces.indexOf(piece))
  return before.some(({ type, node }) => type === 'DropStmt' && (node as NodeOf<'DropStmt'>).objects?.some((each) => sameName(objectName(each), name)))
}
