import type { SourcePosition } from '../errors.js'
import type { HazardCode } from '../hazards.js'

/** `hazard`: it can hurt when it runs. `advice`: it is worth a thought, and does not make a run fail. */
export type Severity = 'hazard' | 'advice'

/** Something that a statement costs the users of the database. */
export interface Finding {
  readonly code: HazardCode
  /** Which form of the hazard it is: the name of a rule. */
  readonly rule: string
  readonly severity: Severity
  /** The table, index or other object that it is about, as it is written there. */
  readonly object: string
  /** What it leads to. */
  readonly message: string
  /** What to do instead. */
  readonly instead: string
  readonly at: SourcePosition
  /** The migration, where it stands in one. */
  readonly revision?: string
  readonly direction?: 'upgrade' | 'downgrade'
}

/** A finding that a comment beside the statement accepts. */
export interface IgnoredFinding extends Finding {
  readonly reason: string
}

/** What kept a part of the input from being looked at, or is wrong with an ignore. */
export interface LintError {
  readonly message: string
  readonly at: SourcePosition
  readonly hint?: string
}

export interface LintNote {
  readonly message: string
  readonly at: SourcePosition
}

/** What `lint` found out. */
export interface LintReport {
  /** Hazards, which need another way, an ignore or an allowance. */
  readonly hazards: readonly Finding[]
  /** What is worth a thought. */
  readonly advice: readonly Finding[]
  /** Hazards whose code is allowed. */
  readonly allowed: readonly Finding[]
  readonly ignored: readonly IgnoredFinding[]
  readonly errors: readonly LintError[]
  readonly notes: readonly LintNote[]
  /** How many statements were looked at. */
  readonly statements: number
}
