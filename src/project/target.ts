import { elaborate } from '../declaration/elaborate.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Project } from './project.js'

/** `schema.ts` as the scratch engine understands it. */
export async function targetModel(project: Project): Promise<SchemaModel> {
  const { declarations, scope } = await project.declared()
  const { database } = await project.scratch()
  return elaborate(database, declarations, { scope: await project.scope(), complete: scope?.schemas === 'all' })
}
