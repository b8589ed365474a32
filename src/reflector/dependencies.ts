import type { Row } from '../database/database.js'
import type { Dependency, SchemaObject } from '../model/schema-object.js'
import type { AddressBook } from './address-book.js'

/** What is said of one dependency. */
const AUTO = 1
const DROP_ONLY = 2
const MEMBER = 4
const ATTACHED = 8

/** An expression in it needs a column, with which it could go, but its constraint does not go with it. */
const IS_OF_EXCLUSION = `(d.classid = 'pg_class'::regclass AND d.objid IN (SELECT conindid FROM pg_constraint WHERE contype = 'x'))`

const IS_SEQUENCE = `(d.classid = 'pg_class'::regclass AND d.objid IN (SELECT seqrelid FROM pg_sequence))`

/**
 * The rows of pg_depend between user objects. Left out because the objects' names already say it: what lies in a schema, a
 * relation's row type and TOAST table, a partitioned table's key columns, a default's column. What stands behind an object and is none
 * itself: the triggers of a foreign key, the sequence of an identity, the index of a key. A partition's place under its parent is an object of its own.
 * What the rule behind a view needs, the view needs. A sequence only goes with the column that owns it. The functions that read and
 * write a base type need no more of it than its shell. A part of something partitioned was made with it, or attached to it later.
 */
export const DEPENDENCY_QUERY = `
  SELECT d.classid::regclass::text, d.refclassid::regclass::text, d.oids, d.subs, d.refoids, d.refsubs, d.flags
  FROM (
    SELECT classid, refclassid, array_agg(objid) AS oids, array_agg(objsubid) AS subs, array_agg(refobjid) AS refoids, array_agg(refobjsubid) AS refsubs,
           array_agg(flags) AS flags
    FROM (
      SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid,
             CASE d.deptype WHEN 'n' THEN 0 WHEN 'e' THEN ${MEMBER} WHEN 'P' THEN ${AUTO | ATTACHED} WHEN 'S' THEN ${AUTO | ATTACHED}
               ELSE CASE WHEN d.deptype = 'a' AND ${IS_SEQUENCE} THEN ${AUTO | DROP_ONLY} WHEN d.deptype = 'a' AND ${IS_OF_EXCLUSION} THEN 0 ELSE ${AUTO} END END AS flags
      FROM pg_depend d
      WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S', 'e')
        AND NOT (d.classid = 'pg_attrdef'::regclass AND d.deptype = 'a')
        AND NOT (d.classid = 'pg_trigger'::regclass AND d.deptype = 'i')
        AND NOT (d.classid = 'pg_class'::regclass AND d.deptype = 'i' AND (d.refclassid = 'pg_constraint'::regclass OR ${IS_SEQUENCE}))
        AND NOT (d.classid = 'pg_type'::regclass AND d.deptype = 'i')
        AND NOT (d.classid = 'pg_class'::regclass AND d.deptype = 'i' AND d.refclassid = 'pg_class'::regclass
          AND (d.refobjsubid = 0 OR d.refobjid = d.objid AND d.objsubid = 0))
        AND NOT (d.classid = 'pg_class'::regclass AND d.deptype = 'a' AND EXISTS (
          SELECT FROM pg_inherits i WHERE i.inhrelid = d.objid AND i.inhparent = d.refobjid))
        AND NOT (d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass AND EXISTS (
          SELECT FROM pg_depend b JOIN pg_type t ON t.oid = b.objid AND t.typtype = 'b'
          WHERE b.classid = d.refclassid AND b.objid = d.refobjid AND b.refclassid = d.classid AND b.refobjid = d.objid))
        AND NOT (d.classid = 'pg_rewrite'::regclass AND EXISTS (SELECT FROM pg_rewrite r WHERE r.oid = d.objid AND r.rulename = '_RETURN'))
      UNION ALL
      SELECT DISTINCT 'pg_class'::regclass, r.ev_class, 0, d.refclassid, d.refobjid, d.refobjsubid, 0
      FROM pg_rewrite r
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.deptype = 'n' AND d.refobjid >= 16384
      WHERE r.rulename = '_RETURN' AND r.oid >= 16384) d
    GROUP BY classid, refclassid) d`

/** All dependencies of the rows of one catalog on rows of another, a column of values each. */
type DependencyRow = [catalog: string, refCatalog: string, oids: number[], subs: number[], refOids: number[], refSubs: number[], flags: number[]]

/** A reference to a member of an extension is one to the extension. */
export function readDependencies(rows: readonly Row[], book: AddressBook): Dependency[] {
  const extensionOf = membership(rows as DependencyRow[], book)
  const dependencies: Dependency[] = []
  for (const [catalog, refCatalog, oids, subs, refOids, refSubs, flags] of rows as DependencyRow[]) {
    const members = extensionOf.get(refCatalog)
    for (let n = 0; n < oids.length; n++) {
      const from = flags[n]! & MEMBER ? undefined : book.get(catalog, oids[n]!, subs[n])
      if (!from) continue
      const refOid = refOids[n]!
      const to = members?.get(refOid) ?? book.get(refCatalog, refOid, refSubs[n]) ?? (refSubs[n] === 0 ? undefined : book.get(refCatalog, refOid))
      if (!to || from === to || from.parent === to.ref) continue
      const auto = (flags[n]! & AUTO) !== 0
      const kind = flags[n]! & DROP_ONLY ? { dropOnly: true as const } : flags[n]! & ATTACHED ? { attached: true as const } : undefined
      dependencies.push({ from: from.ref, to: to.ref, auto, ...kind })
    }
  }
  return dependencies
}

/** The extensions that objects belong to, by catalog and oid. */
function membership(rows: readonly DependencyRow[], book: AddressBook): Map<string, Map<number, SchemaObject>> {
  const members = new Map<string, Map<number, SchemaObject>>()
  for (const [catalog, refCatalog, oids, , refOids, , flags] of rows) {
    flags.forEach((flag, n) => {
      const extension = flag & MEMBER ? book.get(refCatalog, refOids[n]!) : undefined
      if (!extension) return
      if (!members.has(catalog)) members.set(catalog, new Map())
      members.get(catalog)!.set(oids[n]!, extension)
    })
  }
  return members
}
