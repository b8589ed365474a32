import { dollarQuote, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { settingClause, settingName } from './routine-settings.js'

/** The statement that gives a setting another default, or, without a value, its own again. `%I` in `head` stands for the database at hand. */
export function settingStatement(head: string, name: string, value: string | undefined): Statement {
  const clause = value === undefined ? `RESET ${settingName(name)}` : settingClause([name, value])
  if (!head.includes('%I')) return statement(`${head} ${clause}`)
  // The name of the database is no part of a schema.
  const text = `${head} ${clause.replaceAll('%', '%%')}`
  return statement(`DO ${dollarQuote(`BEGIN\n  EXECUTE format(${quoteLiteral(text)}, current_database());\nEND`)}`)
}
