import type { Step } from './revision.js'

/** Statements that change or look at rows, as PostgreSQL's parser calls them. */
const ABOUT_ROWS = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'SelectStmt', 'CopyStmt', 'CallStmt', 'DoStmt', 'TruncateStmt', 'ExecuteStmt'])

/**
 * The steps that change more than the schema, or may: what they do cannot be told from the schema before and after. Where a sequence goes on is told
 * by the rows.
 */
export async function dataSteps(steps: readonly Step[]): Promise<Step[]> {
  const { parse } = await import('libpg-query')
  const found: Step[] = []
  for (const step of steps) {
    const parsed = await parse(step.sql).catch(() => undefined)
    const types = ((parsed?.stmts ?? []) as { readonly stmt: Record<string, { readonly objtype?: string }> }[]).flatMap(({ stmt }) =>
      Object.entries(stmt).map(([type, { objtype }]) => (type === 'CreateTableAsStmt' && objtype === 'OBJECT_TABLE' ? 'SelectStmt' : type)),
    )
    const isOwn = /^\s*SELECT\s+(pg_catalog\.)?setval\(/i.test(step.sql)
    if ('run' in step || 'backfill' in step || parsed === undefined || (!isOwn && types.some((type) => ABOUT_ROWS.has(type)))) found.push(step)
  }
  return found
}
