import type { QualifiedName } from '../model/schema-object.js'
import { dollarQuote, qualified, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import type { AlterContext, Bridge } from './kind.js'

/** A table keeps its old name by a view of that name, through which rows can be written too. */
export function bridgeTable(from: QualifiedName, to: QualifiedName, rename: (from: QualifiedName, to: QualifiedName) => readonly Statement[], { version }: AlterContext): Bridge {
  const [view, table] = [qualified(from.schema, from.name), qualified(to.schema, to.name)]
  // Who may do what is asked of who asks, as with the table.
  const invoker = version.major >= 15 ? ' WITH (security_invoker = true)' : ''
  const grants = `
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT a.privilege_type, a.is_grantable, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
    FROM pg_catalog.pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = ${quoteLiteral(table)}::regclass AND a.grantee <> c.relowner AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  LOOP
    EXECUTE format('GRANT %s ON ${view.replaceAll('%', '%%').replaceAll("'", "''")} TO %s%s', given.privilege_type, given.grantee, CASE WHEN given.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
END
`
  return {
    start: [...rename(from, to), statement(`CREATE VIEW ${view}${invoker} AS SELECT * FROM ${table}`), statement(`-- autogen-ignore dynamic-sql: the view gets the grants that its table has\nDO ${dollarQuote(grants)}`)],
    undo: [statement(`DROP VIEW ${view}`), ...rename(to, from)],
  }
}
