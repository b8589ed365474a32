import { describeRef } from '../model/object-ref.js'
import type { Ref, UnmanagedObject } from '../model/schema-object.js'
import type { PlanOptions } from '../planner/plan.js'
import { globPattern } from '../reflector/filter.js'
import type { ProjectSettings } from './settings.js'

/** What the settings say of how changes are made, and the database of what is in their way. */
export function planOptions({ online, gradual }: ProjectSettings, unmanaged: readonly UnmanagedObject[]): Pick<PlanOptions, 'online' | 'isGradual' | 'leftovers'> {
  const leftovers = new Set(unmanaged.flatMap(({ leftover }) => leftover ?? []))
  return { online, leftovers, ...(gradual.length > 0 && { isGradual: matcher(gradual) }) }
}

/** Whether patterns mean an object: by its name, or that of what it is a part of. */
function matcher(patterns: readonly string[]): (ref: Ref) => boolean {
  const meant = patterns.flatMap((pattern) => [globPattern(pattern), globPattern(`${pattern}.*`)])
  return (ref) => meant.some((pattern) => pattern.test(describeRef(ref).name))
}
