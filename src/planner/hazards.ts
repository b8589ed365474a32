import type { Action } from '../differ/expand.js'
import type { HazardCode } from '../hazards.js'
import type { AlterContext } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import { attributesText } from '../model/schema-model.js'
import type { Ref } from '../model/schema-object.js'
import { describeObject } from '../operations/describe.js'
import { LOCK_MODES, type Observation } from './observe.js'

/** What a step costs its users. */
export interface Hazard {
  readonly code: HazardCode
  readonly object: Ref
  readonly message: string
  /** What to do instead. */
  readonly instead?: string
  /** A query that counts the rows because of which it may fail. */
  readonly count?: string
  /** Code of the next release fails until it ran, as that of the one before does afterwards. */
  readonly breaksNextRelease?: true
}

/** Hazards that stand above a step in its file: what is lost, what makes everybody wait, and what nobody else tells. */
const NOTED: readonly HazardCode[] = ['data-loss', 'irreversible', 'table-rewrite', 'long-scan', 'index-gap', 'untracked-dependency']

/** Whether a hazard is serious enough to stand wherever the step does. */
export function isNoted({ code }: Hazard): boolean {
  return NOTED.includes(code)
}

/** A hazard in one line: `DATA LOSS: column app.users.email: the values are gone`. */
export function hazardText({ code, message }: Hazard): string {
  return `${code.replaceAll('-', ' ').toUpperCase()}: ${message}`
}

/** What the kind of an object knows about an action on it. */
export function hazardsOf(action: Action, context: AlterContext | undefined): Hazard[] {
  // One that makes room for the one that replaces it: what that costs is told there.
  if (action.type === 'drop' ? action.aside : action.type === 'rename' && context?.replaced(action.from.ref)) return []
  const [from, to] =
    action.type === 'create' ? [undefined, action.object] : action.type === 'drop' ? [action.object, undefined] : [action.from, action.to]
  const object = (to ?? from)!
  const kind = kindOf(object)
  const loss = action.type === 'drop' ? kind.dropLoses?.(object, context) : action.type === 'alter' ? action.alteration.loses : undefined
  const hazard = ({ message, ...rest }: Omit<Hazard, 'object'>): Hazard => ({ ...rest, object: object.ref, message: `${describeObject(object.ref)}: ${message}` })
  // One that is dropped and created again, or comes along with a new one, is there for code as before.
  const isQuiet = context && (context.replaced(object.ref) || (action.type === 'create' && object.parent !== null && !isThroughout(rootOf(object.ref, 'to', context), context)))
  const before = context && action.type === 'create' && context.replaced(object.ref) ? context.object('from', object.ref) : undefined
  if (before && attributesText(before) !== attributesText(object)) return (kind.hazards?.({ from: before, to: object }, context!) ?? []).map(hazard)
  return [
    ...(loss ? [hazard({ code: 'data-loss', message: loss })] : []),
    ...(!context || isQuiet ? [] : (kind.hazards?.({ from, to }, context) ?? []).map(hazard)),
  ]
}

/** Whether an object is there before and after, and meanwhile. */
export function isThroughout(ref: Ref, context: AlterContext): boolean {
  return context.object('from', ref) !== undefined && context.object('to', ref) !== undefined && !context.replaced(ref)
}

/** The object that an object is a part of, itself a part of none. */
export function rootOf(ref: Ref, side: 'from' | 'to', context: AlterContext): Ref {
  const parent = context.object(side, ref)?.parent
  return parent ? rootOf(parent, side, context) : ref
}

const SHARE = LOCK_MODES.indexOf('SHARE')

/** What was seen to make others wait for longer than a moment. */
export function observedHazards(object: Ref, { locks, reads, rewrites, documented }: Observation): Hazard[] {
  if (documented) return []
  const about = describeObject(object)
  return [
    ...rewrites.map((relation): Hazard => ({
      code: 'table-rewrite',
      object,
      message: `${about}: every row of ${relation} is written anew while nobody can read or write it`,
    })),
    ...reads.flatMap((relation): Hazard[] => {
      const mode = locks.find((lock) => lock.relation === relation)!.mode
      if (LOCK_MODES.indexOf(mode) < SHARE) return []
      return [{ code: 'long-scan', object, message: `${about}: every row of ${relation} is read while nobody can ${mode === 'ACCESS EXCLUSIVE' ? 'read or write it' : 'write to it'}` }]
    }),
  ]
}
