import { refOf } from '../../model/object-ref.js'
import { qualified, quoteIdent, suffixed } from '../../sql/identifiers.js'
import { inOwnTransaction, outsideTransaction, statement, type Statement } from '../../sql/statement.js'
import { freed } from '../invalid-indexes.js'
import type { AlterContext } from '../kind.js'
import { optionsText } from '../storage-parameters.js'
import type { Constraint } from './attributes.js'
import { definition, list, tableOf } from './ddl.js'

/**
 * The statements that add a constraint to a table that is in use; undefined where PostgreSQL has only the one that locks it while it
 * looks at every row.
 */
export function addInUse(constraint: Constraint, context: AlterContext): Statement[] | undefined {
  const { parent, attrs, only } = constraint
  if (!context.inUse(parent!) || only || attrs.notValid || attrs.notEnforced) return undefined
  switch (attrs.type) {
    case 'primary_key':
    case 'unique':
      return isSwappable(constraint, context) ? [...build(constraint, constraint.id.name!, context), statement(`${alter(constraint)} ${addUsing(constraint, constraint.id.name!)}`)] : undefined
    case 'foreign_key':
      // Before PostgreSQL 18 none is added to a partitioned table without looking at its rows, and of one that refers to such a table only
      // the whole is validated, not its parts.
      if (context.version.major < 18 && (isPartitioned(constraint, context) || refersToPartitioned(constraint, context))) return undefined
      return addedThenValidated(constraint)
    case 'check':
      return addedThenValidated(constraint)
    case 'exclude':
      return undefined
  }
}

/**
 * Whether the table of a foreign key goes while the one it refers to is in use: PostgreSQL locks both to drop it, which a step of its own
 * makes shorter.
 */
export function locksAnother({ parent, attrs }: Constraint, context: AlterContext): boolean {
  if (attrs.type !== 'foreign_key' || context.object('to', parent!)) return false
  return context.inUse(refOf('table', attrs.references!.schema, attrs.references!.name))
}

export function dropConstraint(constraint: Constraint, context: AlterContext | undefined): Statement {
  const sql = `ALTER TABLE ${tableOf(constraint)} DROP CONSTRAINT ${quoteIdent(constraint.id.name!)}`
  return context && locksAnother(constraint, context) ? inOwnTransaction(sql) : statement(sql)
}

/** How a key becomes another one under the same name without a moment in which nothing keeps it; undefined where it has to be replaced. */
export function swapKey(from: Constraint, to: Constraint, context: AlterContext): Statement[] | undefined {
  if (!context.inUse(to.parent!) || from.attrs.type !== to.attrs.type || !isSwappable(from, context) || !isSwappable(to, context)) return undefined
  const beside = suffixed(to.id.name!, '__new')
  return [...build(to, beside, context), statement(`${alter(to)} DROP CONSTRAINT ${quoteIdent(from.id.name!)}, ${addUsing(to, beside)}`)]
}

/** A table has one primary key: the index of another one is built beside it. */
export function succession(beside: Constraint, to: Constraint): { readonly build: readonly Statement[]; readonly take: readonly Statement[] } | undefined {
  if (to.attrs.type !== 'primary_key' || to.attrs.period) return undefined
  const index = beside.id.name!
  return { build: [buildIndex(beside, index)], take: [statement(`${alter(to)} ${addUsing(to, index)}`)] }
}

/** Looks at the rows that are there. In a transaction of its own it lets others read and write meanwhile. */
export function validateConstraint(constraint: Constraint, context?: AlterContext): Statement {
  const sql = `${alter(constraint)} VALIDATE CONSTRAINT ${quoteIdent(constraint.id.name!)}`
  return context?.inUse(constraint.parent!) ? { ...inOwnTransaction(sql), late: true } : statement(sql)
}

function addedThenValidated(constraint: Constraint): Statement[] {
  const validate = `${alter(constraint)} VALIDATE CONSTRAINT ${quoteIdent(constraint.id.name!)}`
  return [statement(`${alter(constraint)}\n  ADD ${definition(constraint)} NOT VALID`), { ...inOwnTransaction(validate), late: true }]
}

/** PostgreSQL takes an index for a key of a table that is not partitioned, unless the key is over a period. */
function isSwappable(constraint: Constraint, context: AlterContext): boolean {
  const { type, period, cloned, invalid } = constraint.attrs
  return (type === 'unique' || type === 'primary_key') && !period && !cloned && !invalid && !constraint.attached && !isPartitioned(constraint, context)
}

function isPartitioned({ parent }: Constraint, context: AlterContext): boolean {
  return context.object('to', parent!)?.attrs.partitionBy !== undefined
}

function refersToPartitioned({ attrs: { references } }: Constraint, context: AlterContext): boolean {
  return context.object('to', refOf('table', references!.schema, references!.name))?.attrs.partitionBy !== undefined
}

function build(constraint: Constraint, name: string, context: AlterContext): Statement[] {
  return [...freed({ schema: constraint.id.schema, name }, constraint.id.table, context), buildIndex(constraint, name)]
}

function buildIndex({ id, attrs }: Constraint, name: string): Statement {
  return outsideTransaction(
    [
      `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdent(name)} ON ${qualified(id.schema, id.table)} (${list(attrs.columns!)})`,
      ...(attrs.include ? [`INCLUDE (${list(attrs.include)})`] : []),
      ...(attrs.nullsNotDistinct ? ['NULLS NOT DISTINCT'] : []),
      ...(attrs.with ? [`WITH (${optionsText(attrs.with)})`] : []),
      ...(attrs.tablespace ? [`TABLESPACE ${quoteIdent(attrs.tablespace)}`] : []),
    ].join(' '),
    { lock: 'SHARE UPDATE EXCLUSIVE', relation: qualified(id.schema, id.table), reads: true },
  )
}

/** The index gets the name of the constraint. */
function addUsing({ id, attrs }: Constraint, index: string): string {
  return [
    `ADD CONSTRAINT ${quoteIdent(id.name!)} ${attrs.type === 'unique' ? 'UNIQUE' : 'PRIMARY KEY'} USING INDEX ${quoteIdent(index)}`,
    ...(attrs.deferrable ? ['DEFERRABLE'] : []),
    ...(attrs.initiallyDeferred ? ['INITIALLY DEFERRED'] : []),
  ].join(' ')
}

function alter(constraint: Constraint): string {
  return `ALTER TABLE ${constraint.only ? 'ONLY ' : ''}${tableOf(constraint)}`
}
