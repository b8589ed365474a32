import type { AlterTableCmd, AlterTableStmt, AlterTableType } from 'libpg-query'
import type { SourcePosition } from '../errors.js'
import type { HazardCode } from '../hazards.js'
import type { Severity } from './finding.js'
import type { State } from './state.js'
import type { NodeOf, NodeType } from './syntax.js'

/** What a rule says of one statement; what it leaves out is as the rule says it in general. */
export interface Found {
  readonly object: string
  readonly message?: string
  readonly instead?: string
  readonly severity?: Severity
  /** Where, when that is not where the statement is. */
  readonly at?: SourcePosition
}

type Answer = Found | readonly Found[] | false | undefined

/** A command of ALTER TABLE, with the table as it was before it. */
export interface TableCommand {
  readonly command: AlterTableCmd
  readonly statement: AlterTableStmt
  /** Its name, as it is written. */
  readonly table: string
}

/** One form of a hazard, and how it is recognised. */
export interface Rule {
  /** Stays as it is: ignores name it. */
  readonly rule: string
  readonly code: HazardCode
  readonly severity: Severity
  /** The form, in the words of the documentation. */
  readonly what: string
  /** The consequence. */
  readonly why: string
  /** The way without it. */
  readonly instead: string
  /** Looks at statements of a type, before the state knows of them. */
  readonly statements?: { readonly [Type in NodeType]?: (node: NodeOf<Type>, state: State) => Answer }
  /** Looks at every statement, its type first. */
  readonly every?: (type: NodeType, node: never, state: State) => Answer
  /** Looks at commands of ALTER TABLE on tables that were there before. */
  readonly commands?: { readonly [Type in AlterTableType]?: (command: TableCommand, state: State) => Answer }
  /** Looks back when a script or migration ends. */
  readonly atEnd?: (state: State) => Answer
}
