import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { differences } from '../../project/check.js'
import { operationsJson, operationsText, stepsText } from '../../review/text.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const { operations, steps, unmanaged } = await differences(project)
    if (flags.json) printJson({ operations: operationsJson(operations), sql: steps.map(({ statement }) => statement.sql), unmanaged })
    else if (operations.length === 0) printResult(flags.sql ? '' : 'no differences')
    else if (flags.sql) printResult(stepsText(steps, chalk))
    else printResult(`${operationsText(operations, chalk)}\n\n${stepsText(steps, chalk)}`)
    return flags.exitCode && operations.length > 0 ? ExitCode.differences : ExitCode.done
  })
}
