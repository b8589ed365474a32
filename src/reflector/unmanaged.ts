import type { Database, Row } from '../database/database.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { AddressBook } from './address-book.js'
import { CATALOGS, censusQuery, missable } from './census.js'

/** Every user object of which a kind may know nothing, as `censusQuery` gives them. */
export const CANDIDATES_QUERY = censusQuery()

/** Types of objects whose address begins with the schema although PostgreSQL does not count them as lying in one. */
const PARTS = `'table constraint', 'domain constraint', 'trigger', 'rule', 'policy', 'operator of access method', 'function of access method'`

/**
 * Left out: what hangs on a member of an extension, which PostgreSQL does not count as members (the index of an extension's table); what
 * belongs to a session; what an object left behind that is gone, as DROP SUBSCRIPTION does with its comment; and what is attached to an object that is itself among those named.
 */
const IDENTIFY_QUERY = `
  WITH RECURSIVE unknown AS (
    SELECT o.catalog, o.class, o.catalog <> o.class AS attached, o.class::regclass::oid AS classid, o.objid, o.objsubid
    FROM unnest($1::text[], $2::text[], $3::oid[], $4::integer[]) o(catalog, class, objid, objsubid)),
  whole AS (
    SELECT u.classid, u.objid, u.classid AS refclassid, u.objid AS refobjid FROM unknown u
    UNION
    SELECT w.classid, w.objid, d.refclassid, d.refobjid
    FROM whole w
    JOIN pg_depend d ON d.classid = w.refclassid AND d.objid = w.refobjid AND d.deptype IN ('a', 'i', 'P', 'S') AND d.refobjid >= 16384),
  ours AS (
    SELECT w.classid, w.objid FROM whole w
    JOIN pg_depend d ON d.classid = w.refclassid AND d.objid = w.refobjid AND d.objsubid = 0 AND d.deptype = 'e')
  SELECT u.catalog, i.type, i.identity, p.schema, u.class = 'pg_class' AND EXISTS (SELECT FROM pg_index x WHERE x.indexrelid = u.objid AND NOT x.indisvalid)
  FROM unknown u
  CROSS JOIN LATERAL pg_identify_object(u.classid, u.objid, u.objsubid) i
  CROSS JOIN LATERAL (
    SELECT coalesce(i.schema, (SELECT a.object_names[1] FROM pg_identify_object_as_address(u.classid, u.objid, 0) a WHERE a.type IN (${PARTS}))) AS schema) p
  WHERE i.identity IS NOT NULL AND NOT EXISTS (SELECT FROM ours o WHERE o.classid = u.classid AND o.objid = u.objid)
    AND NOT (u.attached AND EXISTS (SELECT FROM unknown t WHERE NOT t.attached AND t.classid = u.classid AND t.objid = u.objid))
    AND (p.schema ~ '^pg_(toast_)?temp($|_)') IS NOT TRUE
  ORDER BY 2, 3`

type Candidates = [catalog: string, of: string | null, oids: number[] | null, subs: number[] | null, count: number | null]

/** Names the candidates that no kind has taken, as PostgreSQL names them. */
export async function nameUnmanaged(database: Database, candidates: readonly Row[], book: AddressBook): Promise<UnmanagedObject[]> {
  const counted: UnmanagedObject[] = []
  const unknown: [catalog: string, of: string, oid: number, sub: number][] = []
  for (const [catalog, of, oids, subs, count] of candidates as Candidates[]) {
    if (of === null) counted.push(...(count === 0 ? missable(CATALOGS[catalog]!).map(({ missed }) => missed!) : [numberOf(catalog, count)]))
    else oids!.forEach((oid, n) => !book.get(catalog, oid, subs![n]) && unknown.push([catalog, of, oid, subs![n]!]))
  }
  if (unknown.length === 0) return counted
  const rows = await database.query(IDENTIFY_QUERY, [0, 1, 2, 3].map((column) => unknown.map((row) => row[column])))
  const named = (rows as [string, string, string, string | null, boolean][]).map(([catalog, type, identity, schema, invalid]) => {
    const about = CATALOGS[catalog]!
    const place = schema !== null && { schema }
    if (invalid) return { type, identity: `${identity} (invalid: its build failed, or goes on)`, ...place, leftover: `relation ${identity}` }
    return { type: about.rows === 'attached' ? `${about.words} ${type}` : type, identity, ...place }
  })
  return [...named, ...counted]
}

function numberOf(catalog: string, count: number | null): UnmanagedObject {
  const about = CATALOGS[catalog]
  if (about?.rows === 'counted') return { type: about.words, identity: `(${count})` }
  const rows = count === null ? 'rows that this role may not read' : `${count} ${count === 1 ? 'row' : 'rows'}`
  return { type: 'catalog', identity: `${catalog} (${rows}), unknown to this version of pg-autogen` }
}
