import { diff } from '../differ/diff.js'
import { alterContext } from '../differ/expand.js'
import { DatabaseError, ProofError } from '../errors.js'
import type { AlterContext, BridgeFill, GradualChange, RowsInBatches } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import { attributesText, SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { applyOperations } from '../operations/apply.js'
import { describeObject } from '../operations/describe.js'
import { subject, type Operation } from '../operations/operation.js'
import { backfillBlock, backfillSql, DEFAULT_BATCH_SIZE, type Backfill } from '../revisions/backfill.js'
import { quoteIdent, suffixedApart } from '../sql/identifiers.js'
import { outsideTransaction, type Statement } from '../sql/statement.js'
import { hazardsOf, hazardText, isNoted, type Hazard } from './hazards.js'
import { plan, type PlannedStep } from './plan.js'
import type { ProvingGround } from './proof.js'
import { runSteps } from './run-steps.js'

/** What a plan would write anew, and was asked to change step by step. */
export interface Rewriting {
  readonly ref: Ref
  /** Why it cannot; undefined when it can. */
  readonly why?: string
}

/** The objects that steps were seen to write all rows anew for, and that are to be changed gradually. */
export function rewritings(steps: readonly PlannedStep[], from: SchemaModel, to: SchemaModel, isGradual: (ref: Ref) => boolean): Rewriting[] {
  const context = alterContext(from, to, { online: true })
  const found = new Map<Ref, Rewriting>()
  for (const { ref, observed } of steps) {
    const next = to.get(ref)
    if (!observed || observed.rewrites.length === 0 || !next || !isGradual(ref)) continue
    const change = kindOf(next).gradually?.(from.get(ref), next, context)
    if (change === undefined) continue
    const isShared = from.neededBy(ref).some(({ from: dependent }) => from.get(dependent)!.kind === next.kind)
    const old = from.get(ref)
    const isSame = old !== undefined && attributesText(old) === attributesText(next)
    const why = typeof change === 'string' ? change : isShared ? 'others are made from it, or along with it' : isSame ? 'it is its type that becomes another one' : undefined
    found.set(ref, { ref, ...(why !== undefined && { why }) })
  }
  return [...found.values()]
}

/** The same steps, saying why what they write anew is not changed gradually. */
export function withReasons(steps: readonly PlannedStep[], reasons: ReadonlyMap<Ref, string>): PlannedStep[] {
  return steps.map((step) => {
    const why = reasons.get(step.ref)
    if (why === undefined) return step
    const told = (hazard: Hazard) => (hazard.code === 'table-rewrite' ? { ...hazard, message: `${hazard.message}; it cannot be done gradually, because ${why}` } : hazard)
    const comments = step.comments.map((comment) => {
      const hazard = step.hazards.find((one) => hazardText(one) === comment)
      return hazard ? hazardText(told(hazard)) : comment
    })
    return { ...step, comments, hazards: step.hazards.map(told) }
  })
}

/** The operations that have nothing to do with some objects and what needs them, before or after: they can be carried out first. */
export function unrelated(from: SchemaModel, to: SchemaModel, operations: readonly Operation[], refs: readonly Ref[]): Operation[] {
  const related = new Set<Ref>([...withDependents(from, refs), ...withDependents(to, refs)])
  let others = operations.filter((operation) => !related.has(subject(operation)!))
  for (;;) {
    // What is made without what it needs, and what is taken from something that stays for now.
    const lacking = new Set(applyOperations(from, to, others).lacking.flatMap(({ object, needs }) => [object, needs]))
    const rest = others.filter((operation) => !lacking.has(subject(operation)!))
    if (rest.length === others.length) return rest
    others = rest
  }
}

/** Objects in groups that have nothing to do with each other: parts of one whole, and what something else needs together, are in one. */
export function inGroups(from: SchemaModel, to: SchemaModel, refs: readonly Ref[]): Ref[][] {
  let groups: { readonly refs: readonly Ref[]; readonly touched: ReadonlySet<Ref> }[] = []
  for (const ref of refs) {
    const touched = new Set([...withDependents(from, [ref]), ...withDependents(to, [ref]), to.get(ref)!.parent ?? ref])
    const joined = groups.filter((group) => [...touched].some((one) => group.touched.has(one)))
    const group = { refs: [...joined.flatMap((one) => one.refs), ref], touched: new Set([...joined.flatMap((one) => [...one.touched]), ...touched]) }
    groups = [...groups.filter((one) => !joined.includes(one)), group]
  }
  return groups.map((group) => [...group.refs])
}

export function withDependents(model: SchemaModel, refs: Iterable<Ref>): Set<Ref> {
  const found = new Set(refs)
  for (const ref of found) for (const dependent of model.neededBy(ref)) found.add(dependent.from)
  return found
}

/**
 * Changes objects in scratch, which must be in the state `from`, and gives the steps that did: everything that takes long first, and then, in one transaction,
 * what takes their places. What stood on them and cannot be made beside them is gone afterwards; planning goes on from there.
 *
 * @throws GradualRefusal where PostgreSQL refuses a step, with the one that is to blame, or all
 */
export async function changeGradually(ground: ProvingGround, from: SchemaModel, to: SchemaModel, refs: readonly Ref[]): Promise<PlannedStep[]> {
  const context = alterContext(from, to, { online: true })
  const changes = refs.map((ref): Change => {
    const [old, next] = [from.get(ref), to.get(ref)!]
    return { old, next, ...(kindOf(next).gradually!(old, next, context) as GradualChange) }
  })
  try {
    return await new GradualRun(ground, from, to, changes).all()
  } catch (error) {
    if (error instanceof GradualRefusal || !(error instanceof ProofError || error instanceof DatabaseError)) throw error
    throw new GradualRefusal(refs, error.message, { cause: error })
  }
}

/** Some of several objects cannot be changed gradually, as scratch shows. */
export class GradualRefusal extends ProofError {
  constructor(
    readonly refs: readonly Ref[],
    message: string,
    options?: ConstructorParameters<typeof ProofError>[1],
  ) {
    super(message, options)
  }
}

interface Change extends GradualChange {
  readonly old: SchemaObject | undefined
  readonly next: SchemaObject
}

type Replacement = Change & { readonly old: SchemaObject }

class GradualRun {
  readonly #steps: PlannedStep[] = []

  constructor(
    readonly ground: ProvingGround,
    readonly from: SchemaModel,
    readonly to: SchemaModel,
    readonly changes: readonly Change[],
  ) {}

  async all(): Promise<PlannedStep[]> {
    for (const change of this.changes) if (!change.old) await this.#alone(change, () => this.#add(change))
    const replacements = this.changes.filter((change): change is Replacement => change.old !== undefined)
    if (replacements.length > 0) await this.#replace(replacements)
    return this.#steps
  }

  /** Work on one of them, for which that one is to blame. */
  async #alone({ next: { ref } }: Change, work: () => Promise<void>): Promise<void> {
    const before = this.#steps.length
    try {
      await work()
    } catch (error) {
      throw error instanceof ProofError || error instanceof DatabaseError ? new GradualRefusal([ref], error.message, { cause: error }) : error
    }
    // Such as a column of a domain with checks.
    if (this.#steps.slice(before).some(({ observed }) => observed && observed.rewrites.length > 0)) throw new GradualRefusal([ref], 'making another one beside it writes them anew as well')
  }

  /** A new one gets its values in batches instead of with its creation. */
  async #add(change: Change): Promise<void> {
    const { next, begin } = change
    const context = alterContext(this.from, this.to, { online: true })
    const parts = this.to.children(next.ref).flatMap((part) => kindOf(part).create(part, [], [], context))
    await this.#run(next, [...kindOf(next).create(begin, [], [], context), ...parts], `+ ${describeObject(next.ref)}, filled in batches`)
    await this.#fill(change, (await this.#accepted(change, ''))(''))
  }

  /** Others are filled beside those in use, get everything that stands on these, and take their places. */
  async #replace(replacements: readonly Replacement[]): Promise<void> {
    const parts = standingOn(this.to, replacements.map(({ next }) => next)).map((part) => ({ part, name: suffixedApart(nameOf(part), '__new') }))
    const renames = [
      ...replacements.flatMap(({ next, begin }) => kindOf(next).rename!(next, begin)),
      ...parts.flatMap(({ part, name }) => kindOf(part).rename!(part, named(part, name))),
    ]
    const besides = await this.ground.after(this.to, renames.map(({ sql }) => sql))
    const context = alterContext(this.from, besides, { online: true })
    const stops: Statement[] = []
    for (const change of replacements) await this.#alone(change, async () => void stops.push(...(await this.#beside(change, context))))
    const takes: Statement[] = replacements.flatMap(({ next, begin }) => kindOf(next).rename!(begin, next))
    for (const beside of standingOn(besides, replacements.map(({ begin }) => begin))) {
      const { part } = parts.find(({ name, part }) => name === nameOf(beside) && part.kind === beside.kind && part.parent === beside.parent)!
      const succession = kindOf(part).succeeds?.(beside, part)
      const object = kindOf(part).whileInUse?.(beside, context) ?? beside
      await this.#run(part, succession?.build ?? kindOf(part).create(object, [], [], context), `~ ${describeObject(part.ref)}: another one beside it`)
      takes.push(...(succession?.take ?? kindOf(part).rename!(beside, part)))
    }
    for (const { next, begin, filled } of replacements) {
      const required = kindOf(next).alter(begin, filled, context)
      if (required !== 'replace') await this.#run(next, required.statements, `~ ${describeObject(next.ref)}: what it demands`)
    }
    await this.#swap(replacements, takes, stops)
  }

  /** Makes another one beside one in use, keeps the two in step and fills it; what ends that comes back. */
  async #beside(change: Replacement, context: AlterContext): Promise<readonly Statement[]> {
    const { old, next, begin, sync } = change
    await this.#run(next, kindOf(next).create(begin, [], [], context), `~ ${describeObject(next.ref)}: another one beside it, kept in step`)
    const value = await this.#accepted(change, quoteIdent(nameOf(old)))
    const { start, stop } = sync!(value)
    await this.#run(next, start)
    await this.#fill(change, value(quoteIdent(nameOf(old))))
    return stop
  }

  /** One transaction, in which nothing is read or written but catalogs. */
  async #swap(replacements: readonly Replacement[], takes: readonly Statement[], stops: readonly Statement[]): Promise<void> {
    const live = await this.ground.reflect()
    const gone = withDependents(live, replacements.map(({ old }) => old.ref))
    const data = live.toData()
    const without = new SchemaModel({
      ...data,
      objects: data.objects.filter(({ ref }) => !gone.has(ref)),
      dependencies: data.dependencies.filter((dependency) => !gone.has(dependency.from) && !gone.has(dependency.to)),
    })
    // Nothing is lost: the values are in those that take their places.
    const drops = plan(live, without, diff(live, without)).map(({ statement }) => statement)
    const context = alterContext(this.from, this.to, { online: true })
    const hazards = replacements.flatMap(({ old, next }) => hazardsOf({ type: 'alter', from: old, to: next, alteration: { statements: [] } }, context))
    const names = replacements.map(({ next }) => describeObject(next.ref)).join(', ')
    await this.#run(replacements[0]!.next, [...stops, ...drops, ...takes], `~ ${names}: the new one takes its place`, hazards)
  }

  async #fill({ next, begin, where, ...rows }: Change, value: string): Promise<void> {
    await this.#run(next, backfillStatements(rows, { column: nameOf(begin), value, where }), `fills ${describeObject(begin.ref)} in batches`)
  }

  async #accepted({ table, begin, values }: GradualChange, before: string): Promise<(before: string) => string> {
    let first: unknown
    for (const value of values) {
      try {
        await this.ground.database().query(`EXPLAIN UPDATE ${table} SET ${quoteIdent(nameOf(begin))} = ${value(before)}`)
        return value
      } catch (error) {
        first ??= error
      }
    }
    throw first
  }

  async #run({ ref }: SchemaObject, statements: readonly Statement[], comment?: string, hazards: readonly Hazard[] = []): Promise<void> {
    const steps = statements.map((statement, index): PlannedStep => ({
      comments: index === 0 && comment !== undefined ? [comment, ...hazards.filter(isNoted).map(hazardText)] : [],
      hazards: index === 0 ? hazards : [],
      statement,
      ref,
      action: 'alter',
      isWatched: true,
    }))
    this.#steps.push(...(await runInScratch(this.ground, steps)))
  }
}

/** Sets a column of the rows that a condition holds for, in batches. */
export function backfillStatements({ table, key, guard }: RowsInBatches, { column, value, where }: BridgeFill): Statement[] {
  const backfill: Backfill = { table, key: quoteIdent(key), keyName: key, set: { [column]: value }, where, batchSize: DEFAULT_BATCH_SIZE, pauseMs: 0 }
  return [...(guard ? [guard] : []), { ...outsideTransaction(backfillBlock(backfill)), scratch: backfillSql.whole(backfill), backfill }]
}

/** Runs steps that were planned for scratch as it is. Throws ProofError when PostgreSQL refuses one. */
export async function runInScratch(ground: Pick<ProvingGround, 'database'>, steps: readonly PlannedStep[]): Promise<readonly PlannedStep[]> {
  const result = await runSteps(ground.database(), steps)
  if (!result.failed) return result.steps
  const { step, error } = result.failed
  throw new ProofError(`PostgreSQL refuses a step for ${describeObject(step.ref)} in scratch: ${error.message}`, { detail: step.statement.sql, hint: 'nothing was written; without the setting gradual it is changed in another way', cause: error })
}

/** Parts of the same wholes that need objects, and can be made beside others that are alike, as an index on a column, in the order in which they are created. */
export function standingOn(model: SchemaModel, objects: readonly SchemaObject[]): SchemaObject[] {
  const parts = new Set(objects.flatMap(({ ref }) => model.neededBy(ref).map(({ from }) => model.get(from)!)))
  const phase = (part: SchemaObject) => kindOf(part).phaseOf?.(part) ?? kindOf(part).phase
  return [...parts].filter((part) => objects.some(({ parent }) => part.parent === parent) && kindOf(part).readsRows).sort((a, b) => phase(a) - phase(b))
}

export function nameOf({ id }: SchemaObject): string {
  return (id as { readonly name: string }).name
}

export function named<O extends SchemaObject>(object: O, name: string): O {
  return { ...object, id: { ...(object.id as object), name } }
}
