import type { Action } from '../differ/expand.js'
import type { AlterContext } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import { attributesText, type SchemaModel } from '../model/schema-model.js'
import type { SchemaObject } from '../model/schema-object.js'
import { describeObject } from '../operations/describe.js'
import { NamesInText } from '../sql/words.js'
import type { Hazard } from './hazards.js'

/** An object that texts may call by a name under which it is gone, or something else. */
interface Changed {
  readonly action: Action
  readonly object: SchemaObject
  readonly consequence: string
}

/**
 * Finds the texts that name what actions drop, rename, replace or give another type, of objects that stay as they are: PostgreSQL does not track what such a
 * text needs. Where nothing is gone, nothing is read.
 */
export function untrackedHazards(actions: readonly Action[], from: SchemaModel, to: SchemaModel, context: AlterContext): ReadonlyMap<Action, readonly Hazard[]> {
  const candidates = actions.flatMap((action) => changedBy(action, context) ?? [])
  const refs = new Set(candidates.map(({ object }) => object.ref))
  // Whoever names a part names the whole.
  const changed = candidates.filter(({ object }) => object.parent === null || !refs.has(object.parent))
  const found = new Map<Action, Hazard[]>()
  if (changed.length === 0) return found
  for (const object of from.objects.values()) {
    const { ref } = object
    const after = to.get(ref)
    const text = after && attributesText(after) === attributesText(object) ? kindOf(object).text?.(object) : undefined
    if (text === undefined) continue
    const lower = text.toLowerCase()
    let names: NamesInText | undefined
    for (const { action, object: named, consequence } of changed) {
      if (named.ref === ref || !lower.includes(nameOf(named).toLowerCase()) || !isNamed(named, (names ??= new NamesInText(text)))) continue
      const hazard: Hazard = {
        code: 'untracked-dependency',
        object: named.ref,
        message: `${describeObject(named.ref)}: ${describeObject(ref)} names it in a text that PostgreSQL does not track, and ${consequence} when it is called next`,
        instead: `change ${describeObject(ref)} in the same migration, if it means this ${named.kind.replaceAll('_', ' ')}`,
      }
      found.set(action, [...(found.get(action) ?? []), hazard])
    }
  }
  return found
}

function changedBy(action: Action, context: AlterContext): Changed | undefined {
  switch (action.type) {
    case 'drop': {
      const { object, aside } = action
      return aside || context.replaced(object.ref) || !isCalledByName(object, undefined, context) ? undefined : { action, object, consequence: 'fails' }
    }
    case 'rename': {
      const { from: object, to } = action
      return object.ref === to.ref || context.replaced(object.ref) || !isCalledByName(object, to, context) ? undefined : { action, object, consequence: 'fails' }
    }
    case 'alter':
      return action.alteration.retypes && !context.replaced(action.to.ref) ? { action, object: action.to, consequence: 'may fail' } : undefined
    case 'create': {
      const before = context.replaced(action.object.ref) ? context.object('from', action.object.ref) : undefined
      const isOther = before && attributesText(before) !== attributesText(action.object) && isCalledByName(before, action.object, context)
      return isOther ? { action, object: before, consequence: 'may fail' } : undefined
    }
  }
}

/** What code that is called by its name in queries notices, texts do too. */
function isCalledByName(from: SchemaObject, to: SchemaObject | undefined, context: AlterContext): boolean {
  return kindOf(from).hazards?.({ from, to }, context).some(({ code }) => code === 'breaks-code') ?? false
}

function nameOf({ id }: SchemaObject): string {
  return (id as { name: string }).name
}

/** A part only together with its whole. */
function isNamed(object: SchemaObject, names: NamesInText): boolean {
  const { schema, table } = object.id as { schema?: string; table?: string }
  return table === undefined ? names.has(nameOf(object), schema) : names.has(nameOf(object)) && names.has(table, schema)
}
