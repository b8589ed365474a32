import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { differences } from '../../project/check.js'
import { hazardsJson, operationsJson, stepsJson, stepsText } from '../../review/text.js'
import { operationsText, rebuilt } from '../../review/operations-text.js'
import { isRefused, noteScratch, noteUnmanaged, noteUnproven, unprovenJson } from '../notes.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const result = await differences(project, { from: flags.from as string | undefined, to: flags.to as string | undefined })
    const { between, operations, steps, unmanaged } = result
    if (flags.json) {
      printJson({
        ...between,
        operations: operationsJson(operations),
        rebuilt: rebuilt(result),
        sql: steps.map(({ statement }) => statement.sql),
        steps: stepsJson(steps),
        hazards: hazardsJson(steps),
        ...unprovenJson(result),
        unmanaged,
      })
    } else {
      if (operations.length === 0) (flags.sql ? printNote : printResult)('no differences')
      else if (flags.sql) printResult(stepsText(steps, chalk))
      else printResult(`${operationsText(result, chalk)}\n\n${stepsText(steps, chalk)}`)
      noteUnproven(result)
      if (operations.length > 0) noteScratch(result)
      noteUnmanaged(unmanaged, 'not compared')
    }
    if (isRefused(flags, unmanaged)) return ExitCode.refused
    return flags.exitCode && operations.length > 0 ? ExitCode.differences : ExitCode.done
  })
}
