import type { Scratch } from '../database/scratch.js'
import type { Step } from '../declaration/steps.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { ProvingGround } from '../planner/proof.js'
import type { Scope } from '../reflector/scope.js'
import { withoutSideEffects } from './complete.js'

export interface GroundOptions {
  /** The state it shall hold. */
  readonly state: SchemaModel
  /** An empty scratch database, which it takes over. */
  readonly scratch: Scratch
  /** A further one whenever it is called. */
  readonly another: () => Promise<Scratch>
  /** The empty one in which models are settled; it is left empty. */
  readonly second: () => Promise<Scratch>
  /** What a plan must not harm. */
  readonly whole: Scope
  /** What the comparison is about. */
  readonly stated: Pick<Scope, 'restrict'>
  readonly begin: (stage: string) => void
}

/** A proving ground with what was done to bring it to its state. */
export interface RebuiltGround extends ProvingGround {
  readonly steps: readonly Step[]
}

/** A proving ground over scratch databases, holding a state; which engine that is, is up to who opens them. */
export async function provingGround({ state, scratch: first, another, second, whole, stated, begin }: GroundOptions): Promise<RebuiltGround> {
  const [{ reflect }, { rebuild, settle }] = await Promise.all([import('../reflector/reflect.js'), import('../declaration/elaborate.js')])
  const settled = new Map<SchemaModel, Promise<SchemaModel>>()
  // What is left out of a state is there all the same.
  const wholes = new WeakMap<SchemaModel, SchemaModel>()
  let scratch = first
  const steps = await rebuild(scratch.database, state)
  return {
    steps,
    begin: (direction) => begin(`proving the ${direction}`),
    database: () => scratch.database,
    reflect: async () => {
      const now = await reflect(scratch.database, whole)
      const seen = withoutSideEffects(now, state, stated)
      wholes.set(seen, now)
      return seen
    },
    restore: async (earlier) => {
      scratch = await another()
      await rebuild(scratch.database, wholes.get(earlier) ?? earlier)
    },
    after: async (model, statements) => settle((await second()).database, model, whole, statements),
    settled: (model) => {
      let result = settled.get(model)
      if (!result) {
        result = second().then(({ database }) => settle(database, model, whole))
        settled.set(model, result)
      }
      return result
    },
  }
}
