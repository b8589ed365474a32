import type { Declaration } from '../authoring/declared.js'
import { OLDEST_MAJOR, type ServerVersion } from '../database/database.js'
import { diff } from '../differ/diff.js'
import { SchemaError } from '../errors.js'
import { kindOf } from '../kinds/registry.js'
import { renamedRef } from '../model/object-ref.js'
import { attributesText, SchemaModel } from '../model/schema-model.js'
import type { Dependency, SchemaObject } from '../model/schema-object.js'
import { subject } from '../operations/operation.js'
import { plan, renameSteps, type PlannedStep } from '../planner/plan.js'
import type { Statement } from '../sql/statement.js'
import { declaredDependencies, declaredOnce, titleOf } from './declared-model.js'

/** An object as its builder declares it: first itself, then its parts. */
type Whole = readonly Declaration[]

/** Objects before and after. */
export interface Change {
  readonly from: readonly Whole[]
  readonly to: readonly Whole[]
  /** The relation that it is a part of, where that is declared. */
  readonly on?: SchemaObject | undefined
}

/**
 * The statements of a change, without a database: what only PostgreSQL can judge is taken for right.
 *
 * @throws SchemaError for what cannot be done in place, or is not named
 * @example changeStatements({ from: [], to: [users.declarations()] }) // CREATE TABLE …
 */
export function changeStatements({ from, to, on }: Change): readonly Statement[] {
  const version = versionFor([...from, ...to].flat())
  const [before, after] = [from, namedLike(from.flat(), to)].map((wholes) => changeModel(wholes, on, version)) as [SchemaModel, SchemaModel]
  const title = titleOf([...to, ...from][0]![0]!.object)
  refuseRenames(to.flat(), before, after)
  const operations = diff(before, after)
  if (operations.length === 0) {
    throw new SchemaError(`${title} is the same before and after`, { hint: 'declare it twice: the methods of a builder change the object that they are called on' })
  }
  const steps = plan(before, after, operations)
  for (const step of steps) checkStep(step, before, after)
  // A part that goes along with another one has no statement of its own, an alteration has one.
  const untold = operations.find((operation) => (operation.type === 'alter' || steps.length === 0) && !steps.some(({ ref }) => ref === subject(operation)))
  if (untold) throw new SchemaError(`how ${title} is altered cannot be told without a database`, { hint: 'write op.execute(sql`…`)' })
  return steps.map(({ statement }) => statement)
}

/**
 * The statements that give an object another name; `back`: that take the name away again.
 *
 * @throws SchemaError for an object that PostgreSQL cannot rename
 */
export function renameStatements(object: SchemaObject, name: string, back = false): readonly Statement[] {
  if (!kindOf(object).rename || object.id.name === null) {
    throw new SchemaError(`${titleOf(object)} cannot be renamed`, { hint: object.id.name === null ? 'give its present name' : 'drop it and create it under the other name' })
  }
  const named = { ...object, ref: renamedRef(object, name), id: { ...object.id, ['name' in object.id ? 'name' : 'target']: name } }
  return renameSteps({ type: 'rename', ...(back ? { from: named, to: object } : { from: object, to: named }) }).map(({ statement }) => statement)
}

/** The oldest that has everything, whose statements newer ones understand too. */
function versionFor(declarations: readonly Declaration[]): ServerVersion {
  const needs = declarations.flatMap(({ object }) => (kindOf(object).versionNeeds?.(object) ?? []).map(([since]) => since))
  const major = Math.max(OLDEST_MAJOR, ...needs)
  return { major, number: major * 10_000 }
}

function changeModel(wholes: readonly Whole[], on: SchemaObject | undefined, version: ServerVersion): SchemaModel {
  const declarations = wholes.flat()
  const declared = declaredOnce(declarations)
  // A constraint that is declared with a column is a part of the table, but goes with the column.
  const belonging = wholes.flatMap(([root, ...parts]) =>
    parts
      .filter(({ object: { parent } }) => parent !== null && !declared.has(parent))
      .map(({ object }): Dependency => ({ from: object.ref, to: root!.object.ref, auto: true })),
  )
  return new SchemaModel({
    version,
    objects: [...(on ? [on] : []), ...declarations.map(({ object }) => object)],
    dependencies: [...declaredDependencies(declarations), ...belonging],
    unmanaged: [],
  })
}

/** What is there after; objects that PostgreSQL names itself are the same as their equals before. */
function namedLike(before: readonly Declaration[], to: readonly Whole[]): readonly Whole[] {
  const left = before.map(({ object }) => object).filter(isUnnamed)
  const named = (declaration: Declaration): Declaration => {
    const { object } = declaration
    const at = isUnnamed(object) ? left.findIndex((other) => other.parent === object.parent && other.kind === object.kind && attributesText(other) === attributesText(object)) : -1
    return at < 0 ? declaration : { ...declaration, object: { ...object, ref: left.splice(at, 1)[0]!.ref } }
  }
  return to.map((whole) => whole.map(named))
}

function isUnnamed({ id }: SchemaObject): boolean {
  return id.name === null
}

function refuseRenames(to: readonly Declaration[], before: SchemaModel, after: SchemaModel): void {
  const renamed = to.find(({ object, formerly }) => formerly !== undefined && before.get(formerly) && !after.get(formerly) && !before.get(object.ref))
  if (renamed) throw new SchemaError(`${titleOf(renamed.object)} is to be renamed`, { hint: 'write op.rename or op.renameColumn first, and give op.alter the new name on both sides' })
}

function checkStep({ ref, action }: PlannedStep, before: SchemaModel, after: SchemaModel): void {
  const old = before.get(ref)
  if (!old || action === 'create') return
  if (isUnnamed(old)) throw new SchemaError(`${titleOf(old)} has a name that PostgreSQL chose`, { hint: 'give it that name where it is declared' })
  const lost = kindOf(old).dropLoses?.(old)
  if (action === 'alter' || !after.get(ref) || (old.parent !== null && lost === undefined)) return
  throw new SchemaError(`${titleOf(old)} cannot be altered in place`, {
    hint: `drop it and create it anew${lost === undefined ? '' : `, with which ${lost}`}; or write op.execute(sql\`…\`)`,
  })
}
