import type { Declaration } from '../authoring/declared.js'
import { kindOf } from '../kinds/registry.js'
import type { PlanOptions } from '../planner/plan.js'

/** What only `schema.ts` knows and no model: the text its author wrote, where PostgreSQL keeps its own reading of it, and former names. */
export function authorsIntent(declarations: readonly Declaration[]): PlanOptions {
  const declared = new Map(declarations.map(({ object }) => [object.ref, object]))
  return {
    authored: (reflected) => {
      const written = declared.get(reflected.ref)
      return (written && kindOf(reflected).authored?.(written, reflected)) ?? reflected
    },
    formerly: new Map(declarations.flatMap(({ object, formerly }) => (formerly === undefined ? [] : [[object.ref, formerly]]))),
  }
}
