import type { Database, ServerVersion } from '../database/database.js'
import { diff } from '../differ/diff.js'
import { AutogenError } from '../errors.js'
import type { SchemaModel } from '../model/schema-model.js'
import { describeRef } from '../model/object-ref.js'
import type { Ref, UnmanagedObject } from '../model/schema-object.js'
import type { Operation } from '../operations/operation.js'
import { mayBeTextOnly } from '../planner/proof.js'
import { reflect } from '../reflector/reflect.js'
import type { Scope } from '../reflector/scope.js'
import { complete } from './complete.js'
import type { Project } from './project.js'
import type { RebuiltGround } from './proving-ground.js'
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
  /** Objects of the database in scope that no kind knows, or of which scratch does not make the same. */
  readonly unmanaged: readonly UnmanagedObject[]
  /** Scratch holding `from`, where something differs; or why it cannot hold it, although the differences are certain. */
  readonly ground?: RebuiltGround
  readonly groundFailure?: AutogenError
}

/** Compares the database with `schema.ts`. */
export async function compare(project: Project): Promise<Comparison> {
  return compareLive(project, await readLive(project, reflect))
}

/** The project's database as it is, read in one of the reflector's ways. */
export async function readLive<T>(project: Project, read: (database: Database, scope: Scope) => Promise<T>): Promise<T> {
  const database = await project.live()
  const { outline, scope } = await project.declared()
  const whole = await project.wholeScope(outline, scope)
  project.begin('reading the database')
  return read(database, whole)
}

/**
 * Compares the database as it was read with `schema.ts`, like with like: when something differs, its state is rebuilt in scratch and
 * read there, since a difference may be one of wording only.
 *
 * @throws AutogenError when the two cannot be compared
 */
export async function compareLive(project: Project, live: SchemaModel): Promise<Comparison> {
  const scope = await project.scope()
  const database = await project.live()
  const inScope = scope.restrict(live)
  const declares = await targetFor(project, database, scope.surroundings(live), live)
  const facts = { liveVersion: live.version, unmanaged: inScope.unmanaged }
  const sameEngine = live.version.major === declares.version.major
  if (sameEngine && !scope.isFree && declares.equals(inScope)) return { ...facts, operations: [], from: live, to: live }
  const result = await compareModels({
    from: live,
    to: await declares.model(),
    scope,
    ground: (state) => project.provingGround(state),
  })
  if (result.ground && sameEngine && !scope.isFree && result.operations.length === 0) await declares.accept(inScope)
  return { ...facts, ...result, unmanaged: [...facts.unmanaged, ...result.unmanaged] }
}

/** Two states, each as the engine reads it that it comes from. */
export interface Compared {
  readonly from: SchemaModel
  readonly to: SchemaModel
  readonly scope: Pick<Scope, 'restrict'>
  /** Scratch holding a state. */
  readonly ground: (state: SchemaModel) => Promise<RebuiltGround>
}

/**
 * Compares two states. When they differ, `from` is rebuilt in scratch, and `to` as well where it comes from another version of
 * PostgreSQL.
 */
export async function compareModels({ from: now, to: wanted, scope, ground: open }: Compared): Promise<Omit<Comparison, 'liveVersion'>> {
  const sameEngine = now.version.major === wanted.version.major
  const direct = sameEngine ? complete(wanted, now, scope) : undefined
  const found = direct && diff(now, direct)
  if (found?.length === 0) return { operations: found, from: now, to: direct!, unmanaged: [] }
  let ground: RebuiltGround
  try {
    ground = await open(now)
  } catch (error) {
    if (!(error instanceof AutogenError) || !found || found.some(mayBeTextOnly)) throw error
    return { operations: found, from: now, to: direct!, unmanaged: [], groundFailure: error }
  }
  const from = await ground.reflect()
  const readThere = wanted.version.major === from.version.major
  const target = complete(readThere ? wanted : await ground.settled(wanted), from, scope)
  let to = unify(target, from, sameEngine && readThere ? now : undefined)
  let operations = diff(from, to)
  if (operations.some(mayBeTextOnly) && readThere) {
    to = unify(to, from, undefined, await ground.settled(target))
    operations = diff(from, to)
  }
  return { operations, from, to, unmanaged: readThere ? lostInScratch(found ?? [], operations) : [], ground }
}

/** Objects that differ, and no longer do once the database is rebuilt in scratch: it does not make them as they are. */
function lostInScratch(found: readonly Operation[], left: readonly Operation[]): UnmanagedObject[] {
  const still = new Set(left.map(refOfOperation))
  return found
    .filter((operation) => !mayBeTextOnly(operation) && !still.has(refOfOperation(operation)))
    .map((operation) => describeRef(refOfOperation(operation)))
    .map(({ kind, name }) => ({ type: kind.replaceAll('_', ' '), identity: name }))
}

function refOfOperation(operation: Operation): Ref {
  if (operation.type === 'sql') return operation.up
  return operation.type === 'alter' || operation.type === 'rename' ? operation.to.ref : operation.object.ref
}
