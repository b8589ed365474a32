import type { Rename } from '../differ/renames.js'
import { alterContext, expand, type Action, type ExpandOptions } from '../differ/expand.js'
import { order, type OrderedAction } from '../differ/order.js'
import type { AlterContext } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import { SchemaModel } from '../model/schema-model.js'
import type { Dependency, Ref, SchemaObject } from '../model/schema-object.js'
import { describeObject, describeOperation } from '../operations/describe.js'
import type { Operation } from '../operations/operation.js'
import type { Statement } from '../sql/statement.js'
import { withGaps } from './gaps.js'
import { hazardsOf, hazardText, isNoted, isThroughout, observedHazards, rootOf, type Hazard } from './hazards.js'
import { observationText, type Observation } from './observe.js'
import { statementsOf } from './render.js'
import { untrackedHazards } from './untracked.js'

/** One statement of a migration with what the reader should know about it. */
export interface PlannedStep {
  /** Lines for the comment above it; empty for the further statements of one action. */
  readonly comments: readonly string[]
  readonly hazards: readonly Hazard[]
  readonly statement: Statement
  /** The object it is about. */
  readonly ref: Ref
  /** What is done to that object, of which the statement may be a part. */
  readonly action: Action['type']
  /** It has to do with something that is there throughout: what it does to that is worth a look. */
  readonly isWatched?: true
  /** What it did to relations in use, where scratch ran it. */
  readonly observed?: Observation
  /** The object on whose account this one, which itself did not change, is touched. */
  readonly because?: Ref
  /** The object that is replaced when PostgreSQL refuses the statement in any form. */
  readonly elseReplace?: Ref
}

export interface PlanOptions extends ExpandOptions {
  /** What objects were called before, where `schema.ts` says so: the ref that each had by its ref now. */
  readonly formerly?: ReadonlyMap<Ref, Ref>
  /** What gave its name to something that is to be there before it goes: it is dropped last. */
  readonly aside?: ReadonlySet<Ref> | undefined
  /** What is changed in steps of which none makes anybody wait, where one statement would write all rows anew. */
  readonly isGradual?: ((ref: Ref) => boolean) | undefined
}

/** The steps that carry out operations, in an order that PostgreSQL accepts. Not yet tried: see `prove`. */
export function plan(from: SchemaModel, wanted: SchemaModel, differences: readonly Operation[], options: PlanOptions = {}): PlannedStep[] {
  const { to, operations } = options.online ? whileInUse(from, wanted, differences) : { to: wanted, operations: differences }
  const actions = expand(from, to, operations, options).map((action) => withAuthorsText(action, options))
  const replaced = replacedBy(actions)
  const context = alterContext(from, to, options, (ref) => replaced.has(ref))
  const touches = touching(from, to, context)
  const untracked = untrackedHazards(actions, from, to, context)
  const steps = order(from, to, actions, context, (action) => commits(action, context)).flatMap((ordered) => stepsOf(ordered, { context, touches, untracked }))
  return withGaps(lateLast(steps.map((step) => (step.action === 'drop' && options.aside?.has(step.ref) ? { ...step, statement: { ...step.statement, late: true as const } } : step))), context)
}

/** The same with objects that are created in the way that blocks least. */
function whileInUse(from: SchemaModel, to: SchemaModel, operations: readonly Operation[]): { to: SchemaModel; operations: readonly Operation[] } {
  const context = alterContext(from, to, { online: true })
  const changed = new Map<Ref, SchemaObject>()
  const needs: Dependency[] = []
  for (const operation of operations) {
    if (operation.type !== 'create') continue
    const object = kindOf(operation.object).whileInUse?.(operation.object, context)
    if (object) changed.set(object.ref, object)
    needs.push(...(kindOf(operation.object).needsInUse?.(operation.object, context) ?? []))
  }
  if (changed.size === 0) return { to, operations }
  const data = to.toData()
  return {
    to: new SchemaModel({ ...data, objects: data.objects.map((object) => changed.get(object.ref) ?? object), dependencies: [...data.dependencies, ...needs] }),
    operations: operations.map((operation) => (operation.type === 'create' ? { ...operation, object: changed.get(operation.object.ref) ?? operation.object } : operation)),
  }
}

function replacedBy(actions: readonly Action[]): ReadonlySet<Ref> {
  const dropped = new Set(actions.flatMap((action) => (action.type === 'drop' ? [action.object.ref] : [])))
  return new Set(actions.flatMap((action) => (action.type === 'create' && dropped.has(action.object.ref) ? [action.object.ref] : [])))
}

/** Whether an action on something in use takes a statement outside the transaction, and not only at the end. */
function commits(action: Action, context: AlterContext): boolean {
  if (action.type === 'rename') return false
  const object = action.type === 'alter' ? action.to : action.object
  if (!context.inUse(rootOf(object.ref, action.type === 'drop' ? 'from' : 'to', context))) return false
  return statementsOf({ action, parts: [] }, context).some(({ transaction, late }) => transaction === 'outside' && !late)
}

/** What can wait comes last, so that the rest stays one transaction where it can. */
function lateLast(steps: readonly PlannedStep[]): PlannedStep[] {
  return [...steps.filter(({ statement }) => !statement.late), ...steps.filter(({ statement }) => statement.late)]
}

/** A step with what was seen when it ran, also in its comment. */
export function observedStep(step: PlannedStep, observed: Observation): PlannedStep {
  const text = observationText(observed)
  const [first, ...rest] = step.comments
  const comments = text === undefined ? step.comments : first === undefined ? [text] : [`${first} — ${text}`, ...rest]
  const hazards = observedHazards(step.ref, observed)
  return { ...step, observed, comments: [...comments, ...hazards.filter(isNoted).map(hazardText)], hazards: [...step.hazards, ...hazards] }
}

/** The steps that give an object another name; what they cost is known where the state before is, and the one that all of the migration leads to. */
export function renameSteps(rename: Rename, from?: SchemaModel, to?: SchemaModel): PlannedStep[] {
  if (!from) return stepsOf({ action: rename, parts: [] })
  const context = alterContext(from, from)
  return stepsOf({ action: rename, parts: [] }, { context, touches: () => true, untracked: untrackedHazards([rename], from, to ?? from, context) })
}

function withAuthorsText(action: Action, { authored }: PlanOptions): Action {
  return action.type === 'create' && authored ? { ...action, object: authored(action.object) } : action
}

/** Tells whether an action on an object has to do with one that is there throughout: its own root, or that of something it needs. */
function touching(from: SchemaModel, to: SchemaModel, context: AlterContext): (ref: Ref, side: 'from' | 'to') => boolean {
  return (ref, side) => {
    const needs = (side === 'from' ? from : to).needs(ref).map((need) => need.to)
    return [ref, ...needs].some((one) => isThroughout(rootOf(one, side, context), context))
  }
}

/** What is known of the states before and after. */
interface Surroundings {
  readonly context: AlterContext
  readonly touches: (ref: Ref, side: 'from' | 'to') => boolean
  readonly untracked: ReturnType<typeof untrackedHazards>
}

function stepsOf(ordered: OrderedAction, { context, touches, untracked }: Partial<Surroundings> = {}): PlannedStep[] {
  const { action } = ordered
  const ref = action.type === 'alter' || action.type === 'rename' ? action.to.ref : action.object.ref
  const cause = 'because' in action ? action.because : undefined
  const because = cause ? `, because of ${describeObject(cause)}` : ''
  // What goes with it is part of the same loss.
  const hazards = [...hazardsOf(action, context), ...(untracked?.get(action) ?? [])]
  const comments = [
    describeOperation(action.type === 'drop' && action.aside ? { type: 'drop', object: action.aside } : (action as Operation)) + because,
    ...hazards.filter(isNoted).map(hazardText),
  ]
  const elseReplace = replacedOnRefusal(action)
  return statementsOf(ordered, context).map((statement, index) => ({
    comments: index === 0 ? comments : [],
    hazards: index === 0 ? hazards : [],
    statement,
    ref,
    action: action.type,
    ...(touches?.(ref, action.type === 'drop' ? 'from' : 'to') && { isWatched: true }),
    ...(cause && { because: cause }),
    ...(elseReplace && { elseReplace }),
  }))
}

function replacedOnRefusal(action: Action): Ref | undefined {
  if (action.type === 'alter') return action.alteration.elseReplace ? action.to.ref : undefined
  if (action.type !== 'create' || !kindOf(action.object).elseReplacesParent) return undefined
  return action.object.parent ?? undefined
}
