import { kindOf } from '../kinds/registry.js'
import { attributesText, type SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import type { Operation } from '../operations/operation.js'

export type Rename = Extract<Operation, { type: 'rename' }>

/**
 * The drops and creates among operations that are one object under another name: those that `schema.ts` says so of (`formerly`), and,
 * for kinds without data of their own, a pair on the same parent, or that belongs to the same object, that differs in nothing but its name and is the only such pair.
 * A new name that something else still has is left to a drop and a create. Alterations that change names of other objects count as renames, where what they
 * need is there.
 */
export function renamesAmong(operations: readonly Operation[], from: SchemaModel, formerly: ReadonlyMap<Ref, Ref> = new Map()): Rename[] {
  const created = new Map<Ref, SchemaObject>()
  const dropped = new Map<Ref, SchemaObject>()
  for (const operation of operations) {
    if (operation.type === 'create') created.set(operation.object.ref, operation.object)
    if (operation.type === 'drop') dropped.set(operation.object.ref, operation.object)
  }
  const renames: Rename[] = []
  for (const operation of operations) {
    if (operation.type !== 'alter' || !kindOf(operation.to).move?.(operation.from, operation.to)) continue
    const needed = kindOf(operation.to).dependencies?.(operation.to) ?? []
    if (needed.every(({ to }) => from.get(to))) renames.push({ type: 'rename', from: operation.from, to: operation.to })
  }
  for (const [ref, before] of formerly) {
    const [old, next] = [dropped.get(before), created.get(ref)]
    if (old && next && kindOf(old).rename) renames.push({ type: 'rename', from: old, to: next })
  }
  if (renames.length === 0) renames.push(...recognized([...dropped.values()], [...created.values()]))
  if (renames.length === 0) return []
  const taken = new Set([...from.objects.values()].flatMap((object) => kindOf(object).occupies?.(object) ?? []))
  const namesOf = (object: SchemaObject) => kindOf(object).occupies?.(object) ?? []
  return renames.filter(({ from: old, to }) => !namesOf(to).some((name) => taken.has(name) && !namesOf(old).includes(name)))
}

function recognized(dropped: readonly SchemaObject[], created: readonly SchemaObject[]): Rename[] {
  const before = bySubstance(dropped)
  const renames: Rename[] = []
  for (const [substance, candidates] of bySubstance(created)) {
    const [old, ...others] = before.get(substance) ?? []
    if (old && others.length === 0 && candidates.length === 1) renames.push({ type: 'rename', from: old, to: candidates[0]! })
  }
  return renames
}

/** Objects by everything but their name. */
function bySubstance(objects: readonly SchemaObject[]): Map<string, SchemaObject[]> {
  const groups = new Map<string, SchemaObject[]>()
  for (const object of objects) {
    const kind = kindOf(object)
    const place = kind.recognizedWhenRenamed ? object.parent : kind.belongsTo?.(objects.filter(({ parent }) => parent === object.ref))
    if (!kind.rename || !place) continue
    const substance = `${object.kind} ${place} ${attributesText(object)}`
    const group = groups.get(substance)
    if (group) group.push(object)
    else groups.set(substance, [object])
  }
  return groups
}
