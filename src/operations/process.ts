import type { SchemaModel } from '../model/schema-model.js'
import type { Operation } from './operation.js'

/** A migration that is about to be written, or, when checking, the differences that one would be written for. */
export interface RevisionDirective {
  readonly purpose: 'revision' | 'check'
  /** What was found. `sql` operations may be added: those before all others run first, the rest last. */
  readonly operations: readonly Operation[]
  /** Empty when checking, as is all that follows. */
  readonly message: string
  /** The id that it gets; a new one every time unless the command line names it. */
  readonly revision: string
  /** What it follows. */
  readonly heads: readonly string[]
  readonly branchLabel?: string | undefined
  readonly dependsOn?: readonly string[] | undefined
}

/** The database as it is, and as `schema.ts` wants it. */
export interface ProcessContext {
  readonly from: SchemaModel
  readonly to: SchemaModel
}

/** Gives back the directive as it shall be, `operations`, `message`, `revision`, `branchLabel` and `dependsOn` changed at will; nothing: no migration. */
export type ProcessOperations = (directive: RevisionDirective, context: ProcessContext) => RevisionDirective | undefined | void | Promise<RevisionDirective | undefined | void>
