/**
 * SQL that tells whether a row of a catalog belongs to an extension: what an extension created is its own. Only extensions have such
 * members; that the condition says so as well lets PostgreSQL find the few rows by an index.
 *
 * @example `WHERE NOT ${isMember('pg_type', 't.oid')}`
 */
export function isMember(catalog: string, oid: string): string {
  return `EXISTS (SELECT FROM pg_depend e WHERE e.refclassid = 'pg_extension'::regclass AND e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`
}
