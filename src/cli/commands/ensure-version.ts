import { ExitCode } from '../../errors.js'
import { ensureVersion, ensureVersionScript } from '../../project/run.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { listener, printScript } from '../run-migrations.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  if (flags.sql) return printScript(flags, async (project) => ensureVersionScript(project))
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const { schema, made } = await ensureVersion(project, { onEvent: listener(flags) })
    const { dryRun } = project.files
    if (flags.json) printJson(dryRun ? { dryRun, schema, wouldMake: made } : { schema, made })
    else printResult(made ? `${dryRun ? 'would make' : 'made'} the bookkeeping tables in schema ${schema}` : `the bookkeeping tables are in schema ${schema}`)
    return ExitCode.done
  })
}
