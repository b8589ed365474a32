import type { Database, Row } from '../database/database.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { AddressBook } from './address-book.js'

/** Catalogs whose every row is a user object of some kind. */
const WHOLE_CATALOGS = `pg_operator pg_opclass pg_opfamily pg_cast pg_collation pg_conversion pg_ts_parser pg_ts_template pg_ts_dict
  pg_ts_config pg_foreign_data_wrapper pg_foreign_server pg_publication pg_event_trigger pg_language pg_transform pg_am pg_statistic_ext
  pg_rewrite pg_trigger pg_policy pg_constraint pg_default_acl pg_user_mapping pg_subscription`.split(/\s+/)

/** Conditions that leave out rows which are part of another object. */
const NOT_OBJECTS: Record<string, string> = {
  // What a reference to an operator leaves behind that is not there yet.
  pg_operator: 'x.oprcode = 0',
  pg_rewrite: "x.rulename = '_RETURN'",
  pg_trigger: 'x.tgisinternal OR x.tgparentid <> 0',
  pg_constraint: "x.contype IN ('t', 'n')",
}

/** Instead of catalogs that only superusers may read, or that hold rows of other databases. */
const READABLE: Record<string, string> = {
  pg_user_mapping: '(SELECT m.umid AS oid FROM pg_user_mappings m)',
  pg_subscription: '(SELECT s.oid FROM pg_subscription s JOIN pg_database b ON b.oid = s.subdbid WHERE b.datname = current_database())',
}

/** Rows of the shared catalogs that no kind below may claim: relations, types and routines of a class without a kind. */
const SOME_ROWS: [catalog: string, where: string][] = [
  ['pg_class', "x.relkind NOT IN ('r', 'p', 'i', 'I', 't', 'v', 'm', 'S', 'c')"],
  ['pg_type', "x.typtype = 'b' AND NOT (x.typelem <> 0 AND x.typlen = -1 AND EXISTS (SELECT FROM pg_type e WHERE e.typarray = x.oid)) OR x.typtype = 'p'"],
  ['pg_proc', "x.prokind NOT IN ('f', 'p')"],
]

/** Types of objects whose address begins with the schema although PostgreSQL does not count them as lying in one. */
const PARTS = `'table constraint', 'domain constraint', 'trigger', 'rule', 'policy', 'operator of access method', 'function of access method'`

/** Every user object of which a kind may know nothing: the oids of each catalog. */
export const CANDIDATES_QUERY = `
  SELECT o.catalog, array_agg(o.oid)
  FROM (${[
    ...WHOLE_CATALOGS.map((catalog) => [catalog, NOT_OBJECTS[catalog] ? `NOT (${NOT_OBJECTS[catalog]})` : 'true'] as const),
    ...SOME_ROWS,
  ]
    .map(([catalog, where]) => `SELECT '${catalog}' AS catalog, x.oid FROM ${READABLE[catalog] ?? catalog} x WHERE x.oid >= 16384 AND (${where})`)
    .join('\n    UNION ALL ')}) o
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.catalog::regclass AND d.objid = o.oid AND d.deptype IN ('e', 'i'))
  GROUP BY 1`

const IDENTIFY_QUERY = `
  SELECT i.type, i.identity,
         coalesce(i.schema, (SELECT a.object_names[1] FROM pg_identify_object_as_address(o.catalog::regclass, o.oid, 0) a WHERE a.type IN (${PARTS})))
  FROM unnest($1::text[], $2::oid[]) o(catalog, oid)
  CROSS JOIN LATERAL pg_identify_object(o.catalog::regclass, o.oid, 0) i
  ORDER BY 1, 2`

/** Names the candidates that no kind has taken, as PostgreSQL names them. */
export async function nameUnmanaged(database: Database, candidates: readonly Row[], book: AddressBook): Promise<UnmanagedObject[]> {
  const unknown = (candidates as [string, number[]][]).flatMap(([catalog, oids]) =>
    oids.filter((oid) => !book.get(catalog, oid)).map((oid) => [catalog, oid] as const),
  )
  if (unknown.length === 0) return []
  const rows = await database.query(IDENTIFY_QUERY, [unknown.map(([catalog]) => catalog), unknown.map(([, oid]) => oid)])
  return (rows as [string, string, string | null][]).map(([type, identity, schema]) => ({ type, identity, ...(schema !== null && { schema }) }))
}
