import { kindOf } from '../kinds/registry.js'
import type { AlterContext, Alteration } from '../kinds/kind.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { subject, type Operation } from '../operations/operation.js'
import { suffixed } from '../sql/identifiers.js'

/** What a migration does to one object. */
export type Action =
  | { readonly type: 'create'; readonly object: SchemaObject; readonly because?: Ref }
  | { readonly type: 'drop'; readonly object: SchemaObject; readonly because?: Ref; readonly aside?: SchemaObject }
  | { readonly type: 'alter'; readonly from: SchemaObject; readonly to: SchemaObject; readonly alteration: Alteration; readonly because?: Ref }
  | { readonly type: 'rename'; readonly from: SchemaObject; readonly to: SchemaObject }

export interface ExpandOptions {
  /** Objects whose alteration, or a part of them whose creation, PostgreSQL refused in scratch: they are replaced. */
  readonly replace?: ReadonlySet<Ref>
  /** Whether objects that are there before and after are in use meanwhile. */
  readonly online?: boolean
  /** Names held by what does nothing, and is dropped when something else is to have one of them. */
  readonly leftovers?: ReadonlySet<string>
  /** The text of an object as its author wrote it, where that is known. */
  readonly authored?: (reflected: SchemaObject) => SchemaObject
}

/**
 * Turns operations into actions: an alteration that PostgreSQL cannot make in place becomes a drop and a create, and whatever
 * hung on the replaced object goes and comes back with it. `because` names the object on whose account an unchanged one is touched.
 */
export function expand(from: SchemaModel, to: SchemaModel, operations: readonly Operation[], options: ExpandOptions = {}): Action[] {
  const actions = new Map<string, Action>()
  const rebuilt = new Map<Ref, Ref | undefined>()
  /** Types whose values cannot be read from their text; what they are inside of cannot be converted. */
  const converted = new Set<Ref>()
  /** What several renames aside have made of an object. */
  const bound = new Map<Ref, SchemaObject>()
  const context = alterContext(from, to, options, (ref) => rebuilt.has(ref))

  const alter = (old: SchemaObject, next: SchemaObject, because: Ref | undefined): void => {
    const ref = next.ref
    const alteration = options.replace?.has(ref) ? 'replace' : kindOf(next).alter(old, next, context)
    if (alteration === 'replace') return rebuild(ref, because)
    actions.set(`alter ${ref}`, { type: 'alter', from: old, to: next, alteration, ...(because && { because }) })
    const { displaces } = alteration
    if (!displaces) return
    for (const dependency of from.neededBy(ref)) {
      const dependent = from.get(dependency.from)!
      if (kindOf(dependent).followsAlteration?.(dependent, old, next)) continue
      if (displaces === true || displaces(dependent)) displace(dependent, because ?? ref)
    }
  }

  const displace = (dependent: SchemaObject, because: Ref): void => {
    if (to.get(dependent.ref)) rebuild(dependent.ref, because)
  }

  const rebuild = (ref: Ref, because: Ref | undefined): void => {
    if (rebuilt.has(ref)) return
    rebuilt.set(ref, because)
    actions.delete(`alter ${ref}`)
    const old = from.get(ref)!
    const next = to.get(ref)!
    const kind = kindOf(old)
    const aside = kind.replacedAside ? kind.renamed!(old, asideName(old, from, to)) : undefined
    const cause = because && { because }
    if (aside) actions.set(`rename ${ref}`, { type: 'rename', from: old, to: aside })
    actions.set(`drop ${ref}`, { type: 'drop', object: old, ...cause, ...(aside && { aside }) })
    actions.set(`create ${ref}`, { type: 'create', object: next, ...cause })
    const convert = aside && kind.conversion?.(old, next)
    const holdsOther = from.needs(ref).some((need) => converted.has(need.to))
    if (convert || holdsOther) converted.add(ref)
    for (const { from: dependentRef } of from.neededBy(ref)) {
      const dependent = from.get(dependentRef)!
      if (rebuilt.has(dependentRef) || !to.get(dependentRef)) continue
      if (kindOf(dependent).outlives?.(dependent, old, (one) => rebuilt.has(one))) continue
      const moved = aside && !holdsOther && kindOf(dependent).rebind?.(bound.get(dependentRef) ?? dependent, old, aside, renamedPlaces(old, aside), convert)
      if (moved) {
        bound.set(dependentRef, moved)
        alter(moved, to.get(dependentRef)!, because ?? ref)
      } else displace(dependent, because ?? ref)
    }
  }

  for (const operation of operations) {
    if (operation.type === 'create') actions.set(`create ${operation.object.ref}`, operation)
    else if (operation.type === 'drop') actions.set(`drop ${operation.object.ref}`, operation)
  }
  const changed = new Set(operations.map(subject))
  for (const operation of operations) {
    if (operation.type === 'drop') {
      // What stays as it is although something it needs goes had its choice among several of them, as a foreign key among indexes.
      for (const { from: ref, auto } of from.neededBy(operation.object.ref)) {
        if (!auto && !changed.has(ref)) displace(from.get(ref)!, operation.object.ref)
      }
    }
    if (operation.type !== 'drop' && operation.type !== 'alter') continue
    const old = operation.type === 'drop' ? operation.object : operation.from
    const answer = kindOf(old).replacesParent?.(old, context)
    const replaced = answer === true ? old.parent : answer
    if (replaced && from.get(replaced) && to.get(replaced)) rebuild(replaced, undefined)
  }
  for (const ref of options.replace ?? []) {
    if (from.get(ref) && to.get(ref)) rebuild(ref, undefined)
  }
  for (const operation of operations) {
    if (operation.type === 'alter' && !rebuilt.has(operation.to.ref) && !actions.has(`alter ${operation.to.ref}`)) {
      alter(operation.from, operation.to, undefined)
    }
  }
  // What is rebuilt for one object may be in the way of further ones, which this then comes to.
  for (const action of actions.values()) {
    if (action.type !== 'create') continue
    for (const ref of to.inTheWayOf(action.object.ref)) if (from.get(ref)) rebuild(ref, action.object.ref)
  }
  return [...actions.values()]
}

/** What kinds may ask about both models. */
export function alterContext(
  from: SchemaModel,
  to: SchemaModel,
  { authored = (object) => object, online = false, leftovers }: Pick<ExpandOptions, 'authored' | 'online' | 'leftovers'> = {},
  replaced: (ref: Ref) => boolean = () => false,
): AlterContext {
  const model = (side: 'from' | 'to') => (side === 'from' ? from : to)
  return {
    version: to.version,
    object: (side, ref) => model(side).get(ref),
    children: (side, ref) => model(side).children(ref),
    neededBy: (side, ref) => model(side).neededBy(ref).map((need) => model(side).get(need.from)!),
    replaced,
    inUse: (ref) => online && from.get(ref) !== undefined && to.get(ref) !== undefined && !replaced(ref),
    isLeftOver: (place) => leftovers?.has(place) === true,
    authored: <O extends SchemaObject>(object: O) => authored(object) as O,
  }
}

/** The places that an object holds (`type app.status`) with those it holds after it was renamed: a range type takes its multirange type along. */
function renamedPlaces(old: SchemaObject, aside: SchemaObject): ReadonlyMap<string, string> {
  const [before, after] = [old, aside].map((object) => kindOf(object).occupies?.(object) ?? [])
  return new Map(before!.map((place, index) => [place, after![index]!]))
}

/** A name that neither schema has for an object of this kind. */
function asideName(object: SchemaObject, from: SchemaModel, to: SchemaModel): string {
  const kind = kindOf(object)
  for (let n = 0; ; n++) {
    const suffix = n === 0 ? '__old' : `__old${n}`
    const name = suffixed(object.id.name as string, suffix)
    const { ref } = kind.renamed!(object, name)
    if (!from.get(ref) && !to.get(ref)) return name
  }
}
