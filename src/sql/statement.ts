/** One SQL statement of a plan, without its closing semicolon. */
export interface Statement {
  readonly sql: string
  /** `outside`: PostgreSQL refuses the statement, or its effect cannot be used, inside the transaction of the migration. */
  readonly transaction: 'inside' | 'outside'
  /**
   * Other forms of the same step, tried in this order in scratch when PostgreSQL refuses `sql`; the first that it takes is
   * written. Used where only PostgreSQL knows which casts exist.
   */
  readonly alternatives?: readonly string[]
  /** PostgreSQL lets its effect be used only after a commit; when scratch shows that it is used before, it moves outside, to the front. */
  readonly usableAfterCommit?: boolean
}

/** A statement that runs inside the transaction of its migration. */
export function statement(sql: string, alternatives?: readonly string[]): Statement {
  return alternatives?.length ? { sql, transaction: 'inside', alternatives } : { sql, transaction: 'inside' }
}

/** A statement that runs outside any transaction block. */
export function outsideTransaction(sql: string): Statement {
  return { sql, transaction: 'outside' }
}
