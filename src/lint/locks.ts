import type { AlterTableType, AlterTableStmt, CreateStmt, Node } from 'libpg-query'
import type { LockMode, State } from './state.js'
import { all, as, constraintsOf, hasOption, nameOf, objectName, type NodeOf, type NodeType } from './syntax.js'

/** Commands of ALTER TABLE beside which others go on reading and writing. */
const WEAK = new Set<AlterTableType>([
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_DetachPartitionFinalize',
])

const TRIGGERS = /^AT_(Enable|Disable)(Always|Replica)?Trig/

/** The modes of LOCK that others wait for, by the numbers of the parser. */
const MODES: Readonly<Record<number, LockMode>> = { 5: 'SHARE', 6: 'SHARE ROW EXCLUSIVE', 7: 'EXCLUSIVE', 8: 'ACCESS EXCLUSIVE' }

/** The locks that a statement takes on tables that others use, and that these wait for. */
export function locksOf(type: NodeType, node: never, state: State): { table: string; mode: LockMode }[] {
  return takenBy(type, node).filter(({ table }) => state.isOld(table))
}

function takenBy(type: NodeType, node: never): { table: string; mode: LockMode }[] {
  const content = <Type extends NodeType>() => node as NodeOf<Type>
  const exclusive = (table: string) => [{ table, mode: 'ACCESS EXCLUSIVE' as const }]
  switch (type) {
    case 'AlterTableStmt':
      return alterLocks(content<'AlterTableStmt'>())
    case 'RenameStmt': {
      const { relation, renameType } = content<'RenameStmt'>()
      return relation && renameType !== 'OBJECT_INDEX' ? exclusive(nameOf(relation)) : []
    }
    case 'AlterObjectSchemaStmt': {
      const { relation } = content<'AlterObjectSchemaStmt'>()
      return relation ? exclusive(nameOf(relation)) : []
    }
    case 'DropStmt': {
      const { removeType, objects = [], concurrent } = content<'DropStmt'>()
      if (removeType === 'OBJECT_TABLE' || removeType === 'OBJECT_MATVIEW') return objects.flatMap((each) => exclusive(objectName(each)))
      if (removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_RULE' || removeType === 'OBJECT_POLICY') return objects.flatMap((each) => exclusive(objectName(each).split('.').slice(0, -1).join('.')))
      return removeType === 'OBJECT_INDEX' && !concurrent ? objects.flatMap((each) => exclusive(objectName(each))) : []
    }
    case 'TruncateStmt':
      return all('RangeVar', content<'TruncateStmt'>().relations).flatMap((each) => exclusive(nameOf(each)))
    case 'IndexStmt': {
      const { concurrent, relation } = content<'IndexStmt'>()
      return concurrent ? [] : [{ table: nameOf(relation), mode: 'SHARE' }]
    }
    case 'ReindexStmt': {
      const { kind, relation, params } = content<'ReindexStmt'>()
      return kind === 'REINDEX_OBJECT_TABLE' && !hasOption(params, 'concurrently') ? [{ table: nameOf(relation), mode: 'SHARE' }] : []
    }
    case 'CreateTrigStmt':
      return [{ table: nameOf(content<'CreateTrigStmt'>().relation), mode: 'SHARE ROW EXCLUSIVE' }]
    case 'RuleStmt':
      return exclusive(nameOf(content<'RuleStmt'>().relation))
    case 'CreatePolicyStmt':
      return exclusive(nameOf(content<'CreatePolicyStmt'>().table))
    case 'AlterPolicyStmt':
      return exclusive(nameOf(content<'AlterPolicyStmt'>().table))
    case 'CreateStmt':
      return createLocks(content<'CreateStmt'>())
    case 'LockStmt': {
      const { relations, mode = 8 } = content<'LockStmt'>()
      const taken = MODES[mode]
      return taken ? all('RangeVar', relations).map((each) => ({ table: nameOf(each), mode: taken })) : []
    }
    case 'RefreshMatViewStmt': {
      const { concurrent, relation } = content<'RefreshMatViewStmt'>()
      return concurrent ? [] : exclusive(nameOf(relation))
    }
    case 'ClusterStmt': {
      const { relation } = content<'ClusterStmt'>()
      return relation ? exclusive(nameOf(relation)) : []
    }
    default:
      return []
  }
}

function alterLocks({ relation, cmds, objtype }: AlterTableStmt): { table: string; mode: LockMode }[] {
  if (objtype !== 'OBJECT_TABLE' && objtype !== 'OBJECT_MATVIEW' && objtype !== 'OBJECT_FOREIGN_TABLE') return []
  const table = nameOf(relation)
  return all('AlterTableCmd', cmds).flatMap(({ subtype = 'AT_AddColumn', def }): { table: string; mode: LockMode }[] => {
    if (subtype === 'AT_AttachPartition') return [{ table: nameOf(as('PartitionCmd', def)?.name), mode: 'ACCESS EXCLUSIVE' }]
    if (WEAK.has(subtype) || (subtype === 'AT_DetachPartition' && as('PartitionCmd', def)?.concurrent)) return []
    const referenced = referencedBy(def)
    if (subtype === 'AT_AddConstraint' && referenced.length > 0) return [{ table, mode: 'SHARE ROW EXCLUSIVE' }, ...referenced]
    return [{ table, mode: TRIGGERS.test(subtype) ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE' }, ...referenced]
  })
}

/** The tables that a constraint, or those of a column, refer to. */
function referencedBy(definition: Node | undefined): { table: string; mode: LockMode }[] {
  const column = as('ColumnDef', definition)
  const constraints = column ? constraintsOf(column) : all('Constraint', definition ? [definition] : [])
  return constraints.flatMap(({ pktable }) => (pktable ? [{ table: nameOf(pktable), mode: 'SHARE ROW EXCLUSIVE' as const }] : []))
}

function createLocks({ tableElts = [], inhRelations, partbound }: CreateStmt): { table: string; mode: LockMode }[] {
  const parents = partbound ? all('RangeVar', inhRelations).map((each) => ({ table: nameOf(each), mode: 'ACCESS EXCLUSIVE' as const })) : []
  return [...parents, ...tableElts.flatMap(referencedBy)]
}
