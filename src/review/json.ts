import type { SourcePosition } from '../errors.js'
import { phaseOfAll } from '../planner/phase.js'
import { openHazards, phaseOfMigration, type Review, type ReviewedMigration, type ReviewedStep } from './review.js'
import { operationsJson } from './text.js'

type ShowPath = (file: string) => string

/** A review for machines: version 1 of the document that docs/review.md describes. */
export function reviewJson({ base, engine, migrations, removed, problems }: Review, showPath: ShowPath): unknown {
  const open = openHazards(migrations)
  const phases = migrations.flatMap((migration) => phaseOfMigration(migration) ?? [])
  return {
    version: 1,
    base: base ?? null,
    engine,
    phase: phases.length === 0 ? null : phaseOfAll(phases),
    hazards: open.length,
    worst: open[0]?.code ?? null,
    removed: removed.map(showPath),
    problems: problems.map((problem) => placed(problem, showPath)),
    migrations: migrations.map((migration) => migrationJson(migration, showPath)),
  }
}

function migrationJson(migration: ReviewedMigration, showPath: ShowPath): unknown {
  const { revision, edited, operations, upgrade, downgrade, hazards, advice, proof } = migration
  const steps = (list: readonly ReviewedStep[]) => list.map((step) => placed(step, showPath))
  return {
    revision: revision.revision,
    revises: revision.revises,
    branchLabels: revision.branchLabels,
    message: revision.message,
    file: revision.file === undefined ? null : showPath(revision.file),
    edited,
    phase: phaseOfMigration(migration) ?? null,
    operations: operations.map(({ operation, phase }) => ({ ...(operationsJson([operation])[0] as object), phase })),
    upgrade: steps(upgrade),
    downgrade: downgrade && steps(downgrade),
    hazards: hazards.map((hazard) => placed(hazard, showPath)),
    advice: advice.map((finding) => placed(finding, showPath)),
    proof: proof.result === 'different' ? { result: proof.result, left: operationsJson(proof.left) } : proof.result === 'failed' ? placed(proof, showPath) : proof,
  }
}

function placed<Placed extends { readonly at?: SourcePosition | undefined }>(each: Placed, showPath: ShowPath): Placed {
  return each.at ? { ...each, at: { ...each.at, file: showPath(each.at.file) } } : each
}
