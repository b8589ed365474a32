import type { Scratch } from '../database/scratch.js'
import { settle } from '../declaration/elaborate.js'
import { createRoleIn, missingRole } from '../declaration/sql-source.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { PlannedStep } from '../planner/plan.js'
import { runSteps, type RunResult } from '../planner/run-steps.js'
import { reflectIdentities, type Identities } from '../reflector/reflect.js'
import type { Scope } from '../reflector/scope.js'
import type { Migration } from '../revisions/revision.js'
import { baselineOf } from './baseline.js'
import type { Project, ScratchWish } from './project.js'
import { mayCreateRoles, needsOfReplay, replayTo, wholeOf, type Replayed } from './replay.js'

/** A schema as it is read while it is reviewed. */
export interface Sight {
  readonly model: SchemaModel
  readonly identities: Identities
}

/** Scratch in which a history is replayed, and its migrations are tried one after the other. */
export class ReviewGround {
  #scratch: Scratch | undefined
  #second: Promise<Scratch> | undefined
  #at: readonly string[] = []

  private constructor(
    readonly project: Project,
    readonly history: Replayed,
    readonly wish: ScratchWish,
    readonly scope: Scope,
  ) {}

  /** No database of the project's is asked, unless scratch is to be on its server. */
  static async open(project: Project, migrations: readonly Migration[]): Promise<ReviewGround> {
    const history = { migrations, baseline: await baselineOf(project), versionSchema: project.settings.versionSchema }
    const near = project.settings.scratch === 'server' ? { live: await project.live(), liveUrl: project.settings.database } : { live: null }
    const wish = { ...near, ...needsOfReplay(history) }
    return new ReviewGround(project, history, wish, await wholeOf(project, wish))
  }

  /** Which engine things are tried on: `PostgreSQL 18`. */
  async engine(): Promise<string> {
    const { database } = await this.#open()
    return `PostgreSQL ${database.version.major}`
  }

  /** Has run these migrations and all that they need. */
  async moveTo(revisions: readonly string[]): Promise<void> {
    this.#at = revisions
    await replayTo(await this.#open(), this.history, revisions)
  }

  /** Goes back to where it was moved last, from nothing: what was done since cannot be undone, or was not. */
  async rewind(): Promise<void> {
    await this.#scratch?.close()
    this.#scratch = undefined
    await this.moveTo(this.#at)
  }

  async read(): Promise<Sight> {
    return reflectIdentities((await this.#open()).database, this.scope)
  }

  /** The model as it reads after it was made once more from its own text. */
  async settled(model: SchemaModel): Promise<SchemaModel> {
    const { database } = await (this.#second ??= this.project.openScratch(this.wish))
    return settle(database, model, this.scope)
  }

  /** Runs steps as a migration would, and looks at what they do; roles that they name are made where that hurts nobody. */
  async run(steps: readonly PlannedStep[]): Promise<RunResult> {
    for (const made = new Set<string>(); ; ) {
      const { database, engine } = await this.#open()
      const result = await runSteps(database, steps)
      const role = result.failed && missingRole(result.failed.error)
      if (!result.failed || role === undefined || made.has(role) || !mayCreateRoles(engine)) return result
      if (result.committed) await this.rewind()
      made.add(role)
      if (!(await createRoleIn((await this.#open()).database, role))) return result
    }
  }

  async #open(): Promise<Scratch> {
    return (this.#scratch ??= await this.project.openScratch(this.wish))
  }
}

