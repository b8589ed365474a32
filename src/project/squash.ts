import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { RefusedError } from '../errors.js'
import { renderMigration, type RenderedStep } from '../generator/migration-file.js'
import { dataSteps } from '../revisions/data-steps.js'
import { RevisionGraph } from '../revisions/revision-graph.js'
import { positionOf, type Migration } from '../revisions/revision.js'
import { REPLACED_FOLDER, squashRange } from '../revisions/squash.js'
import { writeLock } from './lock.js'
import { migrationsOf, templateOf, writeRevision } from './migrations.js'
import type { Project } from './project.js'
import { proveJoined, proveTogether } from './squash-proof.js'

export interface Squashed {
  readonly revision: string
  readonly file: string
  /** The migrations that it stands for, oldest first. */
  readonly replaced: readonly Migration[]
  readonly upgrade: readonly RenderedStep[]
  readonly downgrade: readonly RenderedStep[]
  /** Their steps stand one after the other, because the schema does not tell all that they do. */
  readonly joined: boolean
}

/**
 * Puts the migrations of a range into one: what they do to the schema together, proven to lead from the same state to the same state. Where one of
 * them changes rows, or cannot be undone, which the schema does not tell, all their steps stand in it one after the other, and that is what is
 * proven. Their files go into `_replaced`, where databases that stopped in the middle of the range still find them.
 *
 * @throws RevisionError for a range with loose ends; RefusedError for migrations that cannot be put into another file; ProofError
 * @example await squash(project, { range: '41d3:8c1f', message: 'everything of last year' })
 */
export async function squash(project: Project, { range, message }: { readonly range: string; readonly message: string }): Promise<Squashed> {
  const migrations = await migrationsOf(project)
  const found = squashRange(new RevisionGraph(migrations), range)
  const replaced = found.nodes.map(({ id }) => migrations.find(({ revision }) => revision === id)!)
  await refuseUnmovable(replaced)
  const template = templateOf(project)
  const isMore = await doesMore(replaced)
  const { upgrade, downgrade } = isMore ? await proveJoined(project, migrations, found, replaced) : await proveTogether(project, migrations, found)
  const replaces = Object.fromEntries(replaced.map(({ revision, checksum, replaces: earlier = {} }) => [revision, earlier[revision] ?? checksum]))
  const { revises, dependsOn, branchLabels, last } = found
  const text = renderMigration({ revision: last.id, revises, message, branchLabels, dependsOn, replaces, upgrade, downgrade }, template)
  const folder = path.dirname(replaced.at(-1)!.file!)
  await putAside(project, replaced)
  const file = await writeRevision(project, { revision: last.id, message, folder }, text)
  await writeLock(project, { renewed: [last.id] })
  return { revision: last.id, file, replaced, upgrade, downgrade, joined: isMore }
}

/** What would not work from another folder, or in another file. */
async function refuseUnmovable(replaced: readonly Migration[]): Promise<void> {
  for (const migration of replaced) {
    const hint = 'choose a range without it'
    if (/\bfrom\s+['"]\.{1,2}\//.test(await readFile(migration.file!, 'utf8'))) {
      throw new RefusedError(`revision ${migration.revision} imports other files, which it would not find from ${REPLACED_FOLDER}. Nothing was written`, { at: positionOf(migration), hint })
    }
    const runs = [...migration.upgrade, ...(migration.downgrade ?? [])].find((step) => 'run' in step)
    if (runs) throw new RefusedError(`revision ${migration.revision} runs a function, which cannot be put into another file. Nothing was written`, { at: runs.at ?? positionOf(migration), hint })
  }
}

/** Whether migrations do more than the schema before and after tells. */
async function doesMore(replaced: readonly Migration[]): Promise<boolean> {
  for (const { upgrade, downgrade } of replaced) {
    if (downgrade === null || (await dataSteps([...upgrade, ...downgrade])).length > 0) return true
  }
  return false
}

async function putAside(project: Project, replaced: readonly Migration[]): Promise<void> {
  const folder = path.join(project.resolve(project.settings.migrations), REPLACED_FOLDER)
  for (const { file, revision } of replaced) {
    const name = path.basename(file!)
    const isTaken = existsSync(path.join(folder, name))
    await project.files.move(file!, path.join(folder, isTaken ? `${revision}_${name}` : name))
  }
}
