import { dollarQuote, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'

/**
 * Grants on something under another name what others may do with what it stands for, and its owner too, who may be another one than who migrates.
 *
 * @param given a query for `privilege`, `columns`, `grantee` (an oid) and `grantable`; `columns` is a list in parentheses, or empty
 * @param relation where they are granted, as SQL names it
 */
export function grantAlike(given: string, relation: string, what: string): Statement {
  const body = `
DECLARE
  given record;
BEGIN
  FOR given IN
    ${given}
  LOOP
    IF given.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') AND pg_get_userbyid(given.grantee) <> current_user THEN
      EXECUTE format('GRANT %s%s ON %s TO %s%s', given.privilege, given.columns, ${quoteLiteral(relation)},
        CASE WHEN given.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(given.grantee)) END, CASE WHEN given.grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END IF;
  END LOOP;
END
`
  return statement(`-- autogen-ignore dynamic-sql: ${what}\nDO ${dollarQuote(body)}`)
}
