import type { AlterContext } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import { describeObject } from '../operations/describe.js'
import { isNoted, hazardText, isThroughout, rootOf, type Hazard } from './hazards.js'
import type { PlannedStep } from './plan.js'

/** Steps with what it costs that an object is gone from its drop until it is created again. */
export function withGaps(steps: readonly PlannedStep[], context: AlterContext): PlannedStep[] {
  const back = new Map(steps.map(({ ref, action }, at) => [action === 'create' ? ref : '', at] as const).reverse())
  return steps.map((step, at) => {
    const again = step.action === 'drop' ? (back.get(step.ref) ?? -1) : -1
    if (again < at) return step
    const hazards = gapOf(step, steps.slice(at + 1, again), steps[again]!, context)
    return hazards.length === 0 ? step : { ...step, comments: [...step.comments, ...hazards.filter(isNoted).map(hazardText)], hazards: [...step.hazards, ...hazards] }
  })
}

/** Others see the gap when something is committed in it; else they wait until it is over. */
function gapOf(drop: PlannedStep, between: readonly PlannedStep[], create: PlannedStep, context: AlterContext): Hazard[] {
  const object = context.object('from', drop.ref)
  const index = object && kindOf(object).indexes?.(object)
  const commit = between.find(({ statement }) => statement.transaction === 'outside')
  const isSeen = commit !== undefined || [drop, create].some(({ statement }) => statement.transaction === 'outside')
  const hazards: Hazard[] = []
  if (commit && index !== 'rows') {
    const message = `${describeObject(drop.ref)}: it is gone while ${describeObject(commit.ref)} is worked on outside the transaction`
    hazards.push({ code: 'breaks-code', object: drop.ref, message, breaksNextRelease: true })
  }
  if (index && isThroughout(rootOf(drop.ref, 'from', context), context)) {
    const table = describeObject(rootOf(drop.ref, 'from', context))
    const seen = `queries go without it until the new one is built${index === 'rows' ? '' : ', and nothing keeps rows apart'}`
    hazards.push({
      code: 'index-gap',
      object: drop.ref,
      message: `${describeObject(drop.ref)}: ${isSeen ? seen : `nobody can read or write ${table} from its drop until the new one is built`}`,
      instead: 'give the new one another name, and drop this one in a later migration',
    })
  }
  return hazards
}
