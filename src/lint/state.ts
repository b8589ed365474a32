import type { SourcePosition } from '../errors.js'
import { Names } from './names.js'
import { refusedInTransaction } from './refused.js'
import type { Piece, Unit } from './unit.js'
import type { TypeText } from './syntax.js'

export type LockMode = 'ACCESS EXCLUSIVE' | 'EXCLUSIVE' | 'SHARE ROW EXCLUSIVE' | 'SHARE'

/** A lock that others wait for. */
export interface Lock {
  readonly table: string
  readonly mode: LockMode
  readonly at: SourcePosition
}

export interface Transaction {
  readonly locks: Lock[]
  /** Labels that were added to enums and cannot be used before a commit. */
  readonly labels: Set<string>
  /** Tables that it made, which are not there after ROLLBACK. */
  readonly made: string[]
  readonly began: SourcePosition
  /** The timeouts as they were before SET LOCAL: with its end they come back. */
  before?: Timeouts
}

export interface Timeouts {
  readonly lockTimeout: boolean
  readonly statementTimeout: boolean
}

/** What is known of a column, as far as a script says it. */
export interface Column {
  readonly type?: TypeText
  readonly notNull: boolean
  /** Added by this script or migration. */
  readonly isNew: boolean
}

export interface TableConstraint {
  readonly valid: boolean
  /** The columns that it says are not null. */
  readonly notNull: readonly string[]
  readonly addedIn?: Transaction | undefined
}

export interface Table {
  /** Made by this script or migration, so that nobody else uses it and it holds next to nothing. */
  isNew: boolean
  /** Holds rows that this script put in. */
  isFilled?: boolean
  readonly columns: Map<string, Column>
  readonly constraints: Map<string, TableConstraint>
  /** Constraints that were validated here, and are made elsewhere. */
  readonly validated: string[]
}

export interface Index {
  readonly table: string
  readonly columns: readonly string[]
}

/** What the statements so far have made of the database and of the session, as far as rules ask for it. */
export class State {
  readonly tables = new Names<Table>()
  readonly indexes = new Names<Index>()
  /** Views, types, routines and others that this script made, by kind. */
  readonly #made = new Map<string, Names<true>>()
  /** Domains with constraints. */
  readonly strictDomains = new Names<true>()
  /** Routines of which a script says whether each call gives something new. */
  readonly volatility = new Names<string>()
  transaction: Transaction | undefined
  lockTimeout = false
  statementTimeout = false
  /** Whether the statements of this script are each by itself, since it says so or could not run otherwise. */
  isApart = false
  #unit: Unit | undefined
  #index = 0
  #isUnclear = false
  #told = new Set<string>()
  #piece: Piece | undefined
  #part: number | undefined

  constructor(
    /** The major version that the migration is for, where it is given. */
    readonly major: number | undefined = undefined,
    /** What the script before this one in the same folder made of it, if that ran. */
    readonly earlier: State | undefined = undefined,
  ) {}

  /** Begins with a script or migration. What the ones before said of tables that stay is still known. */
  begin(unit: Unit): void {
    this.#unit = unit
    this.transaction = undefined
    this.#piece = undefined
    this.lockTimeout = this.statementTimeout = false
    const saysNothing = unit.kind === 'script' && !unit.inTransaction && !unit.pieces.some(({ type }) => type === 'TransactionStmt')
    this.isApart = saysNothing && (unit.isApart === true || unit.pieces.some(({ type, node }) => refusedInTransaction(type, node) !== undefined))
    this.#isUnclear = saysNothing && !this.isApart
    // What takes back the part before it is about what that part made.
    if (unit.direction !== 'downgrade') {
      this.#makeOld()
      this.#told = new Set()
    }
    if (unit.inTransaction) this.transaction = newTransaction(unit.at)
  }

  #makeOld(): void {
    this.#made.clear()
    for (const table of this.tables.values()) {
      table.isNew = false
      for (const [name, column] of table.columns) table.columns.set(name, { ...column, isNew: false })
    }
  }

  /** Comes to the statement at this place of the script. */
  enter(piece: Piece, index: number): void {
    this.within(piece)
    this.#index = index
    if (this.isMigration) this.transaction = piece.outside ? undefined : (this.transaction ?? newTransaction(piece.at))
  }

  /** A block of statements that is one, inside the statement that was entered. */
  within(piece: Piece): void {
    this.#piece = piece
    this.#part = undefined
  }

  /** Comes to the end of the script, which is looked at as a whole. */
  leave(): void {
    this.#piece = undefined
  }

  get unit(): Unit {
    return this.#unit!
  }

  /** Whether this part takes back what the part before it made. */
  get isDowngrade(): boolean {
    return !this.isMigration && this.unit.direction === 'downgrade'
  }

  get piece(): Piece {
    return this.#piece!
  }

  /** The place of the statement, or of the part of it that is looked at. */
  get at(): SourcePosition {
    if (!this.#piece) return this.unit.at
    return (this.#part !== undefined && this.#piece.place?.(this.#part)) || this.#piece.at
  }

  /** Comes to a part of the statement, by its place in it; undefined is the whole. */
  inspect(part: number | undefined): void {
    this.#part = part
  }

  /** Migrations get their transactions and timeouts from the runner. */
  get isMigration(): boolean {
    return this.unit.kind === 'migration'
  }

  /** Nothing says whether the statements of this script are one transaction. */
  get isUnclear(): boolean {
    return this.#isUnclear
  }

  /** The statements that follow, to the end of the transaction; none without one. */
  restOfTransaction(): readonly Piece[] {
    if (!this.transaction) return []
    const rest = this.following()
    const end = rest.findIndex(({ type, outside }) => type === 'TransactionStmt' || (this.isMigration && outside === true))
    return end < 0 ? rest : rest.slice(0, end)
  }

  /** Whether the statement stands in the body of a block, where a word may be a variable. */
  get isInBlock(): boolean {
    return this.#piece !== this.unit.pieces[this.#index]
  }

  /** Which statement of the script it is, counted from 0. */
  get position(): number {
    return this.#index
  }

  following(): readonly Piece[] {
    return this.unit.pieces.slice(this.#index + 1)
  }

  /** What is known of a table; asked for the first time, that it was there before. */
  table(name: string): Table {
    const known = this.tables.get(name)
    if (known) return known
    const table: Table = { isNew: false, columns: new Map(), constraints: new Map(), validated: [] }
    this.tables.set(name, table)
    return table
  }

  /** Whether a table was there before this script, so that others use it. */
  isOld(name: string): boolean {
    return this.tables.get(name)?.isNew !== true
  }

  make(kind: string, name: string): void {
    const names = this.#made.get(kind) ?? new Names<true>()
    names.set(name, true)
    this.#made.set(kind, names)
  }

  /** Whether this script made an object, so that nobody uses it yet. */
  isMade(kind: string, name: string): boolean {
    return this.#made.get(kind)?.get(name) === true
  }

  /** The locks of this transaction on tables that others use; without a table, on any. */
  locksOn(table?: string): readonly Lock[] {
    const locks = this.transaction?.locks ?? []
    return table === undefined ? locks : locks.filter((lock) => this.tables.get(lock.table) === this.table(table))
  }

  /** True the first time in a script: for what need not be said of each statement. */
  once(rule: string): boolean {
    if (this.#told.has(rule)) return false
    this.#told.add(rule)
    return true
  }
}

export function newTransaction(began: SourcePosition): Transaction {
  return { locks: [], labels: new Set(), made: [], began }
}

/** The statement as a text in one line, for what stands in a hint. */
export function shownSql({ piece }: State): string {
  const line = piece.sql.replace(/--.*$/gm, '').replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}
