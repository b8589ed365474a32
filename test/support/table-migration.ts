import type { Database } from '../../src/database/database.js'
import { elaborate } from '../../src/declaration/elaborate.js'
import type { Declared } from '../../src/authoring/declared.js'
import { diff } from '../../src/differ/diff.js'
import { prove } from '../../src/planner/proof.js'
import type { SchemaModel } from '../../src/model/schema-model.js'
import { provingGround } from './ground.js'
import { freshSession, type Engine } from './servers.js'

/** Databases that a test opens and closes together; one of each engine, in which nothing stays, serves all tests of a file. */
export class Databases {
  readonly #opened: Database[] = []
  readonly #empty = new Map<Engine, Promise<Database>>()

  constructor() {
    afterAll(async () => {
      for (const database of this.#empty.values()) await (await database).close()
    })
  }

  async open(engine: Engine): Promise<Database> {
    const database = await freshSession(engine)
    this.#opened.push(database)
    return database
  }

  async close(): Promise<void> {
    for (const database of this.#opened.splice(0)) await database.close()
  }

  /** What declarations are once an engine has read them. */
  async model(engine: Engine, declared: readonly Declared[]): Promise<SchemaModel> {
    return elaborate(await this.empty(engine), declared.flatMap((one) => one.declarations()))
  }

  /** The SQL of a proven migration, up and down. */
  async migration(engine: Engine, before: readonly Declared[], after: readonly Declared[]): Promise<{ up: string[]; down: string[] }> {
    const from = await this.model(engine, before)
    const to = await this.model(engine, after)
    const ground = await provingGround(() => this.open(engine), from, { settling: () => this.empty(engine) })
    const { upgrade, downgrade } = await prove(ground, from, to, diff(from, to))
    const sql = (steps: typeof upgrade.steps) => steps.map(({ statement }) => statement.sql)
    return { up: sql(upgrade.steps), down: sql(downgrade.steps) }
  }

  /** A database that holds what is declared, for good. */
  async holding(engine: Engine, declared: readonly Declared[]): Promise<Database> {
    const database = await this.open(engine)
    await elaborate(database, declared.flatMap((one) => one.declarations()), { commit: true })
    return database
  }

  /** An empty database of an engine, for what leaves it empty. */
  empty(engine: Engine): Promise<Database> {
    let database = this.#empty.get(engine)
    if (!database) this.#empty.set(engine, (database = freshSession(engine)))
    return database
  }
}
