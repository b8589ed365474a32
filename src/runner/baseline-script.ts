import type { Step } from '../revisions/revision.js'
import { quoteLiteral } from '../sql/identifiers.js'

/** What is made by hand has an oid from here on; below are the objects that every new database has. */
const FIRST_OWN_OID = 16384

/**
 * Lines of a script for psql that bring a database on which nobody has made anything to where the history began, and pass over any other; `made` are
 * those that make it. Extensions and what belongs to them may be there, as may the bookkeeping.
 */
export function baselineScript(steps: readonly Step[], versionSchema: string, made: readonly string[]): string[] {
  if (steps.length === 0) return []
  const inOwnSchema = (column: string) => `${column} NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname IN (${quoteLiteral(versionSchema)}, 'pg_toast') OR nspname ~ '^pg_(toast_)?temp_')`
  const own = (catalog: string, column: string) => `SELECT oid FROM pg_catalog.${catalog} WHERE oid >= ${FIRST_OWN_OID} AND ${inOwnSchema(column)}`
  const things = [
    `SELECT oid FROM pg_catalog.pg_namespace WHERE oid >= ${FIRST_OWN_OID} AND nspname <> 'public' AND ${inOwnSchema('oid')}`,
    own('pg_class', 'relnamespace'),
    own('pg_proc', 'pronamespace'),
    own('pg_type', 'typnamespace'),
  ]
  return [
    '',
    '-- where the history began',
    'SELECT NOT EXISTS (',
    `  SELECT FROM (${things.join('\n    UNION ALL ')}) thing`,
    `  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE objid = thing.oid AND deptype = 'e')`,
    ') AS is_empty \\gset',
    '\\if :is_empty',
    ...made,
    '\\endif',
  ]
}
