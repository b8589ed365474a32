import type { Database } from '../database/database.js'
import { targetOf, type Target } from '../declaration/target.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Project } from './project.js'

/** `schema.ts` as the scratch engine understands it; `surroundings` are what it may refer to outside its scope, `present` is what the database holds. */
export async function target(project: Project, live: Database, surroundings: SchemaModel, present: SchemaModel): Promise<Target> {
  const { scratch, versionSchema, filter, custom } = project.settings
  return targetOf(await project.declared(), {
    scope: await project.scope(),
    surroundings,
    present,
    meantFor: live.version,
    scratch: async () => {
      const { database } = await project.scratch()
      project.begin(`elaborating ${project.settings.schema.join(', ')}`)
      return database
    },
    key: [String(live.version.number), live.label, scratch, versionSchema, filter?.key ?? '', custom?.key ?? ''],
    cache: project.cacheFolder,
  })
}
