import { describeRef, refOf } from '../model/object-ref.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { PlannedStep } from '../planner/plan.js'
import type { Step } from '../revisions/revision.js'
import { effectOf, fitsTransaction } from '../runner/step-effect.js'
import { scratchForm, type DocumentedEffect } from '../sql/statement.js'

/** The steps of a migration as scratch runs and watches them. */
export function watchable(steps: readonly Step[], before: SchemaModel): Promise<PlannedStep[]> {
  return Promise.all(
    steps.map(async (step, index) => ({
      comments: [],
      hazards: [],
      ref: refOf('step', { signature: String(index) }),
      action: 'alter' as const,
      isWatched: true as const,
      statement: { ...recorded(step), ...(step.type === 'outside' && (await outsideFacts(step, before))) },
    })),
  )
}

function recorded({ type, sql, scratch }: Step): PlannedStep['statement'] {
  return { sql, transaction: type === 'outside' ? 'outside' : 'inside', ...(scratch !== undefined && { scratch }) }
}

/** What can run in a transaction is looked at in one of its own; of the rest, what the manual says is known. */
async function outsideFacts(step: Step, before: SchemaModel): Promise<{ readonly alone?: true; readonly documented?: DocumentedEffect }> {
  const sql = scratchForm(step)
  if (await fitsTransaction(sql)) return { alone: true }
  const effect = await effectOf(sql)
  const weak = (relation: string | undefined, reads: boolean) =>
    relation === undefined ? {} : { documented: { lock: 'SHARE UPDATE EXCLUSIVE' as const, relation, ...(reads && { reads: true as const }) } }
  switch (effect?.type) {
    case 'create index':
      return weak(inSchema(effect.table), true)
    case 'drop index':
      return weak(tableOf(effect.index, before), false)
    case 'reindex':
      return weak(effect.of.relation === undefined ? undefined : (tableOf(effect.of.relation, before) ?? inSchema(effect.of.relation)), true)
    case 'detach':
      return weak(inSchema(effect.parent), false)
    default:
      return {}
  }
}

/** Migrations run with `public` as their search path. */
function inSchema(name: string): string {
  return /^("[^"]*"|[^".])+\./.test(name) ? name : `public.${name}`
}

/** The table that an index, or the constraint that owns it, is of. */
function tableOf(index: string, before: SchemaModel): string | undefined {
  const parent = before.get(`index:${inSchema(index)}`)?.parent
  return parent ? describeRef(parent).name : undefined
}
