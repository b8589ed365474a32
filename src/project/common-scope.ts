import { manage, type ManageOptions } from '../authoring/manage.js'
import type { Kind } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaObject } from '../model/schema-object.js'
import { schemaOf, scopeOf, type Scope, type ScopeOptions } from '../reflector/scope.js'

/** What a state answers for: as `schema.ts` states it, or would. */
export interface Statement {
  readonly manage: ManageOptions | undefined
  /** The objects that decide the scope where nothing else is said. */
  readonly outline: readonly SchemaObject[]
}

/** Of a state that is complete: a database. */
export const COMPLETE: Statement = { manage: { schemas: 'all', privileges: 'all', owners: true }, outline: [] }

type Rule = 'all' | 'declared' | 'none'

/**
 * The scope of a comparison of two states. Where one is complete, the other decides; where neither is, what at least one of
 * them names takes part.
 */
export function commonScope(a: Statement, b: Statement, options: ScopeOptions): Scope {
  const [x, y] = [rulesOf(a), rulesOf(b)]
  const privileges = common(x.privileges, y.privileges)
  const owners = common(x.owners, y.owners)
  const schemas = commonSchemas(x.schemas, y.schemas)
  const lies = (object: SchemaObject) => schemas === 'all' || schemaOf(object) === null || schemas.includes(schemaOf(object)!)
  const outline = [...decisive(a, { privileges, owners }, x), ...decisive(b, { privileges, owners }, y)].filter(lies)
  const stated = manage({ schemas, privileges, owners: ({ all: true, none: false, declared: 'declared' } as const)[owners] })
  return scopeOf(stated, outline, options)
}

interface Rules {
  readonly schemas: 'all' | readonly string[]
  readonly privileges: Rule
  readonly owners: Rule
}

function rulesOf({ manage: stated, outline }: Statement): Rules {
  const { schemas, privileges = 'declared', owners = 'declared' } = stated ?? {}
  return {
    schemas: schemas ?? ['public', ...new Set(outline.flatMap((object) => schemaOf(object) ?? []))],
    privileges,
    owners: owners === true ? 'all' : owners === false ? 'none' : owners,
  }
}

function commonSchemas(a: Rules['schemas'], b: Rules['schemas']): Rules['schemas'] {
  if (a === 'all') return b
  return b === 'all' ? a : [...new Set([...a, ...b])]
}

function common(a: Rule, b: Rule): Rule {
  if (a === 'none' || b === 'none') return 'none'
  return a === 'all' ? b : b === 'all' ? a : 'declared'
}

/** A state that is complete in one respect does not decide what takes part in it. */
function decisive({ outline }: Statement, agreed: Pick<Rules, 'privileges' | 'owners'>, own: Rules): readonly SchemaObject[] {
  const leaves = (concern: Kind['concern']) => (concern === 'privileges' || concern === 'owners') && own[concern] === 'all' && agreed[concern] === 'declared'
  return outline.filter((object) => !leaves(kindOf(object).concern))
}
