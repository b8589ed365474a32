import { readFile } from 'node:fs/promises'
import { Project as SourceProject, SyntaxKind } from 'ts-morph'
import { diff } from '../differ/diff.js'
import { ProofError, RevisionError } from '../errors.js'
import { stringLiteral } from '../generator/literals.js'
import { describeOperation } from '../operations/describe.js'
import { reflect } from '../reflector/reflect.js'
import { ambiguous, resolveOne, some } from '../revisions/identifiers.js'
import { RevisionGraph, type RevisionNode } from '../revisions/revision-graph.js'
import { positionOf, type Migration } from '../revisions/revision.js'
import { Bookkeeping } from '../runner/history.js'
import { downgrade } from '../runner/runner.js'
import { baselineOf } from './baseline.js'
import { writeLock } from './lock.js'
import { migrationsOf } from './migrations.js'
import type { Project } from './project.js'
import { needsOfReplay, replay, wholeOf, type Replayed } from './replay.js'

/** Migrations that were put behind another head. */
export interface Rebased {
  /** In the order of an upgrade. */
  readonly moved: readonly Migration[]
  /** What the first of them follows now. */
  readonly onto: string
}

/**
 * Puts the branch that ends in a revision behind another head: its first migration follows that head from now on. Before the file is written, the
 * moved migrations are run in scratch behind it, and taken back.
 *
 * @throws RevisionError for a branch that cannot be moved, or that the database has run; MigrationError or ProofError when the proof fails
 * @example await rebase(project, '8c1f')
 */
export async function rebase(project: Project, revision: string, onto?: string): Promise<Rebased> {
  const migrations = await migrationsOf(project)
  const graph = new RevisionGraph(migrations)
  const { target, moved, first } = branchOf(graph, revision, onto)
  await refuseApplied(project, moved)
  const follower = migrations.find((migration) => migration.revision === first.id)!
  const history = migrations.map((migration) => (migration === follower ? following(migration, target.id) : migration))
  const last = graph.maximal(new Set(moved))
  const needed = [...graph.withAncestors(moved)].filter((node) => !moved.includes(node))
  const reversible = moved.every(({ id }) => history.find((migration) => migration.revision === id)!.downgrade !== null)
  await proveBehind(project, history, { start: target.id, needed: needed.map(({ id }) => id), ends: last.map(({ id }) => id), reversible })
  await setParent(project, follower, target.id)
  await writeLock(project)
  return { moved: moved.map(({ id }) => migrations.find((migration) => migration.revision === id)!), onto: target.id }
}

/** The branch to move: what leads to the revision and not to the target, and what follows. */
function branchOf(graph: RevisionGraph, revision: string, onto: string | undefined) {
  const node = resolveOne(graph, revision)
  const lineage = graph.lineage(node)
  const others = graph.headNodes.filter((head) => !lineage.has(head))
  if (onto === undefined && others.length === 0) throw new RevisionError(`revision ${node.id} is on the only branch: there is nothing to put it behind`)
  if (onto === undefined && others.length > 1) throw ambiguous(graph, 'the head to put it behind', others, (each) => `--onto ${each}`)
  const target = onto === undefined ? others[0]! : resolveOne(graph, onto)
  const below = graph.withAncestors([target])
  // What it only depends on stays where it is.
  const line = new Set([node])
  for (const each of line) for (const parent of each.parents) line.add(parent)
  const own = [...line].filter((each) => !below.has(each))
  const moved = graph.sort(graph.withDescendants(own))
  if (own.length === 0) throw new RevisionError(`revision ${target.id} follows ${node.id} already`)
  const firsts = own.filter((each) => !each.parents.some((parent) => own.includes(parent)))
  const [first] = firsts
  if (firsts.length > 1 || first!.parents.length > 1) {
    throw new RevisionError(`the branch of ${node.id} begins with ${firsts.length > 1 ? some(firsts.map(({ id }) => id)) : `the merge ${first!.id}`}, so that it cannot be moved`, {
      hint: 'join the branches: autogen merge heads',
    })
  }
  if (first!.parents[0] === target) throw new RevisionError(`revision ${first!.id} follows ${target.id} already`)
  return { target, moved, first: first! }
}

/** A database that has run them would be taken to have run what they follow from now on. */
async function refuseApplied(project: Project, moved: readonly RevisionNode[]): Promise<void> {
  const rows = await new Bookkeeping(await project.live(), project.settings.versionSchema).rows()
  const applied = moved.filter(({ id }) => rows.includes(id))
  if (applied.length === 0) return
  throw new RevisionError(`the database has run ${some(applied.map(({ id }) => id))}, which is to be put behind a revision that it has not run`, {
    hint: `take it back first: autogen downgrade ${moved[0]!.parents[0]?.id ?? 'base'}`,
  })
}

/** The migration with another parent; its steps are recorded when they are asked for, as ever. */
function following(migration: Migration, parent: string): Migration {
  return Object.create(migration, {
    revises: { value: [parent], enumerable: true },
    upgrade: { get: () => migration.upgrade, enumerable: true },
    downgrade: { get: () => migration.downgrade, enumerable: true },
    irreversible: { get: () => migration.irreversible },
    checksum: { get: () => migration.checksum, enumerable: true },
  }) as Migration
}

interface Course {
  readonly start: string
  /** What else is there before they run. */
  readonly needed: readonly string[]
  readonly ends: readonly string[]
  readonly reversible: boolean
}

async function proveBehind(project: Project, migrations: readonly Migration[], { start, needed, ends, reversible }: Course): Promise<void> {
  const { database: liveUrl, versionSchema } = project.settings
  const history: Replayed = { migrations, baseline: await baselineOf(project), versionSchema }
  const wish = { live: await project.live(), liveUrl, ...needsOfReplay(history) }
  const scratch = await project.openScratch(wish)
  const scope = await wholeOf(project, wish)
  project.begin('proving the moved migrations')
  await replay(scratch, history, [start, ...needed])
  const before = await reflect(scratch.database, scope)
  await replay(scratch, history, ends)
  if (!reversible) return
  await downgrade({ database: scratch.database, ...history, scratch: true }, start)
  const left = diff(await reflect(scratch.database, scope), before)
  if (left.length === 0) return
  throw new ProofError('the downgrades of the moved migrations do not lead back to where they begin; nothing was written', {
    detail: left.map((operation) => `  ${describeOperation(operation)}`).join('\n'),
  })
}

/** Changes what a migration file says that it follows, and nothing else in it. */
async function setParent({ files }: Project, migration: Migration, parent: string): Promise<void> {
  const file = migration.file!
  const source = new SourceProject({ useInMemoryFileSystem: true }).createSourceFile('migration.ts', await readFile(file, 'utf8'))
  const literal = source
    .getDescendantsOfKind(SyntaxKind.PropertyAssignment)
    .find((property) => property.getName() === 'revises' && property.getParent().getParent()?.isKind(SyntaxKind.CallExpression))
  if (!literal) throw new RevisionError('where this file says what it follows cannot be found', { at: positionOf(migration), hint: `write revises: ${stringLiteral(parent)}` })
  literal.setInitializer(stringLiteral(parent))
  await files.write(file, source.getFullText(), { overwrite: true })
}
