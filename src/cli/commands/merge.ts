import { ExitCode } from '../../errors.js'
import { emptyRevision } from '../../project/migrations.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'
import { printWritten } from '../written.js'

export async function run(flags: Flags, revisions: readonly string[] | string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const heads = typeof revisions === 'string' ? [revisions] : revisions
    const { revision, file } = await emptyRevision(project, {
      heads,
      merge: true,
      message: (flags.message as string | undefined) ?? `merge ${heads.join(' and ')}`,
      revision: flags.revId as string | undefined,
    })
    printWritten(project.files, flags, { file, json: { revision, file } })
    return ExitCode.done
  })
}
