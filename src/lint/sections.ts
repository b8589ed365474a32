/** A part of a text that a tool runs by itself, as a comment says at its head. */
export interface Section {
  /** The line of the comment; the first part begins at line 1. */
  readonly line: number
  readonly direction: 'upgrade' | 'downgrade'
  /** Whether the tool runs it as one transaction; undefined where nothing says so. */
  readonly inTransaction?: boolean
}

interface Marker {
  readonly pattern: RegExp
  readonly direction: Section['direction']
  /** Said of the part; without it the tool runs it in a transaction, if it is known for that. */
  readonly inTransaction: (line: string, text: string) => boolean | undefined
}

const never = (pattern: RegExp) => (line: string) => !pattern.test(line)

/** The comments at which tools divide a file: goose, dbmate, sql-migrate, Liquibase, node-pg-migrate, and files put one behind the other under their names. */
const MARKERS: readonly Marker[] = [
  { pattern: /^--\s*\+goose\s+up\b/i, direction: 'upgrade', inTransaction: (_, text) => !/^--\s*\+goose\s+no\s+transaction/im.test(text) },
  { pattern: /^--\s*\+goose\s+down\b/i, direction: 'downgrade', inTransaction: (_, text) => !/^--\s*\+goose\s+no\s+transaction/im.test(text) },
  { pattern: /^--\s*migrate:up\b/i, direction: 'upgrade', inTransaction: never(/transaction:false/i) },
  { pattern: /^--\s*migrate:down\b/i, direction: 'downgrade', inTransaction: never(/transaction:false/i) },
  { pattern: /^--\s*\+migrate\s+up\b/i, direction: 'upgrade', inTransaction: never(/notransaction/i) },
  { pattern: /^--\s*\+migrate\s+down\b/i, direction: 'downgrade', inTransaction: never(/notransaction/i) },
  { pattern: /^--\s*up migration\b/i, direction: 'upgrade', inTransaction: () => true },
  { pattern: /^--\s*down migration\b/i, direction: 'downgrade', inTransaction: () => true },
  { pattern: /^--\s*changeset\s+\S+:\S+/i, direction: 'upgrade', inTransaction: never(/runInTransaction:\s*"?false/i) },
  { pattern: /^--\s*(?:file:\s*)?[^\s:;'"]+\.sql\s*(?:--)?\s*$/i, direction: 'upgrade', inTransaction: () => undefined },
]

/** Comments that say it of a whole file: those of Atlas and sqlx. */
const NO_TRANSACTION = /^--\s*(?:atlas:txmode\s+none|no-transaction)\s*$/im
const ONE_TRANSACTION = /^--\s*atlas:txmode\s+(?:file|all)\s*$/im
const DOWN_FILE = /[._]down\.sql$/i

/**
 * The parts of a file of SQL that are run by themselves.
 *
 * @example sectionsOf('1.sql', '-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;') // two, of which the second is a downgrade
 */
export function sectionsOf(file: string, text: string): Section[] {
  const whole: Section = {
    line: 1,
    direction: DOWN_FILE.test(file) ? 'downgrade' : 'upgrade',
    ...(NO_TRANSACTION.test(text) ? { inTransaction: false } : ONE_TRANSACTION.test(text) ? { inTransaction: true } : {}),
  }
  const marked = text.split(/\r?\n/).flatMap((each, index): Section[] => {
    if (!each.startsWith('--')) return []
    const line = each.trim()
    const marker = MARKERS.find(({ pattern }) => pattern.test(line))
    const inTransaction = marker?.inTransaction(line, text) ?? whole.inTransaction
    return marker ? [{ line: index + 1, direction: marker.direction, ...(inTransaction !== undefined && { inTransaction }) }] : []
  })
  return [whole, ...marked]
}
