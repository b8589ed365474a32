import type { AlterContext } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { alterContext, type Action } from './expand.js'
import { Groups, type Edge } from './groups.js'

/** An action with the children that PostgreSQL handles together with it: written inside its CREATE, or gone with its DROP. */
export interface OrderedAction {
  readonly action: Action
  readonly parts: readonly Action[]
}

/**
 * Puts actions in an order that PostgreSQL accepts: what an object needs exists before it, and what needs it is gone before it
 * is dropped or altered. Where that leaves a choice: drops first, then by the phase of the kind, then by name. What `commits`, because it runs
 * outside the transaction of the others, comes before all drops if it is one itself, and else last: nothing that is dropped to be
 * created again shall be gone meanwhile.
 */
export function order(
  from: SchemaModel,
  to: SchemaModel,
  actions: readonly Action[],
  context: AlterContext = alterContext(from, to),
  commits: (action: Action) => boolean = () => false,
): OrderedAction[] {
  const index = new Map(actions.map((action, position) => [key(action), position]))
  const at = (type: Action['type'], ref: Ref) => index.get(`${type} ${ref}`)
  const edges = collectEdges(from, to, actions, at, context)
  const groups = new Groups(actions.length, edges)

  actions.forEach((action, position) => {
    if (action.type === 'create' && action.object.parent !== null && kindOf(action.object).folds?.(action.object)) {
      groups.join(position, at('create', action.object.parent))
    }
    if (action.type === 'create') {
      const origin = kindOf(action.object).createsImplicitly?.(action.object, context, (ref) => at('create', ref) !== undefined)
      if (origin) groups.join(position, at('create', origin) ?? at('alter', origin))
    }
    if (action.type === 'drop' && !action.aside) {
      const goes = kindOf(action.object).dropsImplicitly?.(action.object, (ref) => at('drop', ref) !== undefined, context) ?? true
      if (goes === false) return
      const owner = goes === true ? from.goesWith(action.object.ref).find((ref) => at('drop', ref) !== undefined) : goes
      groups.join(position, owner === undefined ? undefined : (at('drop', owner) ?? at('alter', owner)), goes !== true)
    }
  })

  const ranks = actions.map((action) => rank(action, commits(action)))
  return groups.sorted((a, b) => compareRanks(ranks[a]!, ranks[b]!)).map(([root, ...parts]) => ({
    action: actions[root!]!,
    parts: parts.map((part) => actions[part]!),
  }))
}

function key(action: Action): string {
  return `${action.type} ${(action.type === 'alter' ? action.to : action.type === 'rename' ? action.from : action.object).ref}`
}

/** Pairs of actions of which the first must come first. */
function collectEdges(
  from: SchemaModel,
  to: SchemaModel,
  actions: readonly Action[],
  at: (type: Action['type'], ref: Ref) => number | undefined,
  context: AlterContext,
): Edge[] {
  const edges: Edge[] = []
  const before = (first: number | undefined, second: number | undefined, yields = false) => {
    if (first !== undefined && second !== undefined && first !== second) edges.push([first, second, yields])
  }
  // What goes with an object that was renamed aside is in the way of nothing.
  const goesAside = (ref: Ref): boolean => {
    const owner = from.goesWith(ref).find((one) => at('drop', one) !== undefined)
    if (owner === undefined) return false
    const drop = actions[at('drop', owner)!]!
    return (drop.type === 'drop' && drop.aside !== undefined) || goesAside(owner)
  }
  // What goes on by itself while another object is replaced waits neither for its end nor for its return.
  const isReplaced = (ref: Ref): boolean => at('drop', ref) !== undefined && at('create', ref) !== undefined
  const outlives = (object: SchemaObject, ref: Ref): boolean =>
    isReplaced(ref) && kindOf(object).outlives?.(object, from.get(ref)!, isReplaced) === true
  const holders = new Map<string, number>()
  actions.forEach((action, position) => {
    if (action.type === 'drop' && !action.aside) {
      for (const name of occupied(action.object)) holders.set(name, position)
    }
    if (action.type === 'alter') {
      const kept = occupied(action.to)
      for (const name of occupied(action.from)) if (!kept.includes(name)) holders.set(name, position)
    }
  })
  actions.forEach((action, position) => {
    switch (action.type) {
      case 'create':
        for (const need of to.needs(action.object.ref)) {
          before(at('create', need.to), position)
          before(at('alter', need.to), position)
        }
        if (!goesAside(action.object.ref)) before(at('rename', action.object.ref) ?? at('drop', action.object.ref), position)
        for (const name of occupied(action.object)) before(holders.get(name), position)
        for (const ref of to.inTheWayOf(action.object.ref)) before(at('drop', ref), position)
        break
      case 'alter':
        for (const need of to.needs(action.to.ref)) {
          if (!outlives(action.from, need.to)) before(at('create', need.to), position)
          if (kindOf(action.to).altersBefore?.(action.from, action.to, need.to, context)) before(position, at('alter', need.to))
          // What is said of a whole seldom matters to its parts.
          else before(at('alter', need.to), position, need.to === action.to.parent)
        }
        for (const dependent of from.neededBy(action.to.ref)) {
          const object = from.get(dependent.from)!
          if (object.parent === action.to.ref && kindOf(object).dropsAfterAlteration?.(object, context)) before(position, at('drop', dependent.from))
          else before(at('drop', dependent.from), position, object.parent === action.to.ref)
          // Another part of the same whole that no longer needs it once it is altered, as a key that moves to other columns, lets go of it first.
          const letsGo = object.parent === action.to.parent && !to.needs(dependent.from).some((need) => need.to === action.to.ref)
          if (letsGo) before(at('alter', dependent.from), position)
        }
        for (const name of occupied(action.to)) before(holders.get(name), position)
        break
      case 'drop':
        for (const dependent of from.neededBy(action.object.ref)) {
          before(at('drop', dependent.from), position)
          if (!outlives(from.get(dependent.from)!, action.object.ref)) before(at('alter', dependent.from), position)
        }
        if (action.aside) before(at('create', action.object.ref), position)
        for (const { ref, first } of kindOf(action.object).dropOrder?.(action.object, (ref) => at('drop', ref) !== undefined) ?? []) {
          if (first) before(at('drop', ref), position)
          else before(position, at('drop', ref))
        }
        break
      case 'rename':
        for (const dependent of from.neededBy(action.from.ref)) {
          const drop = at('drop', dependent.from)
          const dropped = drop === undefined ? undefined : actions[drop]!
          const goesAlong = dependent.auto && dependent.to === action.from.ref
          if (dropped?.type === 'drop' && !dropped.aside && !goesAlong && !goesAside(dependent.from)) before(drop, position)
        }
        break
    }
  })
  return edges
}

/** Names of namespaces that objects of several kinds share. */
function occupied(object: SchemaObject): readonly string[] {
  return kindOf(object).occupies?.(object) ?? []
}

type Rank = readonly [number, string, number, string]

/** More than any phase. */
const APART = 1000

function rank(action: Action, commits: boolean): Rank {
  const object: SchemaObject = action.type === 'alter' || action.type === 'rename' ? action.to : action.object
  const kind = kindOf(object)
  const phase = kind.phaseOf?.(object) ?? kind.phase
  const owner = object.parent ?? object.ref
  const apart = commits ? APART : 0
  return [action.type === 'drop' ? -phase - 1 - apart : phase + apart, owner, object.position ?? 0, object.ref]
}

function compareRanks(a: Rank, b: Rank): number {
  return a[0] - b[0] || compareText(a[1], b[1]) || a[2] - b[2] || compareText(a[3], b[3])
}

/** By code unit, so that the order is the same in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
