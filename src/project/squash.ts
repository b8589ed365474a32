import { mkdir, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import type { Scratch } from '../database/scratch.js'
import { diff } from '../differ/diff.js'
import { RefusedError } from '../errors.js'
import { renderMigration, type RenderedStep } from '../generator/migration-file.js'
import type { SchemaModel } from '../model/schema-model.js'
import { prove } from '../planner/proof.js'
import { reflect } from '../reflector/reflect.js'
import { dataSteps } from '../revisions/data-steps.js'
import { RevisionGraph } from '../revisions/revision-graph.js'
import { positionOf, type Migration } from '../revisions/revision.js'
import { REPLACED_FOLDER, squashRange, type SquashRange } from '../revisions/squash.js'
import { baselineOf } from './baseline.js'
import { writeLock } from './lock.js'
import { migrationsOf, templateOf, writeRevision } from './migrations.js'
import type { Project } from './project.js'
import { provingGround } from './proving-ground.js'
import { needsOfReplay, replay, type Replayed } from './replay.js'

export interface Squashed {
  readonly revision: string
  readonly file: string
  /** The migrations that it stands for, oldest first. */
  readonly replaced: readonly Migration[]
  readonly upgrade: readonly RenderedStep[]
  readonly downgrade: readonly RenderedStep[]
}

/**
 * Puts the migrations of a range into one: what they do to the schema together, proven to lead from the same state to the same state. Their files
 * go into `_replaced`, where databases that stopped in the middle of the range still find them.
 *
 * @throws RevisionError for a range with loose ends; RefusedError for migrations that change rows, which would be lost; ProofError
 * @example await squash(project, { range: '41d3:8c1f', message: 'everything of last year' })
 */
export async function squash(project: Project, { range, message }: { readonly range: string; readonly message: string }): Promise<Squashed> {
  const migrations = await migrationsOf(project)
  const found = squashRange(new RevisionGraph(migrations), range)
  const replaced = found.nodes.map(({ id }) => migrations.find(({ revision }) => revision === id)!)
  await refuseOthers(replaced)
  const template = templateOf(project)
  const { upgrade, downgrade } = await proveTogether(project, migrations, found)
  const replaces = Object.fromEntries(replaced.map(({ revision, checksum, replaces: earlier = {} }) => [revision, earlier[revision] ?? checksum]))
  const { revises, dependsOn, branchLabels, last } = found
  const text = renderMigration({ revision: last.id, revises, message, branchLabels, dependsOn, replaces, upgrade, downgrade }, template)
  await putAside(replaced, path.join(project.resolve(project.settings.migrations), REPLACED_FOLDER))
  const file = await writeRevision(project, { revision: last.id, message }, text)
  await writeLock(project, { renewed: [last.id] })
  return { revision: last.id, file, replaced, upgrade, downgrade }
}

/** What the schema before and after does not tell, or what would not work from another folder. */
async function refuseOthers(replaced: readonly Migration[]): Promise<void> {
  for (const migration of replaced) {
    const [step] = await dataSteps(migration.upgrade)
    if (/\bfrom\s+['"]\.{1,2}\//.test(await readFile(migration.file!, 'utf8'))) {
      throw new RefusedError(`revision ${migration.revision} imports other files, which it would not find from ${REPLACED_FOLDER}. Nothing was written`, { at: positionOf(migration), hint: 'choose a range without it' })
    }
    if (!step) continue
    throw new RefusedError(`revision ${migration.revision} changes rows, which the schema before and after does not tell. Nothing was written`, {
      at: step.at ?? positionOf(migration),
      detail: step.sql.split('\n', 1)[0],
      hint: 'choose a range without it',
    })
  }
}

async function proveTogether(project: Project, migrations: readonly Migration[], { revises, last }: SquashRange) {
  const { database: liveUrl, versionSchema } = project.settings
  const history: Replayed = { migrations, baseline: await baselineOf(project), versionSchema }
  const wish = { live: await project.live(), liveUrl, ...needsOfReplay(history) }
  const scope = await project.wholeScope([], { databaseSettings: true })
  const scratch = await project.openScratch(wish)
  const read = async (): Promise<SchemaModel> => scope.restrict(await reflect(scratch.database, scope))
  project.begin('replaying the migrations in scratch')
  if (revises.length > 0) await replay(scratch, history, revises)
  else await begin(scratch, history)
  const from = await read()
  await replay(scratch, history, last.id)
  const to = await read()
  const another = () => project.openScratch(wish)
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

/** What a history that begins on a database with objects begins on. */
async function begin({ database }: Scratch, { baseline }: Replayed): Promise<void> {
  if (!baseline || !(await baseline.isWanted(database))) return
  await database.executeAll(['BEGIN', ...baseline.steps.map(({ sql }) => sql), 'COMMIT'])
}

async function putAside(replaced: readonly Migration[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { file } of replaced) await rename(file!, path.join(folder, path.basename(file!)))
}
