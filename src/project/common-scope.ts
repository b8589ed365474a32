import { manage, managedRoles, type ManageOptions } from '../authoring/manage.js'
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
export const COMPLETE: Statement = { manage: { schemas: 'all', privileges: 'all', owners: true, databaseSettings: true }, outline: [] }

type Rule = 'all' | 'declared' | 'none'

/**
 * The scope of a comparison of two states. Where one is complete, the other decides; where neither is, what at least one of
 * them names takes part. Roles take part where one of them says so.
 */
export function commonScope(a: Statement, b: Statement, options: ScopeOptions): Scope {
  const [x, y] = [rulesOf(a), rulesOf(b)]
  const privileges = common(x.privileges, y.privileges)
  const owners = common(x.owners, y.owners)
  const databaseSettings = common(x.databaseSettings, y.databaseSettings)
  const schemas = commonSchemas(x.schemas, y.schemas)
  const roles = commonRoles(x.roles, y.roles)
  const lies = (object: SchemaObject) => schemas === 'all' || schemaOf(object) === null || schemas.includes(schemaOf(object)!)
  const external = [...(a.manage?.external ?? []), ...(b.manage?.external ?? [])]
  const agreed = { privileges, owners, databaseSettings }
  const outline = [...decisive(a, agreed, x), ...decisive(b, agreed, y)].filter(lies)
  const setting = { all: true, none: false, declared: 'declared' } as const
  const stated = manage({ schemas, privileges, owners: setting[owners], databaseSettings: setting[databaseSettings], ...(roles && { roles }), ...(external.length > 0 && { external }) })
  return scopeOf(stated, outline, { ...options, sparesExtensions: outline.length > 0 })
}

interface Rules {
  readonly schemas: 'all' | readonly string[]
  readonly privileges: Rule
  readonly owners: Rule
  readonly databaseSettings: Rule
  readonly roles: ReturnType<typeof managedRoles>
}

function rulesOf({ manage: stated, outline }: Statement): Rules {
  const { schemas, privileges = 'declared', owners = 'declared', databaseSettings = 'declared' } = stated ?? {}
  const rule = (setting: boolean | 'declared'): Rule => (setting === true ? 'all' : setting === false ? 'none' : setting)
  return {
    schemas: schemas ?? ['public', ...new Set(outline.flatMap((object) => schemaOf(object) ?? []))],
    privileges,
    owners: rule(owners),
    databaseSettings: rule(databaseSettings),
    roles: managedRoles(stated),
  }
}

function commonSchemas(a: Rules['schemas'], b: Rules['schemas']): Rules['schemas'] {
  if (a === 'all') return b
  return b === 'all' ? a : [...new Set([...a, ...b])]
}

/** Those that at least one side answers for; `[]` when there are none, but SQL on a side makes some. */
export function commonRoles(a: Rules['roles'], b: Rules['roles']): Rules['roles'] {
  if (a === undefined || b === undefined) return a ?? b
  return a === 'all' || b === 'all' ? 'all' : [...new Set([...a, ...b])]
}

function common(a: Rule, b: Rule): Rule {
  if (a === 'none' || b === 'none') return 'none'
  return a === 'all' ? b : b === 'all' ? a : 'declared'
}

/** A state that is complete in one respect does not decide what takes part in it. */
function decisive({ outline }: Statement, agreed: Pick<Rules, 'privileges' | 'owners' | 'databaseSettings'>, own: Rules): readonly SchemaObject[] {
  const leaves = (concern: Kind['concern']) => (concern === 'privileges' || concern === 'owners' || concern === 'databaseSettings') && own[concern] === 'all' && agreed[concern] === 'declared'
  return outline.filter((object) => !leaves(kindOf(object).concern))
}
