import type { Row } from '../database/database.js'
import type { Dependency } from '../model/schema-object.js'
import type { AddressBook } from './address-book.js'

/** What is said of one dependency. */
const AUTO = 1
const DROP_ONLY = 2

/**
 * The rows of pg_depend between user objects. Left out because the objects' names already say it: what lies in a schema, a
 * relation's row type and TOAST table, a partitioned table's key columns, a default's column. What stands behind an object and is none
 * itself: the triggers of a foreign key, the sequence of an identity, the index of a key. A partition's place under its parent is an object of its own.
 * A reference to a member of an extension becomes one to the extension. A sequence only goes with the column that owns it.
 * The functions that read and write a base type need no more of it than its shell.
 */
export const DEPENDENCY_QUERY = `
  SELECT cls.relname, ref.relname, array_agg(d.objid), array_agg(d.objsubid), array_agg(d.refobjid), array_agg(d.refobjsubid), array_agg(d.flags)
  FROM (
    SELECT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END AS classid, coalesce(r.ev_class, d.objid) AS objid,
           CASE WHEN r.oid IS NULL THEN d.objsubid ELSE 0 END AS objsubid,
           CASE WHEN e.objid IS NULL THEN d.refclassid ELSE 'pg_extension'::regclass END AS refclassid, coalesce(e.refobjid, d.refobjid) AS refobjid,
           CASE WHEN e.objid IS NULL THEN d.refobjsubid ELSE 0 END AS refobjsubid,
           bit_or(CASE WHEN d.deptype = 'n' THEN 0 WHEN d.deptype = 'a' AND s.seqrelid IS NOT NULL THEN ${AUTO | DROP_ONLY} ELSE ${AUTO} END) AS flags
    FROM pg_depend d
    LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.rulename = '_RETURN'
    LEFT JOIN pg_depend e ON e.classid = d.refclassid AND e.objid = d.refobjid AND e.objsubid = 0 AND e.deptype = 'e'
    LEFT JOIN pg_sequence s ON d.classid = 'pg_class'::regclass AND s.seqrelid = d.objid
    WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S')
      AND NOT (d.classid = 'pg_attrdef'::regclass AND d.deptype = 'a')
      AND NOT (d.classid = 'pg_trigger'::regclass AND d.deptype = 'i')
      AND NOT (d.classid = 'pg_class'::regclass AND d.deptype = 'i' AND (d.refclassid = 'pg_constraint'::regclass OR s.seqrelid IS NOT NULL))
      AND NOT (d.classid = 'pg_type'::regclass AND d.deptype = 'i')
      AND NOT (d.classid = 'pg_class'::regclass AND d.deptype = 'i' AND d.refclassid = 'pg_class'::regclass
        AND (d.refobjsubid = 0 OR d.refobjid = d.objid AND d.objsubid = 0))
      AND NOT (d.classid = 'pg_class'::regclass AND d.deptype = 'a' AND EXISTS (
        SELECT FROM pg_inherits i WHERE i.inhrelid = d.objid AND i.inhparent = d.refobjid))
      AND NOT (d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass AND EXISTS (
        SELECT FROM pg_depend b JOIN pg_type t ON t.oid = b.objid AND t.typtype = 'b'
        WHERE b.classid = d.refclassid AND b.objid = d.refobjid AND b.refclassid = d.classid AND b.refobjid = d.objid))
    GROUP BY 1, 2, 3, 4, 5, 6) d
  JOIN pg_class cls ON cls.oid = d.classid
  JOIN pg_class ref ON ref.oid = d.refclassid
  GROUP BY 1, 2`

/** All dependencies of the rows of one catalog on rows of another, a column of values each. */
type DependencyRow = [catalog: string, refCatalog: string, oids: number[], subs: number[], refOids: number[], refSubs: number[], flags: number[]]

export function readDependencies(rows: readonly Row[], book: AddressBook): Dependency[] {
  const dependencies: Dependency[] = []
  for (const [catalog, refCatalog, oids, subs, refOids, refSubs, flags] of rows as DependencyRow[]) {
    for (let n = 0; n < oids.length; n++) {
      const from = book.get(catalog, oids[n]!, subs[n])
      if (!from) continue
      const to = book.get(refCatalog, refOids[n]!, refSubs[n]) ?? (refSubs[n] === 0 ? undefined : book.get(refCatalog, refOids[n]!))
      if (!to || from === to || from.parent === to.ref) continue
      const auto = (flags[n]! & AUTO) !== 0
      dependencies.push(flags[n]! & DROP_ONLY ? { from: from.ref, to: to.ref, auto, dropOnly: true } : { from: from.ref, to: to.ref, auto })
    }
  }
  return dependencies
}
