import { diff } from '../differ/diff.js'
import { alterContext } from '../differ/expand.js'
import { renamesAmong, type Rename } from '../differ/renames.js'
import { kindOf } from '../kinds/registry.js'
import { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { applyOperations } from '../operations/apply.js'
import { describeObject } from '../operations/describe.js'
import { subject, type Operation } from '../operations/operation.js'
import type { Hazard } from './hazards.js'
import { phaseOf, phaseOfAll, type Phase } from './phase.js'
import { plan, renameSteps, type PlannedStep, type PlanOptions } from './plan.js'

/** The operations of a release in two halves, with the schema between them. */
export interface Split {
  /** What can run before the deploy: code of neither release minds. */
  readonly expand: readonly Operation[]
  readonly between: SchemaModel
  /** What leads from there to the aim: what code of the release before minds, or of both. */
  readonly contract: readonly Operation[]
  /** What code of the next release needs although it cannot run before the deploy, because it needs what cannot either. */
  readonly delayed: ReadonlyMap<Ref, Ref>
}

export interface SplitOptions extends PlanOptions {
  /** What has to wait for the second half, whatever it is. */
  readonly held?: ReadonlySet<Ref>
}

/**
 * Divides operations into those before a deploy and those after it. What needs something of the second half goes there too; an object that only one of
 * the two releases knows takes, between them, the form that the other one can live with (`meanwhile` of its kind).
 *
 * @example split(live, declared, diff(live, declared)).contract // [{ type: 'drop', object: column }]
 */
export function split(from: SchemaModel, to: SchemaModel, operations: readonly Operation[], { held = new Set(), ...options }: SplitOptions = {}): Split {
  const renames = renamesAmong(operations, from, options.formerly)
  const forms = formsBetween(from, to, operations, renames)
  const phases = phasesOf(from, to, operations, options, { forms, renames })
  const delayed = new Map<Ref, Ref>()
  const early = new Map(operations.filter((operation) => phases.get(subject(operation)!) === 'expand' && !held.has(subject(operation)!)).map((operation) => [subject(operation)!, operation]))
  const later = (ref: Ref, needs?: Ref) => {
    const operation = early.get(ref)
    if (!operation) return false
    const whole = operation.type === 'alter' ? ref : operation.type === 'create' ? wholeOf(ref, to, from) : wholeOf(ref, from, to)
    for (const part of operation.type === 'alter' ? [ref] : withParts(whole, from, to)) early.delete(part)
    if (needs !== undefined && operation.type !== 'drop') delayed.set(whole, needs)
    return true
  }
  // PostgreSQL takes along what needs something that gets another name: it is not to be dropped before.
  for (const { from: old } of renames) if (phases.get(old.ref) !== 'expand') for (const need of from.neededBy(old.ref)) later(need.from)
  let applied = applyOperations(from, to, [...early.values()])
  while (delay(from, to, applied, { early, phases, later })) applied = applyOperations(from, to, [...early.values()])
  // Under its old name it is there meanwhile.
  for (const { to: next } of renames) delayed.delete(next.ref)
  const data = applied.model.toData()
  const between = new SchemaModel({ ...data, objects: data.objects.map((object) => forms.get(object.ref) ?? object) })
  return { expand: diff(from, between), between, contract: diff(between, to), delayed }
}

/** The hazards that come of what is delayed, on the steps that it concerns. */
export function withDelays(steps: readonly PlannedStep[], delayed: ReadonlyMap<Ref, Ref>): PlannedStep[] {
  const told = new Set<Ref>()
  return steps.map((step) => {
    const needs = delayed.get(step.ref)
    if (needs === undefined || told.has(step.ref)) return step
    told.add(step.ref)
    const hazard: Hazard = {
      code: 'breaks-code',
      object: step.ref,
      message: `${describeObject(step.ref)}: it cannot come before the deploy, since it needs what becomes of ${describeObject(needs)}: the next release has to do without it until then`,
      instead: 'make the two changes in two releases',
      breaksNextRelease: true,
    }
    return { ...step, hazards: [...step.hazards, hazard] }
  })
}

/** Takes out of the first half what cannot be there; false when nothing is left to take out. */
function delay(
  from: SchemaModel,
  to: SchemaModel,
  { model, lacking }: ReturnType<typeof applyOperations>,
  { early, phases, later }: { early: ReadonlyMap<Ref, Operation>; phases: ReadonlyMap<Ref, Phase>; later: (ref: Ref, needs?: Ref) => boolean },
): boolean {
  let changed = false
  // What is gone for good is needed by something that stays for now; what is not there yet, by something new.
  for (const { object, needs } of lacking) changed = (to.get(needs) ? later(object, needs) : later(needs) || later(object, needs)) || changed
  const held = new Map([...model.objects.values()].flatMap((object) => (to.get(object.ref) ? [] : namesOf(object).map((name) => [name, object.ref] as const))))
  // What something else is converted away from, or along with, changes together with that.
  const convertedOver = (ref: Ref) => from.neededBy(ref).map((need) => need.from).find((dependent) => phases.get(dependent) === 'breaking' && to.get(dependent) && from.get(dependent)?.parent !== ref)
  for (const operation of early.values()) {
    if (operation.type !== 'create' && operation.type !== 'alter') continue
    const object = operation.type === 'create' ? operation.object : operation.to
    const holder = namesOf(object).map((name) => held.get(name)).find((ref) => ref !== undefined && ref !== object.ref)
    const changing = to.needs(object.ref).find(({ to: needs }) => {
      if (early.has(needs) || !from.get(needs) || !to.get(needs)) return false
      const phase = phases.get(needs)
      return phase === 'breaking' || (phase === 'contract' && operation.type === 'alter' && needs !== object.parent)
    })
    const needs = holder ?? changing?.to ?? convertedOver(object.ref)
    if (needs !== undefined) changed = later(object.ref, needs) || changed
  }
  return changed
}

/** What objects are between the two halves that only one of the two releases knows; under another name it is known to both. */
function formsBetween(from: SchemaModel, to: SchemaModel, operations: readonly Operation[], renames: readonly Rename[]): Map<Ref, SchemaObject> {
  const context = alterContext(from, to)
  const renamed = new Set(renames.flatMap((rename) => [rename.from.ref, rename.to.ref]))
  const forms = new Map<Ref, SchemaObject>()
  for (const operation of operations) {
    if ((operation.type !== 'create' && operation.type !== 'drop') || renamed.has(operation.object.ref)) continue
    const form = kindOf(operation.object).meanwhile?.(operation.object, context)
    if (form) forms.set(form.ref, form)
  }
  return forms
}

function phasesOf(
  from: SchemaModel,
  to: SchemaModel,
  operations: readonly Operation[],
  options: PlanOptions,
  { forms, renames }: { forms: ReadonlyMap<Ref, SchemaObject>; renames: readonly Rename[] },
): Map<Ref, Phase> {
  const hazards = new Map<Ref, Hazard[]>()
  for (const step of plan(from, to, operations, options)) hazards.set(step.ref, [...(hazards.get(step.ref) ?? []), ...step.hazards])
  const phases = new Map<Ref, Phase>()
  for (const operation of operations) {
    const ref = subject(operation)!
    phases.set(ref, operation.type === 'create' && forms.has(ref) ? 'expand' : phaseOf(operation, hazards.get(ref) ?? []))
  }
  for (const rename of renames) {
    const phase = phaseOf(rename, renameSteps(rename, from, to).flatMap((step) => step.hazards))
    // Under its new name it is the same object with the same data: no half of it can be there before.
    for (const ref of [...withParts(rename.from.ref, from), ...withParts(rename.to.ref, to)]) {
      const own = phases.get(ref)
      if (own) phases.set(ref, ref === rename.from.ref || ref === rename.to.ref ? phase : phase === 'expand' ? own : phaseOfAll([own, phase]))
    }
  }
  return phases
}

function namesOf(object: SchemaObject): readonly string[] {
  return kindOf(object).occupies?.(object) ?? []
}

/** The outermost object that is only in the one model, and that an object is a part of. */
function wholeOf(ref: Ref, model: SchemaModel, other: SchemaModel): Ref {
  const parent = model.get(ref)?.parent
  return parent && model.get(parent) && !other.get(parent) ? wholeOf(parent, model, other) : ref
}

/** An object and all that are parts of it, in any of the models. */
function withParts(ref: Ref, ...models: readonly SchemaModel[]): Set<Ref> {
  const parts = new Set([ref])
  for (const part of parts) for (const model of models) for (const child of model.children(part)) parts.add(child.ref)
  return parts
}
