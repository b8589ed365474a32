import { lintAll } from '../lint/lint.js'
import type { Finding, LintReport } from '../lint/finding.js'
import { gatherHazards } from '../review/hazards.js'
import type { Review, ReviewedMigration, ReviewHazard } from '../review/review.js'
import { RevisionGraph, type RevisionNode } from '../revisions/revision-graph.js'
import type { Migration } from '../revisions/revision.js'
import { migrationsOf } from './migrations.js'
import type { Project } from './project.js'
import { ReviewGround } from './review-ground.js'
import { failureOf, tryMigration, untried, type Tried } from './review-migration.js'
import { selectMigrations, type ReviewRequest, type Selection } from './review-selection.js'

/**
 * Says what migrations do to a database, without one: each is run in scratch, up and down, where all that it needs has run. Unless it names others,
 * they are those that a git branch has and the default branch has not; without git, the heads.
 *
 * @throws RevisionError for a revision that is not there, UsageError for a base that git does not know; MigrationError when what stands before them fails
 * @example const { migrations } = await reviewProject(project, { base: 'origin/main' })
 */
export async function reviewProject(project: Project, request: ReviewRequest = {}): Promise<Review> {
  const all = await migrationsOf(project)
  return reviewMigrations(project, all, await selectMigrations(project, all, request))
}

/** The same for migrations that are chosen, of all that there are. */
export async function reviewMigrations(project: Project, all: readonly Migration[], { migrations, base, edited, removed }: Selection): Promise<Review> {
  const graph = new RevisionGraph(all)
  const report = await linted(all, graph, migrations, project.settings.allow)
  const found = { ...(base !== undefined && { base }), removed, problems: report.errors }
  if (migrations.length === 0) return { ...found, engine: '', migrations: [] }
  const ground = await ReviewGround.open(project, all)
  const reviewed: ReviewedMigration[] = []
  const failed = new Set<RevisionNode>()
  for (const migration of migrations) {
    const node = graph.node(migration.revision)!
    project.begin(`reviewing ${migration.revision}`)
    const tried = node.needs.some((need) => failed.has(need)) ? await untried(migration) : await tryOrFail(ground, migration, node)
    if (tried.proof.result === 'not tried' || (tried.proof.result === 'failed' && tried.proof.direction === 'upgrade')) failed.add(node)
    reviewed.push(put(migration, tried, report, { edited: edited.has(migration.revision), allow: project.settings.allow }))
  }
  return { ...found, engine: await ground.engine(), migrations: reviewed }
}

/** A migration that fails does so in the review; one that comes before those reviewed, and fails, leaves nothing to review. */
async function tryOrFail(ground: ReviewGround, migration: Migration, { needs }: RevisionNode): Promise<Tried> {
  await ground.moveTo(needs.map(({ id }) => id))
  try {
    return await tryMigration(ground, migration)
  } catch (error) {
    const failure = failureOf(error)
    if (!failure) throw error
    await ground.rewind()
    return { ...(await untried(migration)), proof: { result: 'failed', direction: 'upgrade', ...failure } }
  }
}

/** What lint says of migrations, knowing those before them. */
async function linted(all: readonly Migration[], graph: RevisionGraph, migrations: readonly Migration[], allow: readonly string[]): Promise<LintReport> {
  const byId = new Map(all.map((migration) => [migration.revision, migration]))
  const inOrder = graph.revisions.map(({ revision }) => byId.get(revision)!)
  const wanted = inOrder.filter((migration) => migrations.includes(migration))
  const last = wanted.length === 0 ? 0 : inOrder.indexOf(wanted.at(-1)!) + 1
  return lintAll(inOrder.slice(0, last), { allow, known: new Set(inOrder.filter((migration) => !migrations.includes(migration))) })
}

function put(migration: Migration, { planned, observed, ...tried }: Tried, report: LintReport, { edited, allow }: { edited: boolean; allow: readonly string[] }): ReviewedMigration {
  const mine = <Of extends Finding>(findings: readonly Of[]) => findings.filter(({ revision, rule }) => revision === migration.revision && rule !== NO_DOWNGRADE)
  const findings = mine([...report.hazards, ...report.allowed, ...report.ignored])
  const hazards = gatherHazards({ planned, observed, findings, steps: tried.upgrade, allow })
  return { revision: migration, edited, ...tried, hazards: [...irreversible(migration, report, allow), ...hazards], advice: mine(report.advice) }
}

const NO_DOWNGRADE = 'no-downgrade'

/** That there is no way back is a hazard, also where the migration says why. */
function irreversible({ revision, downgrade, irreversible: reason, file, line = 1 }: Migration, report: LintReport, allow: readonly string[]): ReviewHazard[] {
  if (downgrade !== null) return []
  const ignored = report.ignored.find((finding) => finding.revision === revision && finding.rule === NO_DOWNGRADE)
  return gatherHazards({
    planned: [],
    observed: [],
    steps: [],
    allow,
    findings: [
      {
        code: 'irreversible',
        rule: NO_DOWNGRADE,
        severity: 'hazard',
        object: `revision ${revision}`,
        message: reason === undefined ? 'it has no downgrade' : `it cannot be undone: ${reason}`,
        instead: reason === undefined ? 'write the downgrade, or op.irreversible with the reason' : 'save first what a way back would need, or accept it: --allow irreversible',
        at: { file: file!, line },
        ...(ignored && { reason: ignored.reason }),
      },
    ],
  })
}
