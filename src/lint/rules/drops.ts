import type { DropStmt, ObjectType } from 'libpg-query'
import { sameName } from '../names.js'
import type { Rule } from '../rule.js'
import type { State } from '../state.js'
import { joined, listedName, nameOf, objectName, all, type NodeOf } from '../syntax.js'
import type { Piece } from '../unit.js'

/** Objects whose going running code may notice, by how they are called. */
const NAMED: Partial<Record<ObjectType, string>> = {
  OBJECT_VIEW: 'view',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
  OBJECT_AGGREGATE: 'aggregate',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_SCHEMA: 'schema',
  OBJECT_EXTENSION: 'extension',
  OBJECT_OPERATOR: 'operator',
  OBJECT_CAST: 'cast',
  OBJECT_COLLATION: 'collation',
  OBJECT_FOREIGN_SERVER: 'server',
  OBJECT_FDW: 'wrapper',
  OBJECT_TSCONFIGURATION: 'configuration',
  OBJECT_TSDICTIONARY: 'dictionary',
  OBJECT_EVENT_TRIGGER: 'event trigger',
  OBJECT_LANGUAGE: 'language',
  OBJECT_TRANSFORM: 'transform',
  OBJECT_CONVERSION: 'conversion',
  OBJECT_OPCLASS: 'class',
  OBJECT_OPFAMILY: 'family',
}

/** Rules about what is gone afterwards. */
export const dropRules: readonly Rule[] = [
  {
    rule: 'drop-column',
    code: 'data-loss',
    severity: 'hazard',
    what: 'DROP COLUMN',
    why: 'its values are gone, and code of the previous release that names the column fails',
    instead: 'deploy code that no longer uses it first; keep the values elsewhere when they may be wanted',
    commands: {
      AT_DropColumn: ({ table, command }, state) => {
        const successor = takesOver(table, command.name ?? '', state)
        const swapped = successor !== undefined && { severity: 'advice' as const, message: `its values are gone, unless ${successor}, which takes over its name, holds them`, instead: `make sure that ${successor} is filled` }
        return !state.table(table).columns.get(command.name ?? '')?.isNew && { object: joined([table, command.name]), ...swapped }
      },
    },
  },
  {
    rule: 'drop-table',
    code: 'data-loss',
    severity: 'hazard',
    what: 'DROP TABLE, DROP MATERIALIZED VIEW, DROP FOREIGN TABLE',
    why: 'its rows are gone, and code of the previous release that names it fails',
    instead: 'deploy code that no longer uses it first; drop its foreign keys in short steps before; keep the rows elsewhere when they may be wanted',
    statements: {
      DropStmt: ({ removeType, objects = [] }, state) =>
        removeType === 'OBJECT_TABLE' || removeType === 'OBJECT_MATVIEW' || removeType === 'OBJECT_FOREIGN_TABLE'
          ? objects.map(objectName).filter((name) => state.isOld(name) && !(removeType === 'OBJECT_MATVIEW' && isMadeAgain('matview', name, state))).map((object) => ({ object }))
          : undefined,
    },
  },
  {
    rule: 'drop-database',
    code: 'data-loss',
    severity: 'hazard',
    what: 'DROP DATABASE, DROP OWNED, DROP TABLESPACE',
    why: 'everything in it is gone',
    instead: 'do it by hand, with a backup',
    statements: {
      DropdbStmt: ({ dbname }) => ({ object: dbname ?? '' }),
      DropOwnedStmt: ({ roles }) => ({ object: all('RoleSpec', roles).map(({ rolename }) => rolename).join(', ') }),
      DropTableSpaceStmt: ({ tablespacename }) => ({ object: tablespacename ?? '' }),
    },
  },
  {
    rule: 'drop-cascade',
    code: 'data-loss',
    severity: 'hazard',
    what: 'DROP … CASCADE',
    why: 'everything that depends on it goes too, unnamed: columns, foreign keys, views',
    instead: 'drop what depends on it by name, without CASCADE',
    statements: {
      DropStmt: ({ behavior, objects = [], removeType }, state) =>
        behavior === 'DROP_CASCADE' ? objects.map(objectName).filter((name) => !isOwn(removeType, name, state)).map((object) => ({ object })) : undefined,
    },
    commands: {
      AT_DropColumn: ({ table, command }) => command.behavior === 'DROP_CASCADE' && { object: joined([table, command.name]) },
      AT_DropConstraint: ({ table, command }) => command.behavior === 'DROP_CASCADE' && { object: joined([table, command.name]) },
    },
  },
  {
    rule: 'drop-object',
    code: 'breaks-code',
    severity: 'hazard',
    what: 'DROP of a view, routine, type, sequence, schema, extension and the like, unless the same transaction makes it anew; DROP ATTRIBUTE',
    why: 'running code that uses it fails',
    instead: 'deploy code that no longer uses it first; CREATE OR REPLACE where it only changes',
    statements: {
      DropStmt: (drop, state) => {
        const kind = NAMED[drop.removeType ?? 'OBJECT_TABLE']
        return kind === undefined ? undefined : (drop.objects ?? []).map(objectName).filter((name) => !isOwn(drop.removeType, name, state) && !isMadeAgain(kind, name, state)).map((object) => ({ object }))
      },
      AlterTableStmt: ({ objtype, cmds, relation }) =>
        objtype === 'OBJECT_TYPE' ? all('AlterTableCmd', cmds).filter(({ subtype }) => subtype === 'AT_DropColumn' || subtype === 'AT_AlterColumnType').map(({ name }) => ({ object: joined([nameOf(relation), name]) })) : undefined,
    },
  },
  {
    rule: 'truncate',
    code: 'data-loss',
    severity: 'hazard',
    what: 'TRUNCATE',
    why: 'all rows are gone; with CASCADE also those of every table that refers to it',
    instead: 'DELETE of the rows that are meant, in batches',
    statements: { TruncateStmt: ({ relations }, state) => all('RangeVar', relations).map(nameOf).filter((name) => state.isOld(name)).map((object) => ({ object })) },
  },
]

/** The column that gets the name of one that goes. */
function takesOver(table: string, column: string, state: State): string | undefined {
  for (const { type, node } of state.following()) {
    if (type !== 'RenameStmt') continue
    const { renameType, relation, subname, newname } = node as NodeOf<'RenameStmt'>
    if (renameType === 'OBJECT_COLUMN' && nameOf(relation) === table && newname === column) return subname
  }
  return undefined
}

function isOwn(type: DropStmt['removeType'], name: string, state: State): boolean {
  if (type === 'OBJECT_TABLE' || type === 'OBJECT_MATVIEW') return !state.isOld(name)
  if (type === 'OBJECT_INDEX') return !state.isOld(state.indexes.get(name)?.table ?? '')
  const kind = NAMED[type ?? 'OBJECT_TABLE']
  return kind !== undefined && state.isMade(kind, name.replace(/\(.*$/, ''))
}

/** Nobody sees the moment between a DROP and a CREATE in one transaction. */
function isMadeAgain(kind: string, name: string, state: State): boolean {
  return state.restOfTransaction().some((piece) => madeBy(piece).some(([its, what]) => its === kind && sameName(what, name.replace(/\(.*$/, ''))))
}

function madeBy({ type, node }: Piece): [string, string][] {
  switch (type) {
    case 'ViewStmt':
      return [['view', nameOf((node as NodeOf<'ViewStmt'>).view)]]
    case 'CreateFunctionStmt':
      return [['function', listedName((node as NodeOf<'CreateFunctionStmt'>).funcname)]]
    case 'CreateEnumStmt':
      return [['type', listedName((node as NodeOf<'CreateEnumStmt'>).typeName)]]
    case 'CreateDomainStmt':
      return [['type', listedName((node as NodeOf<'CreateDomainStmt'>).domainname)]]
    case 'CreateTableAsStmt': {
      const { objtype, into } = node as NodeOf<'CreateTableAsStmt'>
      return objtype === 'OBJECT_MATVIEW' ? [['matview', nameOf(into?.rel)]] : []
    }
    default:
      return []
  }
}
