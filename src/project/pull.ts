import { reflect } from '../reflector/reflect.js'
import { renderSchemaFile } from '../generator/schema-file.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { Project } from './project.js'

/** Source of a `schema.ts` that declares exactly what the database holds. */
export async function pull(project: Project): Promise<{ source: string; objects: number; unmanaged: readonly UnmanagedObject[] }> {
  const model = await reflect(await project.live(), await project.wholeScope())
  return { source: renderSchemaFile(model), objects: model.objects.size, unmanaged: model.unmanaged }
}
