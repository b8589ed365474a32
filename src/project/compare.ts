import { diff } from '../differ/diff.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Operation } from '../operations/operation.js'
import { mayBeTextOnly, type ProvingGround } from '../planner/proof.js'
import { reflect } from '../reflector/reflect.js'
import type { Project } from './project.js'
import { targetModel } from './target.js'
import { unify } from './unify.js'

/** What separates a database from `schema.ts`. */
export interface Comparison {
  readonly operations: readonly Operation[]
  /** The database as it is now. */
  readonly from: SchemaModel
  /** `schema.ts` after scratch elaborated it. */
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
  const to = await targetModel(project)
  const live = await reflect(database, scope)
  const sameEngine = live.version.major === to.version.major
  if (sameEngine) {
    const operations = diff(live, to)
    if (operations.length === 0) return { operations, from: live, to }
    if (!options.ground && !operations.some(mayBeTextOnly)) return { operations, from: live, to }
  }
  const ground = await project.provingGround(live)
  const from = await ground.reflect()
  let unified = unify(to, from, sameEngine ? live : undefined)
  let operations = diff(from, unified)
  if (operations.some(mayBeTextOnly)) {
    unified = unify(unified, from, undefined, await ground.settled(to))
    operations = diff(from, unified)
  }
  return { operations, from, to: unified, ground }
}
