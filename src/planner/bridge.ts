import { alterContext } from '../differ/expand.js'
import { renamesAmong, type Rename } from '../differ/renames.js'
import type { Bridge } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { describeObject } from '../operations/describe.js'
import type { Operation } from '../operations/operation.js'
import { suffixedApart } from '../sql/identifiers.js'
import type { Statement } from '../sql/statement.js'
import { hazardText } from './hazards.js'
import { backfillStatements, named, nameOf, runInScratch, standingOn, withDependents } from './gradual.js'
import type { PlannedStep, PlanOptions } from './plan.js'
import { realDifferences, type ProvingGround } from './proof.js'

/** Renames after which both names are good, as they were carried out in scratch. */
export interface Bridged {
  readonly steps: readonly PlannedStep[]
  /** Takes them back. */
  readonly undo: readonly PlannedStep[]
  readonly operations: readonly Operation[]
  readonly reached: SchemaModel
  /** What leads from there to the aim. */
  readonly left: readonly Operation[]
  /** What has to wait until no code uses the old names any more. */
  readonly held: ReadonlySet<Ref>
  /** What is done for the old ones when they come back, beside their creation: they are filled, since the values are in the new ones. */
  readonly back: readonly PlannedStep[]
  /** Why some have one name at a time. */
  readonly refused: readonly string[]
}

/**
 * Gives objects new names in scratch, which must be in the state `from`, and keeps what code of the release before uses under the old ones.
 *
 * @throws ProofError where PostgreSQL refuses a step
 */
export async function bridgeRenames(
  ground: ProvingGround,
  from: SchemaModel,
  to: SchemaModel,
  operations: readonly Operation[],
  { formerly, isGradual = () => false }: PlanOptions,
): Promise<Bridged> {
  const run = new BridgeRun(ground, from, to)
  const seen = new Set<Ref>()
  let left = operations
  // A column can only be looked for after its table has its new name.
  for (;;) {
    const found = renamesAmong(left, run.state, formerly).filter(({ from: old, to: next }) => !seen.has(next.ref) && (isGradual(old.ref) || isGradual(next.ref)))
    if (found.length === 0) break
    for (const rename of found) {
      seen.add(rename.to.ref)
      await run.bridge(rename)
    }
    left = await realDifferences(ground, run.state, to)
  }
  return { ...run.result(), left }
}

class BridgeRun {
  state: SchemaModel
  readonly #steps: PlannedStep[] = []
  readonly #undo: PlannedStep[][] = []
  readonly #operations: Operation[] = []
  readonly #back: PlannedStep[] = []
  readonly #refused: string[] = []
  readonly #held = new Set<Ref>()
  readonly #old: Ref[] = []

  constructor(
    readonly ground: ProvingGround,
    readonly from: SchemaModel,
    readonly to: SchemaModel,
  ) {
    this.state = from
  }

  result(): Omit<Bridged, 'left'> {
    const { state, to, from } = this
    const helpers = [...state.objects.values()].filter(({ ref, parent }) => parent === null && !from.get(ref)).map(({ ref }) => ref)
    for (const ref of withDependents(state, [...this.#old, ...helpers.filter((ref) => !to.get(ref))])) if (!to.get(ref)) this.#held.add(ref)
    return { steps: this.#steps, undo: this.#undo.reverse().flat(), operations: this.#operations, reached: state, held: this.#held, back: this.#back, refused: this.#refused }
  }

  async bridge(rename: Rename): Promise<void> {
    const { from: old, to: next } = rename
    const kind = kindOf(old)
    const parts = standingOn(this.to, [next])
    const isOnlyOne = parts.some((part) => kindOf(part).succeeds?.(part, part))
    const bridge = isOnlyOne ? 'it is a part of what its table has one of only' : kind.bridge?.(old, next, alterContext(this.state, this.to, { online: true }))
    if (bridge === undefined) return
    if (typeof bridge === 'string') return void this.#refused.push(`${describeObject(next.ref)} has one name at a time, because ${bridge}`)
    if (bridge.copy) await this.#two(rename, bridge, parts)
    else {
      await this.#run(next, bridge.start, `> ${describeObject(old.ref)} to ${next.ref.slice(next.ref.indexOf(':') + 1)}, which keeps its old name too`)
      this.#operations.push(rename)
      this.#undo.push(stepsOf(next, bridge.undo, `< ${describeObject(next.ref)} to ${old.ref.slice(old.ref.indexOf(':') + 1)}`))
      if (bridge.back) this.#back.unshift(...stepsOf(bridge.back, bridge.back.statements, `what ${describeObject(old.ref)} allowed`))
      this.state = await this.ground.reflect()
    }
  }

  /** The new one stands beside the old one, with all that the old one has. */
  async #two({ from: old, to: next }: Rename, { start, undo, copy }: Bridge, parts: readonly SchemaObject[]): Promise<void> {
    const { state, to } = this
    const { begin, filled, forth, back, ...rows } = copy!
    const context = alterContext(state, to, { online: true })
    const aside = parts.flatMap((part) => {
      const known = state.get(part.ref)
      return known ? [[known, named(known, suffixedApart(nameOf(known), '__old'))] as const] : []
    })
    const what = describeObject(next.ref)
    await this.#run(next, [...kindOf(next).create(begin, [], [], context), ...start], `+ ${what}, kept alike with ${describeObject(old.ref)}`)
    await this.#run(next, backfillStatements(rows, forth), `fills ${what} in batches`)
    await this.#run(next, aside.flatMap(([known, other]) => kindOf(known).rename!(known, other)), `${describeObject(old.ref)} keeps under other names what it has`)
    for (const part of parts) {
      // What needs something else that is not there yet comes with that.
      if (to.needs(part.ref).some((need) => need.to !== next.ref && !state.get(need.to))) continue
      const object = kindOf(part).whileInUse?.(part, context) ?? part
      await this.#run(part, kindOf(part).create(object, [], [], context), `+ ${describeObject(part.ref)}`)
    }
    const required = kindOf(next).alter(begin, filled, context)
    if (required !== 'replace') await this.#run(next, required.statements, `~ ${what}: what it demands`)
    this.#undo.push(stepsOf(next, [...undo, ...aside.flatMap(([known, other]) => kindOf(known).rename!(other, known))], `- ${what}`))
    this.#back.push(...stepsOf(old, backfillStatements(rows, back), `fills ${describeObject(old.ref)} in batches`))
    for (const part of to.children(next.ref)) this.#held.add(part.ref)
    this.#old.push(old.ref)
    this.#operations.push({ type: 'create', object: next })
    this.state = await this.ground.reflect()
  }

  async #run(object: SchemaObject, statements: readonly Statement[], comment: string): Promise<void> {
    this.#steps.push(...(await runInScratch(this.ground, stepsOf(object, statements, comment))))
  }
}

function stepsOf({ ref }: Pick<SchemaObject, 'ref'>, statements: readonly Statement[], comment: string): PlannedStep[] {
  return statements.map((statement, index) => ({ comments: index === 0 ? [comment] : [], hazards: [], statement, ref, action: 'alter', isWatched: true }))
}

/** Steps that bring old ones back, for which more is done as soon as they and what keeps them alike are there: what comes later relies on their values. */
export function refilled(steps: readonly PlannedStep[], back: readonly PlannedStep[]): PlannedStep[] {
  const refs = new Set(back.map(({ ref }) => ref))
  const last = steps.findLastIndex(({ ref, action }) => refs.has(ref) && action === 'create')
  const commit = steps.findIndex(({ statement }, at) => at > last && statement.transaction === 'outside')
  const at = commit < 0 ? steps.length : commit
  return [...steps.slice(0, at), ...back, ...steps.slice(at)]
}

/** The steps without the loss of values that are in another object too. */
export function withoutLoss(steps: readonly PlannedStep[], kept: ReadonlySet<Ref>): PlannedStep[] {
  return steps.map((step) => {
    const lost = step.hazards.filter(({ code, object }) => code === 'data-loss' && kept.has(object))
    if (lost.length === 0) return step
    const said = lost.map(hazardText)
    return { ...step, hazards: step.hazards.filter((hazard) => !lost.includes(hazard)), comments: step.comments.filter((comment) => !said.includes(comment)) }
  })
}
