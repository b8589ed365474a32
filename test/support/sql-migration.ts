import { diff } from '../../src/differ/diff.js'
import type { SchemaModel } from '../../src/model/schema-model.js'
import type { PlanOptions } from '../../src/planner/plan.js'
import { prove, type ProvenSteps } from '../../src/planner/proof.js'
import { reflect } from '../../src/reflector/reflect.js'
import { provingGround } from './ground.js'
import type { Engine } from './servers.js'
import type { Databases } from './table-migration.js'

/** The steps, up and down, of a migration between two states given as SQL. It is proven: either way ends in exactly the other state. */
export async function provenMigration(
  databases: Databases,
  engine: Engine,
  before: readonly string[],
  after: readonly string[],
  options: PlanOptions = {},
): Promise<{ upgrade: ProvenSteps; downgrade: ProvenSteps }> {
  const read = async (statements: readonly string[]): Promise<SchemaModel> => {
    const database = await databases.open(engine)
    await database.executeAll(statements)
    return reflect(database)
  }
  const [from, to] = [await read(before), await read(after)]
  const ground = await provingGround(() => databases.open(engine), from, { settling: () => databases.empty(engine) })
  return prove(ground, from, to, diff(from, to), options)
}

/** The SQL of such a migration. */
export async function sqlMigration(
  databases: Databases,
  engine: Engine,
  before: readonly string[],
  after: readonly string[],
): Promise<{ up: string[]; down: string[] }> {
  const { upgrade, downgrade } = await provenMigration(databases, engine, before, after)
  return { up: upgrade.steps.map(({ statement }) => statement.sql), down: downgrade.steps.map(({ statement }) => statement.sql) }
}
