import type { SourcePosition } from '../errors.js'
import { HAZARD_CODES, type HazardCode } from '../hazards.js'
import type { Finding } from '../lint/finding.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Operation } from '../operations/operation.js'
import type { Observation } from '../planner/observe.js'
import { phaseOfAll, type Phase } from '../planner/phase.js'
import type { Revision } from '../revisions/revision.js'

/** What a set of migrations does to a database. */
export interface Review {
  /** What git compared them with, where it chose them. */
  readonly base?: string | undefined
  /** What they were tried on. */
  readonly engine: string
  /** Oldest first. */
  readonly migrations: readonly ReviewedMigration[]
  /** Files of migrations that the base has and that are gone. */
  readonly removed: readonly string[]
  /** What kept lint from reading a part of them. */
  readonly problems: readonly Problem[]
}

export interface ReviewedMigration {
  readonly revision: Revision
  /** The base has it in another form: databases may have run that. */
  readonly edited: boolean
  /** What it does to the schema, renames first; nothing where it was not tried. */
  readonly operations: readonly ReviewedOperation[]
  readonly before: SchemaModel | undefined
  readonly after: SchemaModel | undefined
  readonly upgrade: readonly ReviewedStep[]
  /** Null: there is none. */
  readonly downgrade: readonly ReviewedStep[] | null
  readonly hazards: readonly ReviewHazard[]
  readonly advice: readonly Finding[]
  readonly proof: Proof
}

export interface ReviewedOperation {
  readonly operation: Operation
  readonly phase: Phase
}

/** A step with what it was seen to do. */
export interface ReviewedStep {
  readonly sql: string
  readonly transaction: 'inside' | 'outside'
  readonly at?: SourcePosition | undefined
  readonly observed?: Observation | undefined
  /** It changes rows, or may. */
  readonly changesRows?: true
  /** Scratch has no use for it: a function, or a check of rows. */
  readonly notRun?: true
}

export interface ReviewHazard {
  readonly code: HazardCode
  /** `column app.users.email`, or what the SQL calls it. */
  readonly object: string
  readonly message: string
  readonly instead: string
  /** A query that counts the rows because of which it may fail. */
  readonly count?: string | undefined
  readonly at?: SourcePosition | undefined
  /** The rule of lint that found it as well, or alone. */
  readonly rule?: string | undefined
  /** Why a comment beside the statement accepts it. */
  readonly accepted?: string | undefined
  /** The settings or `--allow` accept it. */
  readonly allowed?: true
}

/** What came of running a migration in scratch, up and down. */
export type Proof =
  | { readonly result: 'proven' }
  /** The downgrade does not come back to where the upgrade began; `left` leads there from where it ends. */
  | { readonly result: 'different'; readonly left: readonly Operation[] }
  | { readonly result: 'irreversible'; readonly reason?: string | undefined }
  | { readonly result: 'failed'; readonly direction: 'upgrade' | 'downgrade'; readonly message: string; readonly at?: SourcePosition | undefined; readonly hint?: string | undefined }
  /** One before it fails. */
  | { readonly result: 'not tried' }

export interface Problem {
  readonly message: string
  readonly at: SourcePosition
  readonly hint?: string | undefined
}

/** The phase of a migration; undefined where it leaves the schema as it is. */
export function phaseOfMigration({ operations }: Pick<ReviewedMigration, 'operations'>): Phase | undefined {
  return operations.length === 0 ? undefined : phaseOfAll(operations.map(({ phase }) => phase))
}

/** Hazards that nobody has accepted, in the order of their codes. */
export function openHazards(migrations: readonly ReviewedMigration[]): ReviewHazard[] {
  const open = migrations.flatMap(({ hazards }) => hazards.filter(({ accepted, allowed }) => accepted === undefined && !allowed))
  return open.sort((a, b) => HAZARD_CODES.indexOf(a.code) - HAZARD_CODES.indexOf(b.code))
}

/** Whether a review finds nothing that somebody should decide on first. */
export function isAcceptable({ migrations, problems }: Review): boolean {
  return openHazards(migrations).length === 0 && problems.length === 0 && migrations.every(({ proof, edited }) => !edited && (proof.result === 'proven' || proof.result === 'irreversible'))
}
