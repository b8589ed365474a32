import { Project } from '../project/project.js'
import { settingsOf } from './settings.js'
import type { Flags } from './program.js'
import { showStage, stopProgress } from './progress.js'

/** Opens the project that the flags describe, does the work, and closes it whatever happens. */
export async function withProject<T>(flags: Flags, options: { mayWriteToLive: boolean }, work: (project: Project) => Promise<T>): Promise<T> {
  const project = new Project(await settingsOf(flags), { ...options, dryRun: flags.dryRun === true, onStage: showStage })
  try {
    return await project.within(() => work(project))
  } finally {
    stopProgress()
    await project.close()
  }
}
