import type { DatabaseError } from '../errors.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref } from '../model/schema-object.js'
import type { Operation } from '../operations/operation.js'
import type { PlannedStep } from './plan.js'

/** How a plan departs from the plain one, after what PostgreSQL refused. */
export interface Detours {
  /** What is dropped and created again. */
  readonly replace: ReadonlySet<Ref>
  /** Whether a commit follows what can be used only after one. */
  readonly commitsEarly: boolean
}

/** A step that PostgreSQL refused, and what it was planned from. */
export interface Refusal {
  readonly step: PlannedStep
  readonly error: DatabaseError
  readonly from: SchemaModel
  readonly to: SchemaModel
  readonly operations: readonly Operation[]
}

type Repair = (refusal: Refusal, detours: Detours) => Detours | undefined

const UNSAFE_NEW_ENUM_VALUE = '55P04'
const AMBIGUOUS_FUNCTION = '42725'
const DEPENDENT_OBJECTS_STILL_EXIST = '2BP01'

/** The detours with which to plan again after a refusal; undefined where no further one is known. */
export function detoursAfter(refusal: Refusal, detours: Detours): Detours | undefined {
  for (const repair of REPAIRS) {
    const next = repair(refusal, detours)
    if (next) return next
  }
  return undefined
}

const REPAIRS: readonly Repair[] = [
  // What calls a function that gets other arguments goes before that does, and comes back after it.
  ({ error, from, to, operations }, detours) => {
    if (error.sqlState !== AMBIGUOUS_FUNCTION) return undefined
    return replacing(operations.flatMap((operation) => (operation.type === 'drop' ? needersThroughout(operation.object.ref, from, to) : [])), detours)
  },
  // What can be altered only after another object came, which waits for this one to go, goes before it.
  ({ step, error, from, to }, detours) => {
    if (error.sqlState !== DEPENDENT_OBJECTS_STILL_EXIST || step.action !== 'drop') return undefined
    return replacing(needersThroughout(step.ref, from, to).filter((ref) => !losesRows(ref, from)), detours)
  },
  // What PostgreSQL refuses to alter is replaced, and what it refuses to replace goes with its parent.
  ({ step, from, to }, detours) => {
    const larger = step.elseReplace ?? (detours.replace.has(step.ref) ? from.get(step.ref)?.parent : undefined)
    if (!larger || detours.replace.has(larger) || !from.get(larger) || !to.get(larger)) return undefined
    return { ...detours, replace: new Set([...detours.replace].filter((ref) => ref !== step.ref)).add(larger) }
  },
  ({ error }, detours) => (error.sqlState === UNSAFE_NEW_ENUM_VALUE && !detours.commitsEarly ? { ...detours, commitsEarly: true } : undefined),
]

function replacing(refs: readonly Ref[], detours: Detours): Detours | undefined {
  const replace = new Set([...detours.replace, ...refs])
  return replace.size > detours.replace.size ? { ...detours, replace } : undefined
}

/** What needs an object and is there before and after. */
function needersThroughout(ref: Ref, from: SchemaModel, to: SchemaModel): Ref[] {
  return from.neededBy(ref).map((need) => need.from).filter((one) => to.get(one))
}

function losesRows(ref: Ref, from: SchemaModel): boolean {
  const object = from.get(ref)!
  return kindOf(object).dropLoses?.(object) !== undefined
}
