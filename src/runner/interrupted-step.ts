import type { Database } from '../database/database.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'

/** What a statement of a step does that leaves something behind when it is cut off, as far as the next run must know. */
type Effect =
  | { readonly type: 'create index'; readonly table: string; readonly index: string }
  | { readonly type: 'drop index'; readonly index: string }
  | { readonly type: 'reindex'; readonly of: string }
  | { readonly type: 'detach'; readonly parent: string; readonly partition: string }
  | { readonly type: 'add value'; readonly enumType: string; readonly label: string }
  | { readonly type: 'create subscription' | 'drop subscription'; readonly name: string }

/**
 * Clears away, or finishes, what a statement outside a transaction left half done in an earlier run. `outcome` is what that run recorded last: it
 * `failed` in this statement, or was still `running` it, and may have come to its end. True when nothing is left to do. Statements that can simply
 * be run again are left alone.
 *
 * @example if (!(await settle(database, 'CREATE INDEX CONCURRENTLY a_b ON a (b)', 'running'))) await run()
 */
export async function settle(database: Database, sql: string, outcome: 'running' | 'failed'): Promise<boolean> {
  const mayHaveEnded = outcome === 'running'
  const effect = await effectOf(sql)
  switch (effect?.type) {
    case 'create index': {
      const [row] = await database.query(
        `SELECT i.indisvalid, i.indexrelid::regclass::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
         WHERE i.indrelid = pg_catalog.to_regclass($1) AND x.relname = $2`,
        [effect.table, effect.index],
      )
      if (row && !row[0]) await database.executeAll([`DROP INDEX CONCURRENTLY ${row[1] as string}`])
      return mayHaveEnded && row?.[0] === true
    }
    case 'drop index':
      return mayHaveEnded && !(await holds(database, 'SELECT WHERE pg_catalog.to_regclass($1) IS NOT NULL', effect.index))
    case 'reindex': {
      // The manual of REINDEX names these endings, of which a number keeps several apart.
      const rows = await database.query(
        `SELECT i.indexrelid::regclass::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
         WHERE NOT i.indisvalid AND x.relname ~ '_cc(new|old)[0-9]*$' AND i.indrelid IN (
           SELECT coalesce((SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = r.oid), r.oid)
           FROM pg_catalog.to_regclass($1) r(oid) UNION SELECT reltoastrelid FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1))`,
        [effect.of],
      )
      for (const [index] of rows) await database.executeAll([`DROP INDEX CONCURRENTLY ${index as string}`])
      return false
    }
    case 'detach': {
      const [row] = await database.query(
        'SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhparent = pg_catalog.to_regclass($1) AND inhrelid = pg_catalog.to_regclass($2)',
        [effect.parent, effect.partition],
      )
      if (row?.[0] !== true) return mayHaveEnded && row === undefined
      await database.executeAll([`ALTER TABLE ${effect.parent} DETACH PARTITION ${effect.partition} FINALIZE`])
      return true
    }
    case 'add value':
      return mayHaveEnded && (await holds(database, 'SELECT FROM pg_catalog.pg_enum WHERE enumtypid = pg_catalog.to_regtype($1) AND enumlabel = $2', effect.enumType, effect.label))
    case 'create subscription':
      return mayHaveEnded && (await hasSubscription(database, effect.name))
    case 'drop subscription':
      return mayHaveEnded && !(await hasSubscription(database, effect.name))
    default:
      return false
  }
}

function hasSubscription(database: Database, name: string): Promise<boolean> {
  const here = '(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())'
  return holds(database, `SELECT FROM pg_catalog.pg_subscription WHERE subname = $1 AND subdbid = ${here}`, name)
}

async function holds(database: Database, sql: string, ...parameters: string[]): Promise<boolean> {
  return (await database.query(sql, parameters)).length > 0
}

/** What PostgreSQL's own parser makes of a text; undefined for several statements, and for what may be run again. */
async function effectOf(sql: string): Promise<Effect | undefined> {
  const { parse } = await import('libpg-query')
  const parsed = await parse(sql).catch(() => undefined)
  const statements = (parsed?.stmts ?? []) as { readonly stmt: Record<string, Node> }[]
  if (statements.length !== 1) return undefined
  const [[type, node]] = Object.entries(statements[0]!.stmt) as [[string, Node]]
  switch (type) {
    case 'IndexStmt':
      return node.concurrent && node.idxname ? { type: 'create index', table: nameOf(node.relation!), index: node.idxname } : undefined
    case 'DropStmt':
      return node.removeType === 'OBJECT_INDEX' && node.concurrent ? { type: 'drop index', index: listed(node.objects![0]!.List.items) } : undefined
    case 'ReindexStmt':
      return node.relation && node.params?.some(({ DefElem }) => DefElem.defname === 'concurrently') ? { type: 'reindex', of: nameOf(node.relation) } : undefined
    case 'AlterTableStmt': {
      const { subtype, def } = node.cmds![0]!.AlterTableCmd
      const detaches = subtype === 'AT_DetachPartition' || subtype === 'AT_DetachPartitionFinalize'
      return detaches ? { type: 'detach', parent: nameOf(node.relation!), partition: nameOf(def!.PartitionCmd!.name) } : undefined
    }
    case 'AlterEnumStmt':
      return node.newVal !== undefined && node.oldVal === undefined ? { type: 'add value', enumType: listed(node.typeName!), label: node.newVal } : undefined
    case 'CreateSubscriptionStmt':
      return { type: 'create subscription', name: node.subname! }
    case 'DropSubscriptionStmt':
      return { type: 'drop subscription', name: node.subname! }
    default:
      return undefined
  }
}

interface RangeVar {
  readonly schemaname?: string
  readonly relname: string
}

/** The parts of a parse tree that are looked at. */
interface Node {
  readonly concurrent?: boolean
  readonly idxname?: string
  readonly relation?: RangeVar
  readonly removeType?: string
  readonly objects?: readonly { readonly List: { readonly items: readonly Name[] } }[]
  readonly params?: readonly { readonly DefElem: { readonly defname: string } }[]
  readonly cmds?: readonly { readonly AlterTableCmd: { readonly subtype: string; readonly def?: { readonly PartitionCmd?: { readonly name: RangeVar } } } }[]
  readonly typeName?: readonly Name[]
  readonly newVal?: string
  readonly oldVal?: string
  readonly subname?: string
}

interface Name {
  readonly String: { readonly sval: string }
}

function nameOf({ schemaname, relname }: RangeVar): string {
  return schemaname === undefined ? quoteIdent(relname) : qualified(schemaname, relname)
}

function listed(names: readonly Name[]): string {
  return names.map(({ String: { sval } }) => quoteIdent(sval)).join('.')
}
