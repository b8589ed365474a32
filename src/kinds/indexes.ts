import type { Row, ServerVersion } from '../database/database.js'
import { refOf } from '../model/object-ref.js'
import type { Dependency, QualifiedName, Ref, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent, suffixed } from '../sql/identifiers.js'
import { outsideTransaction, statement, type DocumentedEffect, type Statement } from '../sql/statement.js'
import { freed } from './invalid-indexes.js'
import { columnText, type IndexColumnAttrs } from './index-columns.js'
import { printIndex } from './index-print.js'
import { defineKind, PHASES, type AlterContext, type Alteration, type Kind, type Reflected, type ReflectContext } from './kind.js'
import { readOptions } from './query-columns.js'
import { RESEMBLING_INDEXES, resembledDependencies } from './resembling-indexes.js'
import { inOrder, optionsText, optionStatements, orderOfParameters, type StorageParameters } from './storage-parameters.js'

export { index, uniqueIndex, type IndexBuilder } from './index-builder.js'

/** Identity of an index; a name of null lets PostgreSQL choose. */
export interface IndexName {
  readonly schema: string
  readonly name: string | null
}

export interface IndexAttrs {
  /** The table or materialized view, which lies in the same schema. */
  readonly table: string
  readonly unique?: true
  /** When it is not btree. */
  readonly method?: string
  readonly columns: readonly IndexColumnAttrs[]
  readonly include?: readonly string[]
  readonly nullsNotDistinct?: true
  readonly where?: string
  readonly with?: StorageParameters
  readonly tablespace?: string
  /** Statistics targets of expressions, by the number of their column. */
  readonly statistics?: { readonly [column: string]: number }
  /** It lacks the indexes of some partitions. */
  readonly invalid?: true
}

export interface Index extends SchemaObject<IndexName, IndexAttrs> {
  /** It is created without those of the partitions, which are created on their own and attached. Not compared. */
  readonly only?: true
  /** It is one of those that are created on their own; otherwise PostgreSQL makes it. Not compared. */
  readonly explicit?: true
  /** It is a part of an index of the partitioned table above. Not compared: its attachment is an object of its own. */
  readonly attached?: true
  /** In which order it got its storage parameters, where that is not the alphabet's. Not compared. */
  readonly parameterOrder?: readonly string[]
}

/** `ordinal` tells unnamed indexes apart. */
export function indexObject(id: IndexName, parent: Ref, attrs: IndexAttrs, ordinal = 0): Index {
  return { kind: 'index', ref: refOf('index', id.schema, id.name ?? { signature: `#${ordinal}` }), parent, id, attrs }
}

/** Indexes of tables, partitioned tables and materialized views, except those that a constraint owns. */
export const indexes: Kind = defineKind<Index>({
  kind: 'index',
  phase: PHASES.index,
  // A partition that is attached later would get an index of its own.
  phaseOf: ({ only }) => (only ? PHASES.index + 0.7 : PHASES.index),
  catalog: 'pg_class',
  holdsExpressions: ({ attrs }) => attrs.where !== undefined || attrs.columns.some(({ expression }) => expression !== undefined),
  followsAlteration: () => true,
  occupies: ({ id }) => (id.name === null ? [] : [`relation ${qualified(id.schema, id.name)}`]),
  catalogQuery,
  fromRow,
  versionNeeds: ({ attrs }) => (attrs.nullsNotDistinct ? [[15, 'NULLS NOT DISTINCT']] : []),
  create: (index, _parts, _fragments, context) => [
    ...freed(index.id, index.attrs.table, context),
    context && canBeConcurrent(index, 'to', context) ? createConcurrently(index) : statement(definition(index)),
    ...Object.entries(index.attrs.statistics ?? {}).map(([column, target]) => setStatistics(index, column, target)),
  ],
  whileInUse: inPieces,
  needsInUse: afterPartition,
  standsAside: (from, to, context) => isInUseAbove(to, context) && context.object('from', to.parent!) !== undefined && fixed(from.attrs) !== fixed(to.attrs),
  createsImplicitly: originOf,
  // A key of a partition that is attached to it goes along only when told so.
  drop: (index, context) => [
    context && canBeConcurrent(index, 'from', context)
      ? dropConcurrently(index)
      : statement(`DROP INDEX ${nameOf(index)}`, index.only ? [`DROP INDEX ${nameOf(index)} CASCADE`] : undefined),
  ],
  // What a partition took from its parent stays when it is detached.
  dropsImplicitly: ({ parent, id, attrs, attached }, dropped) =>
    dropped(parent!) ? (attached ? parent! : true) : !dropped(refOf('partition', id.schema, attrs.table)),
  dropOrder: ({ parent, id, attrs, attached }, dropped) =>
    attached && !dropped(parent!) ? [{ ref: refOf('partition', id.schema, attrs.table), first: true }] : [],
  alter: alterIndex,
  readsRows: true,
  recognizedWhenRenamed: true,
  rename: (from, to) => [statement(`ALTER INDEX ${nameOf(from)} RENAME TO ${quoteIdent(to.id.name!)}`)],
  authored,
  // A partition keeps its indexes when it is detached.
  outlives: ({ attrs }, replaced, rebuilt) => replaced.kind === 'index' && replaced.attrs.table !== attrs.table && rebuilt(replaced.parent!),
  address: (index) => (index.id.name === null ? null : `INDEX ${nameOf(index)}`),
  indexes: ({ attrs, only }) => ({ distinct: attrs.unique === true, inPieces: only === true }),
  hazards: ({ to }) => (to?.attrs.unique ? [{ code: 'may-fail', message: 'rows that are there may repeat each other', count: repeated(to) }] : []),
  print: printIndex,
})

function catalogQuery({ major }: ServerVersion): string {
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

function fromRow(row: Row, context: ReflectContext): Reflected<Index> | null {
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

function nameOf({ id }: Index): string {
  return qualified(id.schema, id.name!)
}

/** A query that counts the groups of rows that the index would not take. */
function repeated({ id, attrs: { table, columns, where, nullsNotDistinct } }: Index): string {
  const values = columns.map(({ name, expression }) => (name === undefined ? `(${expression})` : quoteIdent(name)))
  const conditions = [...(where === undefined ? [] : [`(${where})`]), ...(nullsNotDistinct ? [] : values.map((value) => `${value} IS NOT NULL`))]
  return `SELECT count(*) FROM (SELECT FROM ${qualified(id.schema, table)}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''} GROUP BY ${values.join(', ')} HAVING count(*) > 1) AS repeated`
}

function definition({ id, attrs, only, parameterOrder }: Index): string {
  const head = [
    `CREATE ${attrs.unique ? 'UNIQUE ' : ''}INDEX`,
    ...(id.name === null ? [] : [quoteIdent(id.name)]),
    `ON ${only ? 'ONLY ' : ''}${qualified(id.schema, attrs.table)}`,
    ...(attrs.method ? [`USING ${quoteIdent(attrs.method)}`] : []),
    `(${attrs.columns.map(columnText).join(', ')})`,
  ].join(' ')
  return [
    head,
    ...(attrs.include ? [`INCLUDE (${attrs.include.map(quoteIdent).join(', ')})`] : []),
    ...(attrs.nullsNotDistinct ? ['NULLS NOT DISTINCT'] : []),
    ...(attrs.with ? [`WITH (${optionsText(inOrder(attrs.with, parameterOrder))})`] : []),
    ...(attrs.tablespace ? [`TABLESPACE ${quoteIdent(attrs.tablespace)}`] : []),
    ...(attrs.where === undefined ? [] : [`WHERE ${attrs.where}`]),
  ].join(' ')
}

/** PostgreSQL builds and drops no index of a partitioned table concurrently, and drops none that is a part of such a one. */
function canBeConcurrent({ parent, attached }: Index, side: 'from' | 'to', context: AlterContext): boolean {
  return context.inUse(parent!) && !context.object(side, parent!)?.attrs.partitionBy && !(side === 'from' && attached)
}

/** Instead of one statement that locks all partitions, one for each of them, whose indexes are then attached. */
function inPieces(index: Index, context: AlterContext): Index {
  const partitioned = context.object('to', index.parent!)?.attrs.partitionBy !== undefined
  const isPiece = indexAbove(index, context) !== undefined
  if (!(isPiece || partitioned) || !isMadeInPieces(index, context)) return index
  return { ...index, ...(partitioned && { only: true }), explicit: true }
}

function isMadeInPieces(index: Index, context: AlterContext): boolean {
  const above = indexAbove(index, context)
  if (above) return isMadeInPieces(above, context)
  return context.inUse(index.parent!) && context.object('from', index.ref) === undefined
}

/** Of a partitioned table, whose index is not swapped in one statement. */
function isInUseAbove(index: Index, context: AlterContext): boolean {
  return context.inUse(index.parent!) && context.object('to', index.parent!)?.attrs.partitionBy !== undefined && !indexAbove(index, context)
}

/** The index of the partitioned table above of which it is a part. */
function indexAbove({ id }: Index, context: AlterContext): Index | undefined {
  const above = id.name === null ? undefined : context.object('to', refOf('index_partition', id.schema, id.name))?.attrs.parent
  return above && (context.object('to', refOf('index', (above as RelationPart).schema, (above as RelationPart).name)) as Index | undefined)
}

/** A partition that is attached later would get an index of its own. */
function afterPartition(index: Index, context: AlterContext): Dependency[] {
  const above = indexAbove(index, context)
  const partition = refOf('partition', index.id.schema, index.attrs.table)
  if (!above || !isMadeInPieces(above, context) || (context.object('from', partition) && !context.replaced(partition))) return []
  return [{ from: above.ref, to: partition, auto: false, createOnly: true }]
}

function createConcurrently(index: Index): Statement {
  const text = definition(index).replace(/^CREATE (UNIQUE )?INDEX/, '$& CONCURRENTLY')
  return outsideTransaction(text, { ...concurrent(index), reads: true })
}

function dropConcurrently(index: Index): Statement {
  return outsideTransaction(`DROP INDEX CONCURRENTLY ${nameOf(index)}`, concurrent(index))
}

function concurrent({ id, attrs }: Index): DocumentedEffect {
  return { lock: 'SHARE UPDATE EXCLUSIVE', relation: qualified(id.schema, attrs.table) }
}

/** The new one is built beside the old one, whose name it then takes: queries are never without. */
function swap(from: Index, to: Index, context: AlterContext): Statement[] {
  const beside = { ...to, id: { ...to.id, name: suffixed(to.id.name!, '__new') } }
  return [
    ...freed(beside.id, to.attrs.table, context),
    createConcurrently(beside),
    dropConcurrently(from),
    statement(`ALTER INDEX ${nameOf(beside)} RENAME TO ${quoteIdent(to.id.name!)}`),
    ...Object.entries(to.attrs.statistics ?? {}).map(([column, target]) => setStatistics(to, column, target)),
  ]
}

function setStatistics(index: Index, column: string, target: number): Statement {
  return statement(`ALTER INDEX ${nameOf(index)} ALTER COLUMN ${column} SET STATISTICS ${target}`)
}

function alterIndex(from: Index, to: Index, context: AlterContext): Alteration | 'replace' {
  const [before, after] = [from.attrs, to.attrs]
  if (fixed(before) !== fixed(after)) {
    return canBeConcurrent(from, 'from', context) && before.table === after.table ? { statements: swap(from, to, context), elseReplace: true } : 'replace'
  }
  if (!before.invalid && after.invalid) return 'replace'
  const parameters = optionStatements(`ALTER INDEX ${nameOf(to)}`, before.with, after.with)
  if (parameters.length > 0 && context.object('to', to.parent!)?.attrs.partitionBy) return 'replace'
  const targets = new Set([...Object.keys(before.statistics ?? {}), ...Object.keys(after.statistics ?? {})])
  return {
    statements: [
      ...parameters,
      ...(before.tablespace === after.tablespace
        ? []
        : [statement(`ALTER INDEX ${nameOf(to)} SET TABLESPACE ${quoteIdent(after.tablespace ?? 'pg_default')}`)]),
      ...[...targets]
        .filter((column) => before.statistics?.[column] !== after.statistics?.[column])
        .map((column) => setStatistics(to, column, after.statistics?.[column] ?? -1)),
    ],
  }
}

/** What no ALTER changes, as text. */
function fixed({ with: parameters, tablespace, statistics, invalid, ...rest }: IndexAttrs): string {
  return JSON.stringify(rest)
}

/** With which other object PostgreSQL creates the index of a partition by itself; null when it has to be created on its own. */
function originOf(index: Index, context: AlterContext, created: (ref: Ref) => boolean): Ref | null {
  if (index.explicit || index.id.name === null) return null
  const attachment = context.object('to', refOf('index_partition', index.id.schema, index.id.name))
  if (!attachment) return null
  const partition = refOf('partition', index.id.schema, index.attrs.table)
  if (created(partition)) return partition
  const above = attachment.attrs.parent as RelationPart
  const origin = refOf('index', above.schema, above.name)
  return created(origin) ? origin : null
}

/** The author's wording of expressions, where it is still about the same columns. */
function authored(declared: Index, reflected: Index): Index {
  const texts = declared.attrs.columns
  const same = texts.length === reflected.attrs.columns.length
  return {
    ...reflected,
    attrs: {
      ...reflected.attrs,
      columns: reflected.attrs.columns.map((column, at) =>
        same && column.expression !== undefined && texts[at]!.expression !== undefined ? { ...column, expression: texts[at]!.expression! } : column,
      ),
      ...(declared.attrs.where !== undefined && reflected.attrs.where !== undefined && { where: declared.attrs.where }),
    },
  }
}
