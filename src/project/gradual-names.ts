import { describeRef } from '../model/object-ref.js'
import type { Ref } from '../model/schema-object.js'
import { globPattern } from '../reflector/filter.js'

/**
 * Tells which objects patterns mean: one that has such a name, or is a part of one that has. Undefined for none.
 *
 * @example gradualNames(['app.users'])!('column:app.users.email') // true
 */
export function gradualNames(patterns: readonly string[]): ((ref: Ref) => boolean) | undefined {
  if (patterns.length === 0) return undefined
  const meant = patterns.flatMap((pattern) => [globPattern(pattern), globPattern(`${pattern}.*`)])
  return (ref) => meant.some((pattern) => pattern.test(describeRef(ref).name))
}
