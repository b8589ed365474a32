import type { QualifiedName } from '../model/schema-object.js'
import { qualified, quoteIdent } from './identifiers.js'
import { statement, type Statement } from './statement.js'

/**
 * The statements that give an object of a schema another name, another schema, or both; `signature` follows the name of a routine.
 *
 * @example renameQualified('TYPE', { schema: 'app', name: 'a' }, { schema: 'app', name: 'b' }) // ALTER TYPE app.a RENAME TO b
 */
export function renameQualified(keyword: string, from: QualifiedName, to: QualifiedName, signature = ''): Statement[] {
  const statements: Statement[] = []
  if (from.name !== to.name) statements.push(statement(`ALTER ${keyword} ${qualified(from.schema, from.name)}${signature} RENAME TO ${quoteIdent(to.name)}`))
  if (from.schema !== to.schema) statements.push(statement(`ALTER ${keyword} ${qualified(from.schema, to.name)}${signature} SET SCHEMA ${quoteIdent(to.schema)}`))
  return statements
}
