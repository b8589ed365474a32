import type { Backfill } from '../revisions/backfill.js'

/** What PostgreSQL's manual says of a statement: the lock on a relation, and whether it reads all rows of it. */
export interface DocumentedEffect {
  readonly lock: 'SHARE UPDATE EXCLUSIVE'
  readonly relation: string
  readonly reads?: true
}

/** One SQL statement of a plan, without its closing semicolon. */
export interface Statement {
  readonly sql: string
  /** `outside`: PostgreSQL refuses the statement, or its effect cannot be used, inside the transaction of the migration. */
  readonly transaction: 'inside' | 'outside'
  /**
   * Other forms of the same step, tried in this order in scratch when PostgreSQL refuses `sql`; the first that it takes is
   * written. Used where only PostgreSQL knows which casts exist. They run inside the transaction.
   */
  readonly alternatives?: readonly string[]
  /** PostgreSQL lets its effect be used only after a commit; when scratch shows that it is used before, it moves outside, to the front. */
  readonly usableAfterCommit?: boolean
  /** It runs in a transaction of its own only so that its locks are not held longer; it could be a part of one. */
  readonly alone?: true
  /** What is known of one in which nobody can look, since it takes several transactions. */
  readonly documented?: DocumentedEffect
  /** It may wait until everything else of the migration is done; then it does not split the transaction of the others. */
  readonly late?: true
  /** It updates rows in batches, each in a transaction of its own; `sql` is the same as one statement. */
  readonly backfill?: Backfill
  /** What runs in its place in scratch, where `sql` would reach for another server: another form, or nothing. */
  readonly scratch?: string | null
}

/** What runs in scratch for a statement. */
export function scratchForm({ sql, scratch }: Pick<Statement, 'sql' | 'scratch'>): string {
  return scratch === undefined ? sql : (scratch ?? 'SELECT')
}

/** A statement that runs inside the transaction of its migration. */
export function statement(sql: string, alternatives?: readonly string[]): Statement {
  return alternatives?.length ? { sql, transaction: 'inside', alternatives } : { sql, transaction: 'inside' }
}

/** A statement that runs outside any transaction block. */
export function outsideTransaction(sql: string, documented?: DocumentedEffect): Statement {
  return { sql, transaction: 'outside', ...(documented && { documented }) }
}

/** A statement in a transaction of its own, so that its locks, and those of the others, are held no longer than they must be. */
export function inOwnTransaction(sql: string): Statement {
  return { sql, transaction: 'outside', alone: true }
}

/** A statement with its semicolon, which must not become part of a comment in its last line. */
export function ended(sql: string): string {
  return /--.*$/.test(sql) ? `${sql}\n;` : `${sql.replace(/;$/, '')};`
}
