import { Project } from '../project/project.js'
import { resolveSettings } from './settings.js'
import type { Flags } from './program.js'

/** Opens the project that the flags describe, does the work, and closes it whatever happens. */
export async function withProject<T>(flags: Flags, options: { mayWriteToLive: boolean }, work: (project: Project) => Promise<T>): Promise<T> {
  const project = new Project(await resolveSettings(flags), options.mayWriteToLive)
  try {
    return await work(project)
  } finally {
    await project.close()
  }
}
