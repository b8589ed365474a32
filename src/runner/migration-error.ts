import { DatabaseError } from '../errors.js'
import { positionOf, type Direction, type Migration, type Step } from '../revisions/revision.js'

/** Only a session with the other database can see what the role has there. */
const OWNS = 'in each database named above run REASSIGN OWNED BY the role TO another one, then DROP OWNED BY it; then try again'

/** not_null_violation, foreign_key_violation, unique_violation, check_violation, exclusion_violation. */
const ROWS_REFUSED: ReadonlySet<string> = new Set(['23502', '23503', '23505', '23514', '23P01'])

/** How many lines of a long statement an error shows. */
const SHOWN_LINES = 10

/** A migration that failed. `detail` shows the statement and says what of the migration is in the database; the version table holds the truth. */
export class MigrationError extends DatabaseError {
  constructor(
    readonly migration: Migration,
    readonly direction: Direction,
    /** 1-based; undefined when it was no step that failed but the commit or the bookkeeping. */
    readonly step: number | undefined,
    steps: readonly Step[],
    cause: Error & { readonly hint?: string; readonly detail?: string },
    state: string,
  ) {
    const failed = step === undefined ? undefined : steps[step - 1]
    const { sqlState, position } = cause instanceof DatabaseError ? cause : {}
    const title = migration.message === '' ? migration.revision : `${migration.revision} (${migration.message})`
    const where = step === undefined ? '' : ` at step ${step} of ${steps.length}`
    super(`the ${direction} of ${title} failed${where}: ${cause.message}`, {
      at: failed?.at ?? positionOf(migration),
      hint: cause.hint ?? hintFor(sqlState, failed?.sql ?? '', direction),
      detail: [sqlState && `SQLSTATE ${sqlState}`, cause.detail, failed && excerpt(failed.sql, position), state].filter(Boolean).join('\n'),
      cause,
      sqlState,
      statement: failed?.sql,
      position,
      index: step === undefined ? undefined : step - 1,
    })
  }
}

function hintFor(sqlState: string | undefined, sql: string, direction: Direction): string | undefined {
  if (sqlState === '2BP01' && /^\s*drop role/i.test(sql)) return OWNS
  const code = sqlState ?? ''
  const isRefused = (ROWS_REFUSED.has(code) && /^\s*(alter|create)\s/i.test(sql)) || (code.startsWith('22') && /^\s*alter\s.*\stype\s/is.test(sql))
  if (!isRefused) return undefined
  return `rows are in the way${direction === 'upgrade' ? ': `autogen check --count` says which, and how many' : ''}; put them right, then run the same command again`
}

/** The lines of a statement up to the place of an error, which is marked; without one, the first lines. */
export function excerpt(sql: string, position?: number): string {
  const lines = sql.trimEnd().split('\n')
  // The server counts characters, not UTF-16 units.
  const before = position === undefined ? '' : Array.from(sql).slice(0, position - 1).join('')
  const marked = before.split('\n').length - 1
  const from = position === undefined ? 0 : Math.max(0, marked - SHOWN_LINES + 2)
  const shown = lines.slice(from, from + SHOWN_LINES)
  const result = shown.map((line) => `  ${line}`)
  if (position !== undefined && marked < from + shown.length) {
    const column = Array.from(before.slice(before.lastIndexOf('\n') + 1)).map((character) => (character === '\t' ? '\t' : ' '))
    result.splice(marked - from + 1, 0, `  ${column.join('')}^`)
  }
  if (from > 0) result.unshift('  …')
  if (from + shown.length < lines.length) result.push('  …')
  return result.join('\n')
}
