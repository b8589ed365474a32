import type { ServerVersion } from '../database/database.js'
import { diff } from '../differ/diff.js'
import { AutogenError } from '../errors.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { Operation } from '../operations/operation.js'
import { mayBeTextOnly, type ProvingGround } from '../planner/proof.js'
import { reflect } from '../reflector/reflect.js'
import { complete } from './complete.js'
import type { Project } from './project.js'
import { target as targetFor } from './target.js'
import { unify } from './unify.js'

/** What separates a database from `schema.ts`. */
export interface Comparison {
  readonly operations: readonly Operation[]
  /** The database as it is now. */
  readonly from: SchemaModel
  /** What it should be: `schema.ts` after scratch elaborated it, and what lies outside its scope. */
  readonly to: SchemaModel
  /** Of the database itself; `from` and `to` are as scratch reads them, which may be another version. */
  readonly liveVersion: ServerVersion
  /** Objects of the database in scope that no kind knows. */
  readonly unmanaged: readonly UnmanagedObject[]
  /** Scratch holding `from`, where something differs; or why it cannot hold it, although the differences are certain. */
  readonly ground?: ProvingGround
  readonly groundFailure?: AutogenError
}

/**
 * Compares the live database with `schema.ts`, like with like: when something differs, the live state is rebuilt in scratch and
 * read there, since a difference may be one of wording only.
 *
 * @throws AutogenError when the two cannot be compared
 */
export async function compare(project: Project): Promise<Comparison> {
  const scope = await project.scope()
  const database = await project.live()
  project.begin('reading the database')
  const live = await reflect(database, await project.wholeScope((await project.declared()).outline))
  const inScope = scope.restrict(live)
  const declares = await targetFor(project, database, scope.surroundings(live))
  const facts = { liveVersion: live.version, unmanaged: inScope.unmanaged }
  const sameEngine = live.version.major === declares.version.major
  if (sameEngine && declares.equals(inScope)) return { ...facts, operations: [], from: live, to: live }
  const declared = await declares.model()
  const direct = sameEngine ? complete(declared, live, scope) : undefined
  const found = direct && diff(live, direct)
  if (found?.length === 0) return { ...facts, operations: found, from: live, to: direct! }
  let ground: ProvingGround
  try {
    ground = await project.provingGround(live)
  } catch (error) {
    if (!(error instanceof AutogenError) || !found || found.some(mayBeTextOnly)) throw error
    return { ...facts, operations: found, from: live, to: direct!, groundFailure: error }
  }
  const from = await ground.reflect()
  const target = complete(declared, from, scope)
  let to = unify(target, from, sameEngine ? live : undefined)
  let operations = diff(from, to)
  if (operations.some(mayBeTextOnly)) {
    to = unify(to, from, undefined, await ground.settled(target))
    operations = diff(from, to)
  }
  if (sameEngine && operations.length === 0) await declares.accept(inScope)
  return { ...facts, operations, from, to, ground }
}
