import { elaborate } from '../declaration/elaborate.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Project } from './project.js'

/** `schema.ts` as the scratch engine understands it; `surroundings` are what it may refer to outside its scope. */
export async function targetModel(project: Project, surroundings: SchemaModel): Promise<SchemaModel> {
  const { declarations, scope } = await project.declared()
  const { database } = await project.scratch()
  return elaborate(database, declarations, { manage: scope, surroundings })
}
