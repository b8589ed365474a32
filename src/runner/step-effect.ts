import { qualified, quoteIdent } from '../sql/identifiers.js'

/** What is one thing of the whole server, or of the database, that statements outside transactions make and drop. */
export type Standing = 'database' | 'tablespace' | 'subscription'

/** What a statement of a step does that leaves something behind when it is cut off, as far as the next run must know. */
export type Effect =
  | { readonly type: 'create index'; readonly table: string; /** Undefined: PostgreSQL chooses the name. */ readonly index: string | undefined }
  | { readonly type: 'drop index'; readonly index: string }
  /** Of a table or an index, of a schema, or of everything. */
  | { readonly type: 'reindex'; readonly of: { readonly relation?: string; readonly schema?: string } }
  | { readonly type: 'detach'; readonly parent: string; readonly partition: string }
  | { readonly type: 'add value'; readonly enumType: string; readonly label: string }
  | { readonly type: 'create' | 'drop'; readonly what: Standing; readonly name: string }
  | { readonly type: 'add publication' | 'drop publication'; readonly subscription: string; readonly publications: readonly string[] }

/** Statements that PostgreSQL refuses in a transaction, some of them always, or that end transactions of their own. */
const NEVER_INSIDE = new Set(
  `VacuumStmt ClusterStmt ReindexStmt AlterSystemStmt DiscardStmt TransactionStmt DoStmt CallStmt CreatedbStmt DropdbStmt AlterDatabaseStmt
  CreateTableSpaceStmt DropTableSpaceStmt CreateSubscriptionStmt AlterSubscriptionStmt DropSubscriptionStmt`.split(/\s+/),
)

/** What PostgreSQL's own parser makes of a text; undefined for several statements, and for what may be run again. */
export async function effectOf(sql: string): Promise<Effect | undefined> {
  const statements = await statementsOf(sql)
  if (statements?.length !== 1) return undefined
  const [{ type, node }] = statements as [Statement]
  switch (type) {
    case 'IndexStmt':
      return node.concurrent ? { type: 'create index', table: nameOf(node.relation!), index: node.idxname } : undefined
    case 'DropStmt':
      return node.removeType === 'OBJECT_INDEX' && node.concurrent ? { type: 'drop index', index: listed(node.objects![0]!.List.items) } : undefined
    case 'ReindexStmt':
      if (!node.params?.some(({ DefElem }) => DefElem.defname === 'concurrently')) return undefined
      return { type: 'reindex', of: node.relation ? { relation: nameOf(node.relation) } : node.kind === 'REINDEX_OBJECT_SCHEMA' ? { schema: node.name! } : {} }
    case 'AlterTableStmt': {
      const partition = detached(node)
      return partition && { type: 'detach', parent: nameOf(node.relation!), partition: nameOf(partition) }
    }
    case 'AlterEnumStmt':
      return node.newVal !== undefined && node.oldVal === undefined ? { type: 'add value', enumType: listed(node.typeName!), label: node.newVal } : undefined
    case 'CreatedbStmt':
    case 'DropdbStmt':
      return { type: type === 'CreatedbStmt' ? 'create' : 'drop', what: 'database', name: node.dbname! }
    case 'CreateTableSpaceStmt':
    case 'DropTableSpaceStmt':
      return { type: type === 'CreateTableSpaceStmt' ? 'create' : 'drop', what: 'tablespace', name: node.tablespacename! }
    case 'CreateSubscriptionStmt':
    case 'DropSubscriptionStmt':
      return { type: type === 'CreateSubscriptionStmt' ? 'create' : 'drop', what: 'subscription', name: node.subname! }
    case 'AlterSubscriptionStmt': {
      const change = ({ ALTER_SUBSCRIPTION_ADD_PUBLICATION: 'add publication', ALTER_SUBSCRIPTION_DROP_PUBLICATION: 'drop publication' } as const)[node.kind!]
      return change && { type: change, subscription: node.subname!, publications: node.publication!.map(({ String: { sval } }) => sval) }
    }
    default:
      return undefined
  }
}

/**
 * Whether a text can run in a transaction, as far as the parser tells: then it and the note that it is done are one. Extensions have functions and
 * statements that refuse to, too.
 */
export async function fitsTransaction(sql: string): Promise<boolean> {
  const statements = await statementsOf(sql)
  return statements?.every(({ type, node }) => !NEVER_INSIDE.has(type) && !node.concurrent && !detached(node)) ?? false
}

/** Words without one of which a text is neither patient nor may commit; most texts need not be parsed. */
const TELLING = /\b(concurrently|validate|vacuum|analy[sz]e|do|call|begin|start|commit|end|rollback|abort)\b/i

/**
 * Whether a text waits for others by its nature, such as for transactions that began before it, under locks that hold up no reads and writes: to give
 * up early would help nobody, and may leave something half done.
 */
export async function isPatient(sql: string): Promise<boolean> {
  if (!TELLING.test(sql)) return false
  const statements = await statementsOf(sql)
  return statements !== undefined && statements.length > 0 && statements.every(waits)
}

function waits({ type, node }: Statement): boolean {
  switch (type) {
    case 'VacuumStmt':
      return !node.options?.some(({ DefElem }) => DefElem.defname === 'full')
    case 'AlterTableStmt':
      return node.cmds!.every(({ AlterTableCmd: command }) => command?.subtype === 'AT_ValidateConstraint' || command?.def?.PartitionCmd?.concurrent)
    case 'ReindexStmt':
      return node.params?.some(({ DefElem }) => DefElem.defname === 'concurrently') ?? false
    default:
      return node.concurrent ?? false
  }
}

/** Whether a text may end transactions by itself: what it did before it failed then stays. */
export async function mayCommit(sql: string): Promise<boolean> {
  if (!TELLING.test(sql)) return false
  const statements = await statementsOf(sql)
  return statements?.some(({ type }) => ['DoStmt', 'CallStmt', 'TransactionStmt'].includes(type)) ?? false
}

interface Statement {
  readonly type: string
  readonly node: Node
}

async function statementsOf(sql: string): Promise<Statement[] | undefined> {
  const { parse } = await import('libpg-query')
  const parsed = await parse(sql).catch(() => undefined)
  const statements = parsed && ((parsed.stmts ?? []) as { readonly stmt: Record<string, Node> }[])
  return statements?.map(({ stmt }) => {
    const [[type, node]] = Object.entries(stmt) as [[string, Node]]
    return { type, node }
  })
}

interface RangeVar {
  readonly schemaname?: string
  readonly relname: string
}

interface PartitionCommand {
  readonly name: RangeVar
  readonly concurrent?: boolean
}

/** The parts of a parse tree that are looked at. */
interface Node {
  readonly concurrent?: boolean
  readonly idxname?: string
  readonly relation?: RangeVar
  readonly removeType?: string
  readonly objects?: readonly { readonly List: { readonly items: readonly Name[] } }[]
  readonly kind?: string
  readonly name?: string
  readonly params?: readonly { readonly DefElem: { readonly defname: string } }[]
  readonly options?: readonly { readonly DefElem: { readonly defname: string } }[]
  readonly cmds?: readonly { readonly AlterTableCmd?: { readonly subtype: string; readonly def?: { readonly PartitionCmd?: PartitionCommand } } }[]
  readonly typeName?: readonly Name[]
  readonly newVal?: string
  readonly oldVal?: string
  readonly dbname?: string
  readonly tablespacename?: string
  readonly subname?: string
  readonly publication?: readonly Name[]
}

interface Name {
  readonly String: { readonly sval: string }
}

/** The partition that a statement detaches without locking its parent, or finishes to. */
function detached({ cmds }: Node): RangeVar | undefined {
  const { subtype, def } = cmds?.[0]?.AlterTableCmd ?? {}
  const command = def?.PartitionCmd
  return subtype === 'AT_DetachPartitionFinalize' || (subtype === 'AT_DetachPartition' && command?.concurrent) ? command?.name : undefined
}

function nameOf({ schemaname, relname }: RangeVar): string {
  return schemaname === undefined ? quoteIdent(relname) : qualified(schemaname, relname)
}

function listed(names: readonly Name[]): string {
  return names.map(({ String: { sval } }) => quoteIdent(sval)).join('.')
}
