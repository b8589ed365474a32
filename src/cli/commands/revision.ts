import path from 'node:path'
import chalk from 'chalk'
import { ExitCode, UsageError } from '../../errors.js'
import { autogenerate } from '../../project/autogenerate.js'
import { emptyRevision, type RevisionRequest } from '../../project/migrations.js'
import { operationsJson, operationsText, unmanagedText } from '../../review/text.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  if (flags.empty && flags.autogenerate) throw new UsageError('--empty and --autogenerate exclude each other')
  const request: RevisionRequest = {
    message: (flags.message as string | undefined) ?? '',
    heads: flags.head === undefined ? undefined : [flags.head as string],
    revision: flags.revId as string | undefined,
    branchLabel: flags.branchLabel as string | undefined,
    dependsOn: flags.dependsOn === undefined ? undefined : [flags.dependsOn as string],
    splice: flags.splice === true,
  }
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const show = (file: string) => path.relative(process.cwd(), file)
    if (flags.empty) {
      const { revision, file } = await emptyRevision(project, request)
      if (flags.json) printJson({ revision, file })
      else printResult(`${chalk.green('wrote')} ${show(file)}`)
      return ExitCode.done
    }
    const { operations, unmanaged, migration } = await autogenerate(project, request)
    if (flags.json) {
      printJson({
        operations: operationsJson(operations),
        unmanaged,
        ...(migration && {
          revision: migration.revision,
          file: migration.file,
          upgrade: migration.upgrade.steps.map(({ statement }) => statement),
          downgrade: migration.downgrade.steps.map(({ statement }) => statement),
        }),
      })
    } else if (!migration) {
      printResult('no differences: nothing to write')
    } else {
      printResult(operationsText(operations, chalk))
      printResult(
        `${chalk.green('wrote')} ${show(migration.file)}: ${steps(migration.upgrade.steps.length)} up, ${steps(migration.downgrade.steps.length)} down, both proven in scratch`,
      )
    }
    if (unmanaged.length > 0 && !flags.json) printNote(`Not managed, so not compared:\n${unmanagedText(unmanaged, chalk)}`)
    return ExitCode.done
  })
}

function steps(count: number): string {
  return `${count} ${count === 1 ? 'step' : 'steps'}`
}
