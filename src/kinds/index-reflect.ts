import type { Row, ServerVersion } from '../database/database.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { indexObject, type Index, type IndexAttrs } from './index-attributes.js'
import type { IndexColumnAttrs } from './index-columns.js'
import type { Reflected, ReflectContext } from './kind.js'
import { readOptions } from './query-columns.js'
import { RESEMBLING_INDEXES, resembledDependencies } from './resembling-indexes.js'
import { orderOfParameters } from './storage-parameters.js'

export function indexQuery({ major }: ServerVersion): string {
  const nullsNotDistinct = major >= 15 ? 'i.indnullsnotdistinct' : 'false'
  return `
    SELECT i.indexrelid, 0, i.indrelid, x.relname, i.indisunique, NULLIF(am.amname, 'btree'), i.indkey::int2[], i.indnkeyatts, i.indoption::int2[],
      pg_get_expr(i.indpred, i.indrelid), ${nullsNotDistinct}, x.reloptions, s.spcname, k.columns,
      CASE WHEN x.relkind = 'I' OR x.relispartition THEN json_build_object('partitioned', x.relkind = 'I', 'attached', x.relispartition, 'explicit', t.explicit, 'invalid', x.relkind = 'I' AND NOT i.indisvalid,
        'partitions', CASE WHEN x.relkind = 'I' AND (NOT i.indisvalid OR t.explicit) THEN (SELECT array_agg(h.inhrelid::int8) FROM pg_inherits h WHERE h.inhparent = i.indrelid) END) END,
      like_.names
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_class r ON r.oid = i.indrelid AND r.relkind IN ('r', 'p', 'm') AND r.relpersistence <> 't'
    JOIN pg_am am ON am.oid = x.relam
    LEFT JOIN pg_tablespace s ON s.oid = x.reltablespace
    LEFT JOIN (${specialColumns}) k ON k.indexrelid = i.indexrelid
    LEFT JOIN (${trees}) t ON t.root = CASE WHEN x.relispartition THEN pg_partition_root(x.oid)::oid ELSE x.oid END
    LEFT JOIN (${RESEMBLING_INDEXES}) like_ ON like_.indexrelid = i.indexrelid
    WHERE i.indexrelid >= 16384
      -- One whose build failed is none; a partitioned one may lack those of some partitions.
      AND (i.indisvalid OR x.relkind = 'I')
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
    ORDER BY i.indrelid, x.relname`
}

/** What is said about columns of indexes beyond their names. */
const specialColumns = `
      SELECT k.indexrelid, json_agg(json_build_object('n', k.n,
        'expression', CASE WHEN k.attnum = 0 THEN pg_get_indexdef(k.indexrelid, k.n, false) END,
        'collation', CASE WHEN k.attnum = 0 AND k.coll NOT IN (0, 100) OR k.coll <> a.attcollation
          THEN CASE WHEN cn.nspname = 'pg_catalog' THEN '' ELSE quote_ident(cn.nspname) || '.' END || quote_ident(co.collname) END,
        'opclass', CASE WHEN NOT o.opcdefault OR d.oid IS NOT NULL OR k.attoptions IS NOT NULL
          THEN CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(o.opcname) END,
        'options', k.attoptions, 'statistics', CASE WHEN k.attstattarget >= 0 THEN k.attstattarget END)) AS columns
      FROM (
        SELECT i.indexrelid, i.indrelid, ia.attnum AS n, ia.attoptions, ia.attstattarget,
          i.indkey[ia.attnum - 1] AS attnum, i.indclass[ia.attnum - 1] AS class, i.indcollation[ia.attnum - 1] AS coll
        FROM pg_index i
        JOIN pg_attribute ia ON ia.attrelid = i.indexrelid
        WHERE i.indexrelid >= 16384
          AND EXISTS (SELECT FROM pg_class r WHERE r.oid = i.indrelid AND r.relkind <> 't')
          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
      ) k
      -- OFFSET 0 keeps it a look-up by index for the few rows: flattened, it is joined with all of pg_attribute.
      LEFT JOIN LATERAL (SELECT a.atttypid, a.attcollation FROM pg_attribute a WHERE a.attrelid = k.indrelid AND a.attnum = NULLIF(k.attnum, 0) OFFSET 0) a ON true
      LEFT JOIN pg_opclass o ON o.oid = k.class
      LEFT JOIN pg_opclass d ON d.opcmethod = o.opcmethod AND d.opcintype = a.atttypid AND d.opcdefault AND d.oid <> o.oid
      LEFT JOIN pg_namespace n ON n.oid = o.opcnamespace
      LEFT JOIN pg_collation co ON co.oid = k.coll
      LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
      WHERE k.attnum = 0 OR NOT o.opcdefault OR d.oid IS NOT NULL OR k.coll <> a.attcollation OR k.attoptions IS NOT NULL OR k.attstattarget >= 0
      GROUP BY k.indexrelid`

/**
 * Partitioned indexes with their children, and whether one of these is other than CREATE INDEX on the partitioned table makes it:
 * by its name, its properties, because it is not there, or because PostgreSQL would take another index for it.
 */
const trees = `
      SELECT pg_partition_root(c.oid)::oid AS root, bool_or(NOT pi.indisvalid OR NOT ci.indisvalid
        OR c.relname <> b.relname || '_' || names.text || '_idx' OR octet_length(b.relname || names.text) > 58
        OR ci.indoption::text <> pi.indoption::text OR ci.indclass::text <> pi.indclass::text OR ci.indcollation::text <> pi.indcollation::text
        OR names.measured OR c.reloptions IS DISTINCT FROM p.reloptions OR c.reltablespace <> p.reltablespace
        OR EXISTS (SELECT FROM pg_index o
          WHERE o.indrelid = ci.indrelid AND o.indexrelid <> ci.indexrelid AND o.indkey::text = ci.indkey::text AND o.indisunique = ci.indisunique)
        OR EXISTS (SELECT FROM pg_constraint q WHERE q.conindid = c.oid AND q.contype IN ('p', 'u', 'x'))) AS explicit
      FROM pg_inherits h
      JOIN pg_class c ON c.oid = h.inhrelid AND c.relkind IN ('i', 'I')
      JOIN pg_class p ON p.oid = h.inhparent
      JOIN pg_index ci ON ci.indexrelid = c.oid
      JOIN pg_index pi ON pi.indexrelid = p.oid
      JOIN pg_class b ON b.oid = ci.indrelid
      CROSS JOIN LATERAL (SELECT string_agg(a.attname, '_' ORDER BY a.attnum) AS text, bool_or(a.attstattarget >= 0) AS measured FROM pg_attribute a WHERE a.attrelid = c.oid) names
      GROUP BY 1`

interface SpecialColumn {
  readonly n: number
  readonly expression: string | null
  readonly collation: string | null
  readonly opclass: string | null
  readonly options: string[] | null
  readonly statistics: number | null
}

interface Partitioning {
  readonly partitioned: boolean
  readonly attached: boolean
  readonly explicit: boolean | null
  readonly invalid: boolean
  readonly partitions: number[] | null
}

const [DESCENDING, NULLS_FIRST] = [1, 2]

export function indexFromRow(row: Row, context: ReflectContext): Reflected<Index> | null {
  const [, , relation, name, unique, method, key, keyColumns, options, where, nullsNotDistinct, parameters, tablespace, special, partitioning, resembled] = row as [
    number, number, number, string, boolean, string | null, number[], number, number[], string | null, boolean, string[] | null, string | null,
    SpecialColumn[] | null, Partitioning | null, string[] | null,
  ]
  const parent = context.objectAt('pg_class', relation)
  if (!parent) return null
  const id = parent.id as QualifiedName
  const columnName = (number: number) => nameOfColumn(context, parent, relation, number)
  const columns = key.slice(0, keyColumns).map((number, at): IndexColumnAttrs => {
    const flags = options[at] ?? 0
    const more = special?.find(({ n }) => n === at + 1)
    const desc = (flags & DESCENDING) !== 0
    const first = (flags & NULLS_FIRST) !== 0
    const parameters = more && readOptions(more.options)
    return {
      ...(number === 0 ? { expression: more!.expression! } : { name: columnName(number) }),
      ...(more?.collation && { collation: more.collation }),
      ...(more?.opclass && { opclass: more.opclass }),
      ...(parameters && { parameters }),
      ...(desc && { desc }),
      ...(first !== desc && { nulls: first ? ('first' as const) : ('last' as const) }),
    }
  })
  const statistics = (special ?? []).flatMap(({ n, statistics }) => (statistics === null ? [] : [[n, statistics] as const]))
  const reloptions = readOptions(parameters)
  const attrs: IndexAttrs = {
    table: id.name,
    ...(unique && { unique }),
    ...(method !== null && { method }),
    columns,
    ...(key.length > keyColumns && { include: key.slice(keyColumns).map(columnName) }),
    ...(nullsNotDistinct && { nullsNotDistinct }),
    ...(where !== null && { where }),
    ...(reloptions && { with: reloptions }),
    ...(tablespace !== null && { tablespace }),
    ...(statistics.length > 0 && { statistics: Object.fromEntries(statistics) }),
    ...(partitioning?.invalid && { invalid: true }),
  }
  return {
    object: {
      ...indexObject({ schema: id.schema, name }, parent.ref, attrs),
      ...((partitioning?.explicit && partitioning.partitioned) || partitioning?.invalid ? { only: true } : {}),
      ...(partitioning?.explicit ? { explicit: true } : {}),
      ...(partitioning?.attached ? { attached: true } : {}),
      ...orderOfParameters(parameters?.map((text) => text.slice(0, text.indexOf('=')))),
    },
    // A partition attached later would get an index of its own.
    dependencies: [
      ...resembledDependencies(id.schema, resembled),
      ...(partitioning?.partitions ?? []).flatMap((partition) => {
        const attached = context.objectAt('pg_class', partition)?.id as QualifiedName | undefined
        return attached ? [{ to: refOf('partition', attached.schema, attached.name), auto: false, createOnly: true as const }] : []
      }),
    ],
  }
}

/** The columns of a materialized view are no objects of their own. */
function nameOfColumn(context: ReflectContext, parent: SchemaObject, relation: number, number: number): string {
  const { columns } = parent.attrs as { readonly columns?: readonly (readonly [name: string, ...rest: string[]])[] }
  return columns ? columns[number - 1]![0] : context.columnName(relation, number)
}
