import { SchemaModel } from '../model/schema-model.js'
import type { Scope } from '../reflector/scope.js'

/**
 * The whole state to aim for: what `schema.ts` declares inside its scope, and, as it is now, everything outside. So what lies
 * outside is neither dropped nor lost when something it hangs on must be created again: the grants on a view, a foreign key of
 * another schema.
 */
export function complete(declared: SchemaModel, now: SchemaModel, scope: Pick<Scope, 'restrict'>): SchemaModel {
  const inside = scope.restrict(declared, 'schema')
  const covered = scope.restrict(now)
  if (covered.objects.size === now.objects.size) return inside
  const objects = [...inside.objects.values()]
  const refs = new Set(inside.objects.keys())
  // Parents come before their parts in a reflected model.
  for (const object of now.objects.values()) {
    if (covered.get(object.ref) || refs.has(object.ref) || (object.parent !== null && !refs.has(object.parent))) continue
    objects.push(object)
    refs.add(object.ref)
  }
  const outside = now.toData().dependencies.filter(({ from, to }) => refs.has(from) && refs.has(to) && !(inside.get(from) && inside.get(to)))
  return new SchemaModel({ ...inside.toData(), objects, dependencies: [...inside.toData().dependencies, ...outside] })
}

/**
 * A state without what PostgreSQL made by itself outside the scope: privileges that default privileges give to a new table, when
 * nobody asked to manage them. `before` holds what was there already.
 */
export function withoutSideEffects(now: SchemaModel, before: SchemaModel, scope: Pick<Scope, 'restrict'>): SchemaModel {
  // What it made was wanted; whatever else the database has was there before.
  const covered = scope.restrict(now, 'schema')
  const data = now.toData()
  const objects = data.objects.filter(({ ref }) => covered.get(ref) || before.get(ref))
  return objects.length === data.objects.length ? now : new SchemaModel({ ...data, objects })
}
