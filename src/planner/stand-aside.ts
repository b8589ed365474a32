import { alterContext } from '../differ/expand.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { describeObject } from '../operations/describe.js'
import type { Operation } from '../operations/operation.js'
import { suffixed } from '../sql/identifiers.js'
import { named, nameOf, runInScratch } from './gradual.js'
import type { PlannedStep } from './plan.js'
import { realDifferences, type ProvingGround } from './proof.js'

/** What was renamed in scratch, so that another one can be made under its name before it goes. */
export interface StoodAside {
  readonly steps: readonly PlannedStep[]
  readonly state: SchemaModel
  readonly left: readonly Operation[]
  /** The refs of what is to be dropped once the others are there. */
  readonly aside: ReadonlySet<Ref>
}

/**
 * Gives other names to what another one takes the place of and is not to be gone before that, with the parts that hold names the new ones need.
 *
 * @throws ProofError where PostgreSQL refuses
 */
export async function standAside(ground: ProvingGround, from: SchemaModel, to: SchemaModel, operations: readonly Operation[]): Promise<StoodAside | undefined> {
  const context = alterContext(from, to, { online: true })
  const roots = operations.flatMap((operation) =>
    operation.type === 'alter' && kindOf(operation.to).standsAside?.(operation.from, operation.to, context) ? [operation.from] : [],
  )
  if (roots.length === 0) return undefined
  const steps = roots.flatMap((root) => [root, ...partsOf(root, from).filter(({ ref }) => to.get(ref))]).flatMap((object) =>
    kindOf(object).rename!(object, named(object, suffixed(nameOf(object), '__old'))).map(
      (statement): PlannedStep => ({ comments: [`> ${describeObject(object.ref)} gives its name to another one`], hazards: [], statement, ref: object.ref, action: 'alter', isWatched: true }),
    ),
  )
  const ran = await runInScratch(ground, steps)
  const state = await ground.reflect()
  const left = await realDifferences(ground, state, to)
  const aside = new Set(left.flatMap((operation) => (operation.type === 'drop' && !from.get(operation.object.ref) ? [operation.object.ref] : [])))
  return { steps: ran, state, left, aside }
}

/** The objects of the same kind that are parts of one, as the indexes of partitions are of that of their table, at any depth. */
function partsOf(root: SchemaObject, model: SchemaModel): SchemaObject[] {
  const found = new Set([root.ref])
  for (const ref of found) {
    for (const { from } of model.neededBy(ref)) {
      const owner = model.get(model.get(from)!.parent ?? '')
      if (owner?.kind === root.kind) found.add(owner.ref)
    }
  }
  found.delete(root.ref)
  return [...found].map((ref) => model.get(ref)!)
}
