import type { Declared } from '../../src/authoring/declared.js'
import type { Database } from '../../src/database/database.js'
import { startNative } from '../../src/database/native.js'
import { openPglite } from '../../src/database/pglite.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { elaborate } from '../../src/declaration/elaborate.js'
import { diff } from '../../src/differ/diff.js'
import { prove } from '../../src/planner/proof.js'
import { manage } from '../../src/schema.js'
import { authorsIntent } from '../../src/project/authors-intent.js'
import { everythingAndRoles } from '../../src/reflector/scope.js'
import { provingGround } from './ground.js'
import type { Engine } from './servers.js'

/** Databases each on a server of its own, for tests that make roles. */
export class Clusters {
  readonly #closers: (() => Promise<void>)[] = []

  async open(engine: Engine): Promise<Database> {
    if (engine === 'pglite') return this.#closing(await openPglite(), async () => undefined)
    const server = await startNative({ major: engine })
    return this.#closing(await connectPostgres(server.url), () => server.stop())
  }

  #closing(database: Database, stop: () => Promise<void>): Database {
    this.#closers.push(async () => {
      await database.close()
      await stop()
    })
    return database
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close()
  }

  /** The SQL of a proven migration between declared states that answer for all roles, up and down. */
  async migration(engine: Engine, before: readonly Declared[], after: readonly Declared[]): Promise<{ up: string[]; down: string[] }> {
    const scratch = await this.open(engine)
    const stated = { manage: manage({ schemas: ['public'], roles: 'all', databaseSettings: true }) }
    const [was, is] = [before, after].map((state) => state.flatMap((one) => one.declarations()))
    const from = await elaborate(scratch, was!, stated)
    const to = await elaborate(scratch, is!, stated)
    const ground = await provingGround(() => this.open(engine), from, { scope: everythingAndRoles })
    const { upgrade, downgrade } = await prove(ground, from, to, diff(from, to), authorsIntent(is!))
    const sql = (steps: typeof upgrade.steps) => steps.map(({ statement }) => statement.sql)
    return { up: sql(upgrade.steps), down: sql(downgrade.steps) }
  }
}
