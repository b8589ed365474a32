import { diff } from '../differ/diff.js'
import type { SchemaModel } from '../model/schema-model.js'
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
  /** Scratch holding `from`; only where one was needed. */
  readonly ground?: ProvingGround
}

/**
 * Compares the live database with `schema.ts`, like with like: when the engines differ, or a difference may be one of wording
 * only, the live state is rebuilt in scratch and read there.
 */
export async function compare(project: Project, options: { ground: boolean }): Promise<Comparison> {
  const scope = await project.scope()
  const database = await project.live()
  const live = await reflect(database, await project.wholeScope((await project.declared()).outline))
  const declares = await targetFor(project, database, scope.surroundings(live))
  const sameEngine = live.version.major === declares.version.major
  if (sameEngine && declares.equals(scope.restrict(live))) return { operations: [], from: live, to: live }
  const declared = await declares.model()
  if (sameEngine) {
    const to = complete(declared, live, scope)
    const operations = diff(live, to)
    if (operations.length === 0) return { operations, from: live, to }
    if (!options.ground && !operations.some(mayBeTextOnly)) return { operations, from: live, to }
  }
  const ground = await project.provingGround(live)
  const from = await ground.reflect()
  const target = complete(declared, from, scope)
  let to = unify(target, from, sameEngine ? live : undefined)
  let operations = diff(from, to)
  if (operations.some(mayBeTextOnly)) {
    to = unify(to, from, undefined, await ground.settled(target))
    operations = diff(from, to)
  }
  if (sameEngine && operations.length === 0) await declares.accept(scope.restrict(live))
  return { operations, from, to, ground }
}
