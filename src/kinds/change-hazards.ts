import { describeObject } from '../operations/describe.js'
import type { SchemaObject } from '../model/schema-object.js'
import { attributesText } from '../model/schema-model.js'
import type { AlterContext, KindHazard } from './kind.js'

/** An object before and after: one that is dropped has no after, one that is new no before; another ref is another name. */
export interface Change<O extends SchemaObject = SchemaObject> {
  readonly from?: O | undefined
  readonly to?: O | undefined
}

/** The hazard of dropping or renaming what queries call by its name, or of putting another one in its place. */
export function goneFromCode({ from, to }: Change, context?: AlterContext): readonly KindHazard[] {
  if (!from) return []
  if (from.ref === to?.ref) return context?.replaced(to.ref) && attributesText(from) !== attributesText(to) ? [OTHER] : []
  const renamed = to !== undefined
  return [
    {
      code: 'breaks-code',
      message: renamed ? 'code that uses the old name fails as soon as it has the new one' : 'code that still uses it fails',
      instead: renamed
        ? 'keep both names good for a release (tables and columns: --split with the setting gradual), or add what has the new name beside it, and drop the old one later'
        : 'let the release that no longer uses it go first',
      ...(renamed && { breaksNextRelease: true }),
    },
  ]
}

const OTHER: KindHazard = {
  code: 'breaks-code',
  message: 'another one takes its place: code that is made for the one fails on the other',
  instead: 'give the new one another name, let the code move over, and drop the old one in a later migration',
  breaksNextRelease: true,
}

/** The hazard of any change of who may do what. */
export function changesRights({ from, to }: Change): readonly KindHazard[] {
  const verb = !from ? 'is granted something' : !to ? 'loses something' : 'has other rights than before'
  return [{ code: 'privilege-change', message: `somebody ${verb}: ${describeObject((to ?? from)!.ref)}` }]
}

/** The hazard of any change of what replicas and subscribers are sent. */
export function changesReplication(): readonly KindHazard[] {
  return [{ code: 'replication', message: 'what subscribers get, or how they find their rows, is another from here on' }]
}
