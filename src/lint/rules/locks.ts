import type { AlterTableCmd, AlterTableType } from 'libpg-query'
import type { Rule, TableCommand } from '../rule.js'
import type { State } from '../state.js'
import { all, as, hasOption, nameOf, type NodeOf } from '../syntax.js'

const DISABLES: readonly AlterTableType[] = ['AT_DisableTrig', 'AT_DisableTrigAll', 'AT_DisableTrigUser', 'AT_DisableRule']
const ENABLES: readonly AlterTableType[] = ['AT_EnableTrig', 'AT_EnableTrigAll', 'AT_EnableTrigUser', 'AT_EnableAlwaysTrig', 'AT_EnableReplicaTrig', 'AT_EnableRule']

/** Nobody else writes while the lock of DISABLE is held. */
const FOR_A_WHILE = { severity: 'advice', message: 'what the statements between write is not checked, and others wait with their writes' } as const

const REWRITES: readonly AlterTableType[] = ['AT_SetLogged', 'AT_SetUnLogged', 'AT_SetTableSpace', 'AT_SetAccessMethod']

/** Rules about statements that keep a table to themselves. */
export const lockRules: readonly Rule[] = [
  {
    rule: 'rewrite-table',
    code: 'table-rewrite',
    severity: 'hazard',
    what: 'VACUUM FULL, CLUSTER, SET LOGGED, SET UNLOGGED, SET TABLESPACE, SET ACCESS METHOD',
    why: 'the whole table is written anew, and reads and writes of it wait until it is done',
    instead: 'pg_repack or a like tool, or a quiet hour; plain VACUUM where only space is to be used again',
    statements: {
      VacuumStmt: ({ options, rels }) => hasOption(options, 'full') && { object: all('VacuumRelation', rels).map(({ relation }) => nameOf(relation)).join(', ') || 'every table' },
      ClusterStmt: ({ relation }, state) => (!relation || state.isOld(nameOf(relation))) && { object: relation ? nameOf(relation) : 'every table' },
      AlterTableMoveAllStmt: ({ orig_tablespacename }) => ({ object: `tablespace ${orig_tablespacename ?? ''}` }),
      AlterTableStmt: ({ objtype, cmds, relation }) => objtype === 'OBJECT_INDEX' && all('AlterTableCmd', cmds).some(({ subtype }) => subtype === 'AT_SetTableSpace') && { object: nameOf(relation) },
    },
    commands: Object.fromEntries(REWRITES.map((type) => [type, ({ table }: TableCommand) => ({ object: table })])),
  },
  {
    rule: 'lock-table',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'LOCK TABLE in a mode that writes wait for',
    why: 'writes of the table, or all use of it, wait until the transaction ends',
    instead: 'a weaker mode, or an advisory lock',
    statements: { LockStmt: ({ relations, mode = 8 }, state) => (mode >= 5 ? all('RangeVar', relations).map(nameOf).filter((name) => state.isOld(name)).map((object) => ({ object })) : undefined) },
  },
  {
    rule: 'refresh-view',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'REFRESH MATERIALIZED VIEW without CONCURRENTLY',
    why: 'reads of the view wait until it is filled; with NO DATA they fail until somebody does',
    instead: 'REFRESH MATERIALIZED VIEW CONCURRENTLY, for which the view needs a unique index',
    statements: { RefreshMatViewStmt: ({ concurrent, relation }, state) => !concurrent && state.isOld(nameOf(relation)) && { object: nameOf(relation) } },
  },
  {
    rule: 'trigger-lock',
    code: 'strong-lock',
    severity: 'advice',
    what: 'CREATE TRIGGER, DROP TRIGGER, ENABLE TRIGGER, CREATE RULE on a table that was there before',
    why: 'writes of the table, or all use of it, wait for a moment; from then on writes do something else than before',
    instead: 'run it by itself, under a lock_timeout',
    statements: {
      CreateTrigStmt: ({ relation, trigname }, state) => state.isOld(nameOf(relation)) && { object: `${trigname} on ${nameOf(relation)}` },
      RuleStmt: ({ relation, rulename }, state) => state.isOld(nameOf(relation)) && { object: `${rulename} on ${nameOf(relation)}` },
      DropStmt: ({ removeType, objects = [] }, state) =>
        removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_RULE'
          ? objects.flatMap((each) => {
              const names = all('String', as('List', each)?.items).map(({ sval }) => sval ?? '')
              const table = names.slice(0, -1).join('.')
              return state.isOld(table) ? [{ object: `${names.at(-1)} on ${table}` }] : []
            })
          : undefined,
    },
    commands: Object.fromEntries(ENABLES.map((type) => [type, ({ table, command }: TableCommand) => ({ object: triggerOf(table, command) })])),
  },
  {
    rule: 'disable-trigger',
    code: 'breaks-code',
    severity: 'hazard',
    what: 'DISABLE TRIGGER, DISABLE RULE; advice where the same transaction enables it again',
    why: 'what it keeps up, foreign keys with ALL, is not kept up for anybody until it is enabled again, and what was missed is not made up for',
    instead: 'SET LOCAL session_replication_role, which is for this transaction only; or let the trigger function pass over what is meant',
    commands: Object.fromEntries(DISABLES.map((type) => [type, ({ table, command }: TableCommand, state: State) => ({ object: triggerOf(table, command), ...(isEnabledAgain(table, command, state) && FOR_A_WHILE) })])),
  },
  {
    rule: 'attach-partition',
    code: 'long-scan',
    severity: 'hazard',
    what: 'ATTACH PARTITION of a table that was there before, without a validated CHECK that implies its bounds',
    why: 'every row of the partition is checked while it is locked, and those of the default partition as well',
    instead: 'ADD CONSTRAINT … CHECK (…) NOT VALID with the bounds, VALIDATE it in a later transaction, then attach',
    commands: {
      AT_AttachPartition: ({ table, command }, state) => {
        const partition = nameOf(as('PartitionCmd', command.def)?.name)
        const { constraints, validated } = state.table(partition)
        const isChecked = validated.length > 0 || [...constraints.values()].some(({ valid }) => valid)
        return state.isOld(partition) && !isChecked && { object: `${partition} to ${table}` }
      },
    },
  },
  {
    rule: 'detach-partition',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'DETACH PARTITION without CONCURRENTLY',
    why: 'reads and writes of the whole partitioned table wait for it, and it waits for every query that uses the table',
    instead: 'DETACH PARTITION … CONCURRENTLY, outside a transaction',
    commands: {
      AT_DetachPartition: ({ table, command }) => {
        const { name, concurrent } = as('PartitionCmd', command.def) ?? {}
        return !concurrent && { object: `${nameOf(name)} of ${table}` }
      },
    },
  },
  {
    rule: 'create-partition',
    code: 'strong-lock',
    severity: 'advice',
    what: 'CREATE TABLE … PARTITION OF a table that was there before',
    why: 'reads and writes of the whole partitioned table wait for it, longer when a default partition has rows to be checked',
    instead: 'CREATE TABLE … (LIKE … INCLUDING ALL), then ALTER TABLE … ATTACH PARTITION, which locks less',
    statements: {
      CreateStmt: ({ partbound, relation, inhRelations }, state) => partbound && all('RangeVar', inhRelations).some((parent) => state.isOld(nameOf(parent))) ? { object: nameOf(relation) } : undefined,
    },
  },
]

function triggerOf(table: string, { name }: AlterTableCmd): string {
  return name ? `${name} on ${table}` : table
}

function isEnabledAgain(table: string, { subtype, name }: AlterTableCmd, state: State): boolean {
  const enables = (command: AlterTableCmd) => command.subtype === subtype?.replace('Disable', 'Enable') && command.name === name
  return state.restOfTransaction().some(({ type, node }) => {
    if (type !== 'AlterTableStmt') return false
    const { relation, cmds } = node as NodeOf<'AlterTableStmt'>
    return nameOf(relation) === table && all('AlterTableCmd', cmds).some(enables)
  })
}
