import { describeRef } from '../model/object-ref.js'
import type { Ref, UnmanagedObject } from '../model/schema-object.js'
import type { PlanOptions } from '../planner/plan.js'
import { globPattern } from '../reflector/filter.js'
import type { ProjectSettings } from './settings.js'

/** What the settings say of how changes are made, and the database of what is in their way, together with what `schema.ts` says. */
export function planOptions({ online, gradual }: ProjectSettings, unmanaged: readonly UnmanagedObject[], intent: PlanOptions): PlanOptions {
  const leftovers = new Set(unmanaged.flatMap(({ leftover }) => leftover ?? []))
  return { ...intent, online, leftovers, ...(gradual.length > 0 && { isGradual: matcher(gradual, intent.formerly) }) }
}

/** Whether patterns mean an object: by its name, one that it had before, or that of what it is a part of. */
function matcher(patterns: readonly string[], formerly: PlanOptions['formerly'] = new Map()): (ref: Ref) => boolean {
  const meant = patterns.flatMap((pattern) => [globPattern(pattern), globPattern(`${pattern}.*`)])
  const renames = [...formerly].map((refs) => refs.map((ref) => describeRef(ref).name) as [string, string])
  return (ref) => {
    const names = new Set([describeRef(ref).name])
    // A column had another name, and so had its table.
    for (const name of names) for (const [now, before] of renames) if (`${name}.`.startsWith(`${now}.`)) names.add(before + name.slice(now.length))
    return meant.some((pattern) => [...names].some((name) => pattern.test(name)))
  }
}
