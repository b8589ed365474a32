import type { CreateStmt } from 'libpg-query'
import type { Rule } from '../rule.js'
import type { State } from '../state.js'
import { all, as, constraintsOf, joined, listedName, nameOf, objectName, type NodeOf } from '../syntax.js'

/** Rules about replication, and about what cannot be seen from here. */
export const otherRules: readonly Rule[] = [
  {
    rule: 'replica-identity',
    code: 'replication',
    severity: 'hazard',
    what: 'REPLICA IDENTITY on a table that was there before',
    why: 'subscribers find rows by it: with FULL each looks through the whole table, with NOTHING updates and deletes of a published table fail',
    instead: 'a primary key, or USING INDEX of a unique one over columns that are NOT NULL',
    commands: { AT_ReplicaIdentity: ({ table }) => ({ object: table }) },
  },
  {
    rule: 'publication',
    code: 'replication',
    severity: 'hazard',
    what: 'CREATE, ALTER or DROP of a publication or subscription',
    why: 'subscribers get more or less than before; updates and deletes of a published table without a primary key fail',
    instead: 'make sure that published tables have a primary key and subscribers have the tables first',
    statements: {
      CreatePublicationStmt: ({ pubname }) => ({ object: pubname ?? '' }),
      AlterPublicationStmt: ({ pubname }) => ({ object: pubname ?? '' }),
      CreateSubscriptionStmt: ({ subname }) => ({ object: subname ?? '' }),
      AlterSubscriptionStmt: ({ subname }) => ({ object: subname ?? '' }),
      DropSubscriptionStmt: ({ subname }) => ({ object: subname ?? '' }),
      DropStmt: ({ removeType, objects = [] }) => (removeType === 'OBJECT_PUBLICATION' ? objects.map((each) => ({ object: objectName(each) })) : undefined),
    },
  },
  {
    rule: 'unlogged-table',
    code: 'replication',
    severity: 'advice',
    what: 'CREATE UNLOGGED TABLE',
    why: 'replicas do not have its rows, and after a crash it is empty',
    instead: 'a logged table, unless the rows can be made again',
    statements: { CreateStmt: ({ relation }) => relation?.relpersistence === 'u' && { object: nameOf(relation) } },
  },
  {
    rule: 'no-primary-key',
    code: 'replication',
    severity: 'advice',
    what: 'CREATE TABLE without a primary key',
    why: 'logical replication cannot tell its rows apart: once it is published, its updates and deletes fail',
    instead: 'a primary key',
    statements: {
      CreateStmt: (table, state) => {
        const { relation, tableElts, inhRelations, partbound, ofTypename } = table
        const isLikeOther = inhRelations !== undefined || partbound !== undefined || ofTypename !== undefined || all('TableLikeClause', tableElts).length > 0
        return relation?.relpersistence !== 't' && !isLikeOther && !hasKey(table) && !getsKey(nameOf(relation), state) && { object: nameOf(relation) }
      },
    },
  },
  {
    rule: 'dynamic-sql',
    code: 'untracked-dependency',
    severity: 'hazard',
    what: 'EXECUTE of a text that is put together, in a DO block; \\gexec of psql; blocks in other languages than PL/pgSQL; advice in a function',
    why: 'what it runs is known only when it runs: nothing of it is checked here, and PostgreSQL does not know what it depends on',
    instead: 'write the statements out, one by one',
    every: (type, _, { piece }) =>
      (piece.dynamic ?? []).map(({ text, at }) => ({ object: text.length > 60 ? `${text.slice(0, 60)}…` : text, at, ...(type === 'CreateFunctionStmt' && { severity: 'advice' as const }) })),
  },
  {
    rule: 'foreign-call',
    code: 'untracked-dependency',
    severity: 'advice',
    what: 'CALL, CREATE EXTENSION, EXECUTE of a prepared statement; op.run in a migration',
    why: 'what it does stands elsewhere: nothing of it is checked here',
    instead: 'look at it by hand',
    statements: {
      CallStmt: ({ funccall }) => ({ object: all('String', funccall?.funcname).map(({ sval }) => sval).join('.') }),
      CreateExtensionStmt: ({ extname }) => ({ object: extname ?? '' }),
      ExecuteStmt: ({ name }) => ({ object: name ?? '' }),
    },
  },
  {
    rule: 'add-enum-value',
    code: 'breaks-code',
    severity: 'advice',
    what: 'ALTER TYPE … ADD VALUE',
    why: 'code of the previous release may meet a label that it does not know; without BEFORE or AFTER it sorts behind all others',
    instead: 'deploy code that knows the label first',
    statements: { AlterEnumStmt: ({ typeName, newVal, oldVal }, state) => oldVal === undefined && !state.isMade('type', listedName(typeName)) && { object: `${listedName(typeName)}: ${newVal ?? ''}` } },
  },
  {
    rule: 'change-object',
    code: 'breaks-code',
    severity: 'advice',
    what: 'ALTER of a sequence, view, function, type, extension or setting of a database; CREATE OR REPLACE; CREATE EVENT TRIGGER; other options of an identity or a constraint; DROP EXPRESSION, INHERIT, NO INHERIT',
    why: 'running code goes on with something that behaves differently',
    instead: 'make sure that code of the previous release bears it',
    statements: {
      AlterSeqStmt: ({ sequence }, state) => !state.isMade('sequence', nameOf(sequence)) && { object: nameOf(sequence) },
      CreateEventTrigStmt: ({ trigname }) => ({ object: trigname ?? '' }),
      AlterFunctionStmt: ({ func }, state) => !state.isMade('function', listedName(func?.objname)) && { object: listedName(func?.objname) },
      AlterExtensionStmt: ({ extname }) => ({ object: extname ?? '' }),
      AlterExtensionContentsStmt: ({ extname, action }) => (action ?? 0) < 0 && { object: extname ?? '' },
      ViewStmt: ({ view, replace }, state) => replace && !state.isMade('view', nameOf(view)) && { object: nameOf(view) },
      CreateFunctionStmt: ({ funcname, replace }, state) => replace && !state.isMade('function', listedName(funcname)) && { object: listedName(funcname) },
      AlterTableStmt: ({ relation, objtype, cmds }, state) => {
        const isAltered = objtype === 'OBJECT_VIEW' ? !state.isMade('view', nameOf(relation)) : objtype === 'OBJECT_TYPE' && !state.isMade('type', nameOf(relation)) && all('AlterTableCmd', cmds).some(({ subtype }) => subtype === 'AT_AddColumn')
        return isAltered && all('AlterTableCmd', cmds).every(({ subtype }) => subtype !== 'AT_ChangeOwner') && { object: nameOf(relation) }
      },
      AlterDatabaseSetStmt: ({ dbname }) => ({ object: dbname ?? '' }),
      AlterDatabaseStmt: ({ dbname }) => ({ object: dbname ?? '' }),
      AlterSystemStmt: ({ setstmt }) => ({ object: setstmt?.name ?? '' }),
      AlterRoleSetStmt: ({ role, setstmt }) => ({ object: role?.rolename ?? setstmt?.name ?? '' }),
    },
    commands: {
      AT_DropExpression: ({ table, command }) => ({ object: joined([table, command.name]) }),
      AT_AddInherit: ({ table }) => ({ object: table }),
      AT_DropInherit: ({ table }) => ({ object: table }),
      AT_AlterConstraint: ({ table, command }) => ({ object: joined([table, as('ATAlterConstraint', command.def)?.conname ?? as('Constraint', command.def)?.conname]) }),
      AT_SetIdentity: ({ table, command }) => all('DefElem', as('List', command.def)?.items).some(({ defname }) => defname !== 'generated') && { object: joined([table, command.name]) },
    },
  },
  {
    rule: 'no-downgrade',
    code: 'irreversible',
    severity: 'hazard',
    what: 'a migration without a downgrade; advice when op.irreversible says why',
    why: 'there is no way back',
    instead: 'write the downgrade, or op.irreversible with the reason',
    atEnd: ({ unit }) => {
      if (unit.irreversible === undefined) return undefined
      return unit.irreversible === null ? { object: unit.revision ?? '' } : { object: unit.revision ?? '', severity: 'advice', message: `there is no way back: ${unit.irreversible}` }
    },
  },
]

function hasKey({ tableElts }: CreateStmt): boolean {
  const constraints = [...all('Constraint', tableElts), ...all('ColumnDef', tableElts).flatMap(constraintsOf)]
  return constraints.some(({ contype }) => contype === 'CONSTR_PRIMARY')
}

/** Whether a statement behind it adds one. */
function getsKey(table: string, state: State): boolean {
  return state.following().some(({ type, node }) => {
    if (type !== 'AlterTableStmt') return false
    const { relation, cmds } = node as NodeOf<'AlterTableStmt'>
    return nameOf(relation) === table && all('AlterTableCmd', cmds).some(({ def }) => as('Constraint', def)?.contype === 'CONSTR_PRIMARY')
  })
}
