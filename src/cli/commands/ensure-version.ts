import { ExitCode } from '../../errors.js'
import { ensureVersion, ensureVersionScript } from '../../project/run.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { printScript } from '../run-migrations.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  if (flags.sql) return printScript(flags, async (project) => ensureVersionScript(project))
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const { schema, made } = await ensureVersion(project)
    if (flags.json) printJson({ schema, made })
    else printResult(made ? `made the bookkeeping tables in schema ${schema}` : `the bookkeeping tables are in schema ${schema}`)
    return ExitCode.done
  })
}
