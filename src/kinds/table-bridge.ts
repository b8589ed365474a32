import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { grantAlike } from './bridge-grants.js'
import type { AlterContext, Bridge } from './kind.js'

type Table = SchemaObject<QualifiedName, { readonly rowSecurity?: true }>

/** A table keeps its old name by a view of that name, through which rows can be written too. */
export function bridgeTable(from: Table, to: Table, rename: (from: QualifiedName, to: QualifiedName) => readonly Statement[], context: AlterContext): Bridge | string {
  // Row security asks who reads: of a view that is its owner, unless it passes the question on, for all columns of it at once.
  const asksInvoker = from.attrs.rowSecurity || to.attrs.rowSecurity
  if (asksInvoker && context.version.major < 15) return 'before PostgreSQL 15 a view of it would show rows that its row security hides'
  if (asksInvoker && hasColumnGrants(from, context)) return 'no view passes on its row security to those who may use some of its columns only'
  const [view, table] = [qualified(from.id.schema, from.id.name), qualified(to.id.schema, to.id.name)]
  const relation = `${quoteLiteral(table)}::regclass`
  const given = `SELECT a.privilege_type AS privilege, '' AS columns, a.grantee, a.is_grantable AS grantable
    FROM pg_catalog.pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a WHERE c.oid = ${relation}
    UNION ALL
    SELECT a.privilege_type, format(' (%I)', c.attname), a.grantee, a.is_grantable
    FROM pg_catalog.pg_attribute c JOIN pg_catalog.pg_attribute v ON v.attname = c.attname, aclexplode(c.attacl) a
    WHERE c.attrelid = ${relation} AND v.attrelid = ${quoteLiteral(view)}::regclass`
  const grants = grantAlike(given, view, 'the view gets the grants that its table has')
  return {
    start: [
      ...rename(from.id, to.id),
      statement(`CREATE VIEW ${view}${asksInvoker ? ' WITH (security_invoker = true)' : ''} AS SELECT * FROM ${table}`),
      grants,
    ],
    undo: [statement(`DROP VIEW ${view}`), ...rename(to.id, from.id)],
    back: { ref: refOf('view', from.id.schema, from.id.name), statements: [grants] },
  }
}

function hasColumnGrants({ ref }: Table, context: AlterContext): boolean {
  return context.children('from', ref).some(({ kind, attrs }) => kind === 'privilege' && attrs.columns !== undefined)
}
