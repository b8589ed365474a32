import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { differences } from '../../project/check.js'
import { pendingMigrations } from '../../project/migrations.js'
import { operationsJson, operationsText, stepsText, unmanagedText } from '../../review/text.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const { operations, steps, unmanaged } = await differences(project)
    const pending = await pendingMigrations(project)
    const inSync = operations.length === 0 && pending.length === 0
    if (flags.json) {
      printJson({ inSync, operations: operationsJson(operations), sql: steps.map(({ statement }) => statement.sql), pending, unmanaged })
    } else {
      if (operations.length > 0) {
        printResult(`The database differs from the schema in ${operations.length} ${operations.length === 1 ? 'object' : 'objects'}:`)
        printResult(operationsText(operations, chalk))
        printResult(`\nSQL that would bring the database to the schema:\n\n${stepsText(steps, chalk)}`)
      }
      if (pending.length > 0) {
        printResult(`Not applied: ${pending.map((revision) => `${revision.revision} (${revision.message})`).join(', ')}`)
        printNote('hint: autogen upgrade head applies them')
      }
      if (unmanaged.length > 0) printNote(`Not managed, so not compared:\n${unmanagedText(unmanaged, chalk)}`)
      if (inSync) printResult(chalk.green('in sync'))
    }
    if (flags.strict && unmanaged.length > 0) return ExitCode.refused
    return inSync ? ExitCode.done : ExitCode.differences
  })
}
