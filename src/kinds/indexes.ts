import { refOf } from '../model/object-ref.js'
import type { Dependency, Ref, RelationPart } from '../model/schema-object.js'
import { qualified, quoteIdent, suffixed } from '../sql/identifiers.js'
import { outsideTransaction, statement, type DocumentedEffect, type Statement } from '../sql/statement.js'
import type { Index, IndexAttrs } from './index-attributes.js'
import { columnText } from './index-columns.js'
import { printIndex } from './index-print.js'
import { indexFromRow, indexQuery } from './index-reflect.js'
import { freed } from './invalid-indexes.js'
import { defineKind, PHASES, type AlterContext, type Alteration, type Kind } from './kind.js'
import { inOrder, optionsText, optionStatements } from './storage-parameters.js'

export { index, uniqueIndex, type IndexBuilder } from './index-builder.js'

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
  catalogQuery: indexQuery,
  fromRow: indexFromRow,
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
