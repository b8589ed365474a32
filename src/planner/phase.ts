import { kindOf } from '../kinds/registry.js'
import type { Operation } from '../operations/operation.js'
import type { Hazard } from './hazards.js'

/**
 * When an operation may run beside code: `expand` before the release that needs it is deployed, `contract` once no code of the release before runs any
 * more, `breaking` at neither time.
 */
export type Phase = 'expand' | 'contract' | 'breaking'

/** From what can be done at any time to what can be done at none. */
export const PHASE_ORDER: readonly Phase[] = ['expand', 'contract', 'breaking']

/**
 * The phase of an operation, by what it is and what it costs: what adds or relaxes is for before the deploy; what takes away, or forbids, for after it.
 *
 * @param hazards those of the operation; what was observed when it ran does not matter
 * @example phaseOf({ type: 'create', object: column }, []) // 'expand'
 */
export function phaseOf(operation: Operation, hazards: readonly Pick<Hazard, 'code' | 'breaksNextRelease'>[]): Phase {
  if (hazards.some(({ code, breaksNextRelease }) => code === 'breaks-code' && breaksNextRelease)) return 'breaking'
  // Rows that may be in its way are there because code writes such rows.
  if (hazards.some(({ code }) => code === 'breaks-code' || code === 'may-fail')) return 'contract'
  if (operation.type === 'drop') return kindOf(operation.object).onlyForbids?.(operation.object) ? 'expand' : 'contract'
  if (operation.type === 'alter' && kindOf(operation.to).takesAway?.(operation.from, operation.to)) return 'contract'
  return operation.type === 'alter' && hazards.some(({ code }) => code === 'data-loss' || code === 'irreversible') ? 'contract' : 'expand'
}

/** The phase of several operations that run together: the one of them that bears least. */
export function phaseOfAll(phases: Iterable<Phase>): Phase {
  return PHASE_ORDER[Math.max(0, ...[...phases].map((phase) => PHASE_ORDER.indexOf(phase)))]!
}
