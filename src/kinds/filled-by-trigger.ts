import { refOf } from '../model/object-ref.js'
import type { Column } from './column-ddl.js'
import type { AlterContext } from './kind.js'

interface TriggerAttrs {
  readonly timing: string
  readonly events: readonly string[]
  readonly row?: true
  readonly when?: string
  readonly function: string
}

/** Whether a trigger gives a column its value in rows whose author does not, as one does that keeps it alike with another column. */
export function isFilledByTrigger({ id, parent }: Column, side: 'from' | 'to', context: AlterContext): boolean {
  const name = id.name.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
  const assigned = new RegExp(`\\bnew\\s*\\.\\s*"?${name}"?\\s*:?=[^=]`, 'i')
  return context.children(side, parent!).some(({ kind, attrs }) => {
    if (kind !== 'trigger') return false
    const { timing, events, row, when, function: routine } = attrs as TriggerAttrs
    if (timing !== 'before' || !events.includes('insert') || !row || when !== undefined) return false
    const { body } = (context.object(side, refOf('function', { signature: `${routine}()` }))?.attrs ?? {}) as { readonly body?: string }
    return body !== undefined && assigned.test(body)
  })
}
