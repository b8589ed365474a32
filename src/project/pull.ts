import { manage as scopeStated, type ManageOptions } from '../authoring/manage.js'
import { UsageError } from '../errors.js'
import { renderSchemaFile } from '../generator/schema-file.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import { reflect } from '../reflector/reflect.js'
import { scopeOf } from '../reflector/scope.js'
import { closest } from '../suggest.js'
import type { Project } from './project.js'

export interface PullOptions {
  /** Only what lies in these schemas. */
  readonly schemas?: readonly string[] | undefined
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
 * @throws UsageError for a schema that the database does not have
 */
export async function pull(project: Project, { schemas }: PullOptions = {}): Promise<Pulled> {
  const database = await project.live()
  project.begin('reading the database')
  const whole = await reflect(database, await project.wholeScope())
  for (const name of schemas ?? []) requireSchema(whole, name)
  const stated: ManageOptions | undefined = schemas && { schemas, privileges: 'all', owners: true }
  const model = stated ? scopeOf(scopeStated(stated), [], project.settings).restrict(whole) : whole
  const manage = stated && { manage: stated }
  return { source: renderSchemaFile(model, manage), model, ...manage, objects: model.objects.size, unmanaged: model.unmanaged }
}

function requireSchema(model: SchemaModel, name: string): void {
  if (model.get(refOf('schema', name))) return
  const names = [...model.objects.values()].flatMap(({ kind, id }) => (kind === 'schema' ? [id.name as string] : []))
  const near = closest(name, names)
  throw new UsageError(`the database has no schema "${name}"`, { hint: near ? `did you mean ${near}?` : `it has ${names.join(', ') || 'none'}` })
}
