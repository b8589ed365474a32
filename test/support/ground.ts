import type { Database } from '../../src/database/database.js'
import { rebuild, settle } from '../../src/declaration/elaborate.js'
import type { SchemaModel } from '../../src/model/schema-model.js'
import type { ProvingGround } from '../../src/planner/proof.js'
import { reflect } from '../../src/reflector/reflect.js'
import { everything, type Scope } from '../../src/reflector/scope.js'

export interface GroundOptions {
  readonly scope?: Scope
  /** An empty database, which is left empty. Default: one more that `open` makes. */
  readonly settling?: () => Promise<Database>
  /** Told of a database that another one takes the place of, and that is not empty. */
  readonly onAbandoned?: (database: Database) => void
}

/** A proving ground over empty databases that `open` makes; the first of them holds the state from then on. */
export async function provingGround(open: () => Promise<Database>, state: SchemaModel, { scope = everything, settling, onAbandoned }: GroundOptions = {}): Promise<ProvingGround> {
  let database = await open()
  let second: Database | undefined
  await rebuild(database, state, scope)
  return {
    database: () => database,
    reflect: () => reflect(database, scope),
    restore: async (earlier) => {
      onAbandoned?.(database)
      database = await open()
      await rebuild(database, earlier, scope)
    },
    after: async (model, statements) => settle((second ??= await (settling ?? open)()), model, scope, statements),
    settled: async (model) => settle((second ??= await (settling ?? open)()), model, scope),
  }
}
