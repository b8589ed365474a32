import { refOf } from '../model/object-ref.js'
import { qualified } from '../sql/identifiers.js'
import { outsideTransaction, statement, type Statement } from '../sql/statement.js'
import type { AlterContext } from './kind.js'

/** What frees the name of a new index that one holds whose build failed, which would pass for it otherwise. */
export function freed({ schema, name }: { readonly schema: string; readonly name: string | null }, table: string, context: AlterContext | undefined): Statement[] {
  const place = name === null ? undefined : qualified(schema, name)
  if (!place || !context?.isLeftOver(`relation ${place}`)) return []
  if (!context.inUse(refOf('table', schema, table))) return [statement(`DROP INDEX IF EXISTS ${place}`)]
  return [outsideTransaction(`DROP INDEX CONCURRENTLY IF EXISTS ${place}`, { lock: 'SHARE UPDATE EXCLUSIVE', relation: qualified(schema, table) })]
}
