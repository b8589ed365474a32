import { all, as, hasOption, nameOf, objectName, type NodeOf, type NodeType } from './syntax.js'

/** What a statement is about that PostgreSQL refuses inside a transaction; undefined for all others. */
export function refusedInTransaction(type: NodeType, node: never): string | undefined {
  switch (type) {
    case 'IndexStmt': {
      const { concurrent, idxname, relation } = node as NodeOf<'IndexStmt'>
      return concurrent ? (idxname ?? nameOf(relation)) : undefined
    }
    case 'DropStmt': {
      const { concurrent, objects = [] } = node as NodeOf<'DropStmt'>
      return concurrent ? objects.map(objectName).join(', ') : undefined
    }
    case 'ReindexStmt': {
      const { params, kind, relation, name } = node as NodeOf<'ReindexStmt'>
      const isOfMany = kind === 'REINDEX_OBJECT_SCHEMA' || kind === 'REINDEX_OBJECT_DATABASE' || kind === 'REINDEX_OBJECT_SYSTEM'
      return hasOption(params, 'concurrently') || isOfMany ? (relation ? nameOf(relation) : (name ?? 'REINDEX')) : undefined
    }
    case 'AlterTableStmt': {
      const { cmds, relation } = node as NodeOf<'AlterTableStmt'>
      return all('AlterTableCmd', cmds).some(({ def }) => as('PartitionCmd', def)?.concurrent) ? nameOf(relation) : undefined
    }
    case 'VacuumStmt': {
      const { is_vacuumcmd, rels } = node as NodeOf<'VacuumStmt'>
      return is_vacuumcmd ? all('VacuumRelation', rels).map(({ relation }) => nameOf(relation)).join(', ') || 'VACUUM' : undefined
    }
    case 'ClusterStmt':
      return (node as NodeOf<'ClusterStmt'>).relation ? undefined : 'CLUSTER'
    case 'CreatedbStmt':
    case 'DropdbStmt':
      return (node as NodeOf<'DropdbStmt'>).dbname
    case 'CreateTableSpaceStmt':
    case 'DropTableSpaceStmt':
      return (node as NodeOf<'DropTableSpaceStmt'>).tablespacename
    case 'AlterSystemStmt':
      return 'ALTER SYSTEM'
    default:
      return undefined
  }
}
