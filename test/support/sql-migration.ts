import { diff } from '../../src/differ/diff.js'
import type { SchemaModel } from '../../src/model/schema-model.js'
import { prove } from '../../src/planner/proof.js'
import { reflect } from '../../src/reflector/reflect.js'
import { provingGround } from './ground.js'
import type { Engine } from './servers.js'
import type { Databases } from './table-migration.js'

/** The SQL, up and down, of a migration between two states given as SQL. It is proven: either way ends in exactly the other state. */
export async function sqlMigration(
  databases: Databases,
  engine: Engine,
  before: readonly string[],
  after: readonly string[],
): Promise<{ up: string[]; down: string[] }> {
  const read = async (statements: readonly string[]): Promise<SchemaModel> => {
    const database = await databases.open(engine)
    await database.executeAll(statements)
    return reflect(database)
  }
  const [from, to] = [await read(before), await read(after)]
  const ground = await provingGround(() => databases.open(engine), from, { settling: () => databases.empty(engine) })
  const { upgrade, downgrade } = await prove(ground, from, to, diff(from, to))
  return { up: upgrade.steps.map(({ statement }) => statement.sql), down: downgrade.steps.map(({ statement }) => statement.sql) }
}
