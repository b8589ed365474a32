import type { AlterContext, Kind } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import type { Ref } from '../model/schema-object.js'
import { describeObject } from '../operations/describe.js'
import { isNoted, hazardText, isThroughout, rootOf, type Hazard } from './hazards.js'
import type { PlannedStep } from './plan.js'

/** Steps with what it costs that an object is gone from its drop until it is created again. */
export function withGaps(steps: readonly PlannedStep[], context: AlterContext): PlannedStep[] {
  const back = new Map(steps.map(({ ref, action }, at) => [action === 'create' ? ref : '', at] as const).reverse())
  return steps.map((step, at) => {
    const again = step.action === 'drop' ? (back.get(step.ref) ?? -1) : -1
    if (again < at) return step
    const hazards = gapOf(step, { between: steps.slice(at + 1, again), after: steps.slice(again) }, context)
    return hazards.length === 0 ? step : { ...step, comments: [...step.comments, ...hazards.filter(isNoted).map(hazardText)], hazards: [...step.hazards, ...hazards] }
  })
}

/** Others see the gap when something is committed in it; else they wait until it is over. */
function gapOf(drop: PlannedStep, { between, after }: { between: readonly PlannedStep[]; after: readonly PlannedStep[] }, context: AlterContext): Hazard[] {
  const about = describeObject(drop.ref)
  const index = indexOf(drop.ref, 'from', context)
  const commit = between.find(isOutside)
  const hazards: Hazard[] = []
  if (commit && !(index && !index.distinct)) {
    hazards.push({ code: 'breaks-code', object: drop.ref, message: `${about}: it is gone while ${describeObject(commit.ref)} is worked on outside the transaction`, breaksNextRelease: true })
  }
  const table = rootOf(drop.ref, 'from', context)
  if (!index || !isThroughout(table, context)) return hazards
  const pieces = indexOf(drop.ref, 'to', context)?.inPieces ? after.filter(({ ref }) => indexOf(ref, 'to', context)) : []
  const isSeen = [drop, ...between, after[0]!, ...pieces].some(isOutside)
  const seen = `queries go without it until the new one is built${index.distinct ? ', and nothing keeps rows apart' : ''}`
  hazards.push({
    code: 'index-gap',
    object: drop.ref,
    message: `${about}: ${isSeen ? seen : `nobody can read or write ${describeObject(table)} from its drop until the new one is built`}`,
    instead: drop.because
      ? `leave ${describeObject(drop.because)} as it is, make another one with an index of its own beside it, and drop both in a later migration`
      : 'give the new one another name, and drop this one in a later migration',
  })
  return hazards
}

function indexOf(ref: Ref, side: 'from' | 'to', context: AlterContext): ReturnType<NonNullable<Kind['indexes']>> {
  const object = context.object(side, ref)
  return object && kindOf(object).indexes?.(object)
}

function isOutside({ statement }: PlannedStep): boolean {
  return statement.transaction === 'outside'
}
