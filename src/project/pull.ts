import { manage as scopeStated, type ManageOptions } from '../authoring/manage.js'
import { withNaming } from '../authoring/naming.js'
import { UsageError } from '../errors.js'
import { renderSchemaFile } from '../generator/schema-file.js'
import { kindOf } from '../kinds/registry.js'
import { refOf, roleRef } from '../model/object-ref.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import { reflect } from '../reflector/reflect.js'
import { scopeOf } from '../reflector/scope.js'
import { closest } from '../suggest.js'
import { COMPLETE } from './common-scope.js'
import type { Project } from './project.js'

export interface PullOptions {
  /** Only what lies in these schemas. */
  readonly schemas?: readonly string[] | undefined
  /** Roles of the server to declare as well. */
  readonly roles?: 'all' | readonly string[] | undefined
  /** Names of objects that something else makes, with `*` for any characters; they are left out, also of the scope. */
  readonly external?: readonly string[] | undefined
}

/** What `pull` read. */
export interface Pulled {
  /** Source of a `schema.ts`. */
  readonly source: string
  /** What it declares. */
  readonly model: SchemaModel
  /** What it answers for, where that is not everything. */
  readonly manage?: ManageOptions
  /** How many objects it declares. */
  readonly objects: number
  /** Objects that no kind knows, so that they are not declared. */
  readonly unmanaged: readonly UnmanagedObject[]
}

/**
 * Source of a `schema.ts` that declares exactly what the database holds.
 *
 * @throws UsageError for a schema or a role that is not there
 */
export async function pull(project: Project, { schemas, roles, external }: PullOptions = {}): Promise<Pulled> {
  const database = await project.live()
  project.begin('reading the database')
  const whole = await reflect(database, await project.wholeScope([], { databaseSettings: schemas === undefined, roles }))
  for (const name of schemas ?? []) requireSchema(whole, name)
  if (typeof roles === 'object') for (const name of roles) requireRole(whole, name, database.label)
  const databaseSettings = [...whole.objects.values()].some((object) => kindOf(object).concern === 'databaseSettings')
  const narrowed = schemas !== undefined || roles !== undefined || external !== undefined || databaseSettings
  const stated: ManageOptions | undefined = narrowed
    ? { schemas: schemas ?? 'all', privileges: 'all', owners: true, ...(roles && { roles }), ...(databaseSettings && { databaseSettings }), ...(external && { external }) }
    : undefined
  const { versionSchema, filter, naming } = project.settings
  const model = stated || filter ? scopeOf(scopeStated(stated ?? COMPLETE.manage), [], { versionSchema, keepsNeeded: true, filter }).restrict(whole) : whole
  const manage = stated && { manage: stated }
  return { source: withNaming(naming, () => renderSchemaFile(model, manage)), model, ...manage, objects: model.objects.size, unmanaged: model.unmanaged }
}

function requireRole(model: SchemaModel, name: string, label: string): void {
  if (model.get(roleRef(name))) return
  throw new UsageError(`${label} has no role "${name}" that could be managed`, {
    hint: "check the spelling; PostgreSQL's own roles and the one that runs this are not managed",
  })
}

function requireSchema(model: SchemaModel, name: string): void {
  if (model.get(refOf('schema', name))) return
  const names = [...model.objects.values()].flatMap(({ kind, id }) => (kind === 'schema' ? [id.name as string] : []))
  const near = closest(name, names)
  throw new UsageError(`the database has no schema "${name}"`, { hint: near ? `did you mean ${near}?` : `it has ${names.join(', ') || 'none'}` })
}
