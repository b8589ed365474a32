import { kindOf } from '../kinds/registry.js'
import { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import type { Scope } from '../reflector/scope.js'

/**
 * The whole state to aim for: what `schema.ts` declares inside its scope, and, as it is now, everything outside. So what lies
 * outside is neither dropped nor lost when something it hangs on must be created again: the grants on a view, a foreign key of
 * another schema. What goes with a part of something declared, as grants on a column do, is left out.
 */
export function complete(declared: SchemaModel, now: SchemaModel, scope: Pick<Scope, 'restrict'>): SchemaModel {
  const inside = scope.restrict(declared, 'schema')
  const covered = scope.restrict(now)
  if (covered.objects.size === now.objects.size) return inside
  const kept: SchemaObject[] = []
  const refs = new Set(inside.objects.keys())
  // Parents come before their parts in a reflected model.
  for (const object of now.objects.values()) {
    if (covered.get(object.ref) || refs.has(object.ref) || (object.parent !== null && !refs.has(object.parent))) continue
    kept.push(object)
    refs.add(object.ref)
  }
  const objects = [...inside.objects.values(), ...kept.flatMap((object) => without(object, (ref) => now.get(ref) !== undefined && !refs.has(ref)))]
  const outside = now.toData().dependencies.filter(({ from, to }) => refs.has(from) && refs.has(to) && !(inside.get(from) && inside.get(to)))
  return new SchemaModel({ ...inside.toData(), objects, dependencies: [...inside.toData().dependencies, ...outside] })
}

/**
 * A state without what PostgreSQL made by itself outside the scope: privileges that default privileges give to a new table, or that a column has
 * under its new name, when nobody asked to manage them. `before` holds what was there already.
 */
export function withoutSideEffects(now: SchemaModel, before: SchemaModel, scope: Pick<Scope, 'restrict'>): SchemaModel {
  // What it made was wanted; whatever else the database has was there before.
  const covered = scope.restrict(now, 'schema')
  const data = now.toData()
  const objects = data.objects.flatMap((object) => {
    if (covered.get(object.ref)) return [object]
    return before.get(object.ref) ? without(object, (ref) => now.get(ref) !== undefined && !before.get(ref)) : []
  })
  return objects.length === data.objects.length && objects.every((object, index) => object === data.objects[index]) ? now : new SchemaModel({ ...data, objects })
}

function without(object: SchemaObject, isGone: (ref: Ref) => boolean): SchemaObject[] {
  const { without } = kindOf(object)
  const left = without ? without(object, isGone) : object
  return left === null ? [] : [left]
}
