import type { Scratch } from '../database/scratch.js'
import { diff } from '../differ/diff.js'
import { ProofError } from '../errors.js'
import type { RenderedStep } from '../generator/migration-file.js'
import { irreversibleCall, renderedStep } from '../generator/recorded-step.js'
import type { SchemaModel } from '../model/schema-model.js'
import { describeOperation } from '../operations/describe.js'
import type { Operation } from '../operations/operation.js'
import { prove } from '../planner/proof.js'
import { reflect } from '../reflector/reflect.js'
import { hashSteps } from '../revisions/record.js'
import type { Migration, Revision, Step } from '../revisions/revision.js'
import type { SquashRange } from '../revisions/squash.js'
import { downgrade } from '../runner/runner.js'
import { baselineOf } from './baseline.js'
import type { Project } from './project.js'
import { provingGround } from './proving-ground.js'
import { needsOfReplay, replay, replayTo, wholeOf, type Replayed } from './replay.js'

/** What stands in a migration that takes the place of others. */
interface Proven {
  readonly upgrade: readonly RenderedStep[]
  readonly downgrade: readonly RenderedStep[]
}

/** One migration from the schema before a range to that behind it. */
export async function proveTogether(project: Project, migrations: readonly Migration[], { revises, last }: SquashRange): Promise<Proven> {
  const history: Replayed = await historyOf(project, migrations)
  const { wish, scope, read } = await groundOf(project, history)
  const scratch = await project.openScratch(wish)
  project.begin('replaying the migrations in scratch')
  await replayTo(scratch, history, revises)
  const from = await read(scratch)
  await replay(scratch, history, last.id)
  const to = await read(scratch)
  const roles = [...(scratch.database.madeRoles ?? [])]
  const another = () => project.openScratch({ ...wish, roles })
  let second: Promise<Scratch> | undefined
  const ground = await provingGround({
    state: from,
    scratch: await another(),
    another,
    second: () => (second ??= another()),
    whole: scope,
    stated: scope,
    begin: (stage) => project.begin(stage),
  })
  const proven = await prove(ground, from, to, diff(from, to), { online: project.settings.online })
  return { upgrade: proven.upgrade.steps, downgrade: proven.downgrade.steps }
}

/** All steps in order, and all that undo them the other way round, proven to lead where the migrations lead one by one, in both directions. */
export async function proveJoined(project: Project, migrations: readonly Migration[], { revises, last }: SquashRange, replaced: readonly Migration[]): Promise<Proven> {
  const irreversible = replaced.find(({ downgrade }) => downgrade === null)
  const reversed = irreversible ? null : [...replaced].reverse()
  const one = joined(last.revision, revises, replaced, reversed)
  const history = await historyOf(project, migrations)
  const together = await historyOf(project, [...migrations.filter((each) => !replaced.includes(each)), one])
  const { wish, read } = await groundOf(project, history)
  const [scratch, second] = [await project.openScratch(wish), await project.openScratch(wish)]
  project.begin('replaying the migrations in scratch')
  await replay(scratch, history, last.id)
  const asOne = <T>(work: Promise<T>) =>
    work.catch((error: Error) => {
      throw new ProofError(`the migrations do not run as one: ${error.message}; nothing was written`, { at: one.upgrade[0]?.at, hint: 'choose a range that ends before the migration that fails', cause: error })
    })
  await asOne(replay(second, together, last.id))
  refuseDifference(diff(await read(second), await read(scratch)), 'the migrations lead somewhere else when they run as one')
  if (reversed) {
    const start = revises[0] ?? 'base'
    await downgrade({ database: scratch.database, ...history, scratch: true }, start)
    await asOne(downgrade({ database: second.database, ...together, scratch: true }, start))
    refuseDifference(diff(await read(second), await read(scratch)), 'the downgrades of the migrations lead somewhere else when they run as one')
  }
  const render = (migration: Migration, steps: readonly Step[]) => steps.map((step, index) => renderedStep(step, index === 0 ? [`${migration.revision} ${migration.message}`] : []))
  const reason = () => `${irreversible!.revision}: ${irreversible!.irreversible ?? 'it has no downgrade'}`
  return {
    upgrade: replaced.flatMap((migration) => render(migration, migration.upgrade)),
    downgrade: reversed?.flatMap((migration) => render(migration, migration.downgrade!)) ?? [irreversibleCall(reason())],
  }
}

function joined(last: Revision, revises: readonly string[], replaced: readonly Migration[], reversed: readonly Migration[] | null): Migration {
  const upgrade = replaced.flatMap((migration) => migration.upgrade)
  const { revision, message, file, line } = last
  const dependsOn = replaced.flatMap((each) => each.dependsOn).filter((id) => !replaced.some((each) => each.revision === id))
  const branchLabels = replaced.flatMap((each) => each.branchLabels)
  return { revision, message, revises, dependsOn: [...new Set(dependsOn)], branchLabels, ...(file && { file, line }), upgrade, downgrade: reversed?.flatMap((each) => each.downgrade!) ?? null, checksum: hashSteps(upgrade) }
}

function refuseDifference(left: readonly Operation[], what: string): void {
  if (left.length > 0) throw new ProofError(`${what}; nothing was written`, { detail: left.map((operation) => `  ${describeOperation(operation)}`).join('\n') })
}

async function historyOf(project: Project, migrations: readonly Migration[]): Promise<Replayed> {
  return { migrations, baseline: await baselineOf(project), versionSchema: project.settings.versionSchema }
}

/** Where a history is replayed, and how what came of it is read. */
async function groundOf(project: Project, history: Replayed) {
  const wish = { live: await project.live(), liveUrl: project.settings.database, ...needsOfReplay(history) }
  const scope = await wholeOf(project, wish)
  const read = async ({ database }: Scratch): Promise<SchemaModel> => scope.restrict(await reflect(database, scope))
  return { wish, scope, read }
}
