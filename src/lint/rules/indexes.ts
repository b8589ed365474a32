import type { IndexStmt } from 'libpg-query'
import { sameName, bareName } from '../names.js'
import type { Rule } from '../rule.js'
import { shownSql, type State } from '../state.js'
import { all, hasOption, nameOf, objectName, type NodeOf } from '../syntax.js'
import type { Unit } from '../unit.js'

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
      DropStmt: ({ removeType, missing_ok, objects = [] }, state) =>
        removeType === 'OBJECT_INDEX'
          ? objects
              .map(objectName)
              .filter((name) => isReplacedLater(name, state) && !(missing_ok && isBuiltNext(name, state)))
              .map((object) => ({ object }))
          : undefined,
    },
  },
  {
    rule: 'failed-build',
    code: 'not-transactional',
    severity: 'advice',
    what: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS, or as one of several statements, without DROP INDEX CONCURRENTLY IF EXISTS before it; in a migration, whose runner clears leftovers away, only IF NOT EXISTS',
    why: 'a build that fails leaves an invalid index behind: with IF NOT EXISTS that passes as done, without it the script cannot be run again',
    instead: 'give it a name, and write DROP INDEX CONCURRENTLY IF EXISTS before it',
    statements: {
      IndexStmt: ({ concurrent, if_not_exists, idxname, relation }, state) =>
        concurrent && (if_not_exists || isOneOfSeveral(state)) && state.isOld(nameOf(relation)) && (idxname === undefined || !isDroppedBefore(idxname, state)) && { object: idxname ?? nameOf(relation) },
    },
  },
  {
    rule: 'lost-index',
    code: 'index-gap',
    severity: 'advice',
    what: 'DROP INDEX CONCURRENTLY of an index that the script does not replace',
    why: 'queries that used it read the whole table, and nothing keeps the values of a unique one unique',
    instead: 'make sure that no query uses it: pg_stat_user_indexes counts its scans, on replicas as well',
    statements: {
      DropStmt: ({ removeType, concurrent, missing_ok, objects = [] }, state) =>
        removeType === 'OBJECT_INDEX' && concurrent && !(missing_ok && state.unit.pieces.length > 1) && indexesIn(state.unit).length === 0
          ? objects
              .map(objectName)
              .filter((name) => !(state.isDowngrade && state.indexes.get(name)))
              .map((object) => ({ object }))
          : undefined,
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

/** Settings aside. A script of one statement is simply run again. */
function isOneOfSeveral({ isMigration, unit }: State): boolean {
  return !isMigration && unit.pieces.filter(({ type }) => type !== 'VariableSetStmt').length > 1
}

function hasTimeout({ lockTimeout, statementTimeout }: State): boolean {
  return lockTimeout || statementTimeout
}

const known = new WeakMap<Unit, readonly { readonly position: number; readonly index: IndexStmt }[]>()

/** The statements of a script that create indexes, found once for all. */
function indexesIn(unit: Unit): readonly { readonly position: number; readonly index: IndexStmt }[] {
  const found = known.get(unit) ?? unit.pieces.flatMap(({ type, node }, position) => (type === 'IndexStmt' ? [{ position, index: node as IndexStmt }] : []))
  known.set(unit, found)
  return found
}

/** In one transaction nobody sees the moment between. */
function isReplacedLater(dropped: string, state: State): boolean {
  const old = bareName(dropped)
  const facts = state.indexes.get(dropped)
  const laterOn = indexesIn(state.unit).filter(({ position, index: { idxname = '', relation, indexParams } }) => {
    if (position <= state.position || !state.isOld(nameOf(relation))) return false
    const isOfSame = facts !== undefined && sameName(facts.table, nameOf(relation)) && facts.columns[0] === all('IndexElem', indexParams)[0]?.name
    return isOfSame || (idxname !== '' && (idxname.startsWith(old) || old.startsWith(idxname)))
  })
  const endsAt = state.position + (laterOn[0] ? state.restOfTransaction().length : 0)
  return laterOn.some(({ position }) => position > endsAt)
}

/** What clears a failed build away is dropped where it is built. */
function isBuiltNext(dropped: string, state: State): boolean {
  return indexesIn(state.unit).some(({ position, index }) => position === state.position + 1 && index.idxname === bareName(dropped))
}

function isDroppedBefore(name: string, { unit, position }: State): boolean {
  return unit.pieces.slice(0, position).some(({ type, node }) => type === 'DropStmt' && (node as NodeOf<'DropStmt'>).objects?.some((each) => sameName(objectName(each), name)))
}
