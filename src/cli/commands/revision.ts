import chalk from 'chalk'
import { ExitCode, UsageError } from '../../errors.js'
import { autogenerate } from '../../project/autogenerate.js'
import { emptyRevision, type RevisionRequest } from '../../project/migrations.js'
import { hazardsJson, operationsJson } from '../../review/text.js'
import { operationsText, rebuilt } from '../../review/operations-text.js'
import { noteLeftOut, noteMissingRoles, noteScratch, noteUnmanaged, wrote } from '../notes.js'
import { printJson, printResult, showPath } from '../output.js'
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
    folder: flags.path as string | undefined,
  }
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    if (flags.empty) {
      const { revision, file } = await emptyRevision(project, request)
      if (flags.json) printJson({ revision, file })
      else printResult(`${wrote()} ${showPath(file)}`)
      return ExitCode.done
    }
    const result = await autogenerate(project, request)
    const { operations, unmanaged, migration } = result
    const reviewed = { ...result, steps: migration?.upgrade.steps ?? [] }
    if (flags.json) {
      printJson({
        operations: operationsJson(operations),
        ...(result.leftOut.length > 0 && { leftOut: operationsJson(result.leftOut) }),
        rebuilt: rebuilt(reviewed),
        unmanaged,
        ...(result.missingRoles && { missingRoles: result.missingRoles }),
        ...(migration && {
          revision: migration.revision,
          file: migration.file,
          hazards: hazardsJson(migration.upgrade.steps),
          upgrade: migration.upgrade.steps.map(({ statement }) => ({ sql: statement.sql, transaction: statement.transaction })),
          downgrade: migration.downgrade.steps.map(({ statement }) => ({ sql: statement.sql, transaction: statement.transaction })),
        }),
      })
      return ExitCode.done
    }
    if (!migration) printResult(result.leftOut.length > 0 ? 'nothing to write' : 'no differences: nothing to write')
    else {
      const { upgrade, downgrade } = migration
      printResult(operationsText(reviewed, chalk))
      printResult(`${wrote()} ${showPath(migration.file)}: ${steps(upgrade.steps.length)} up, ${steps(downgrade.steps.length)} down, both proven in scratch`)
      noteScratch(result)
      noteMissingRoles(result)
    }
    noteLeftOut(result)
    noteUnmanaged(unmanaged, 'not compared')
    return ExitCode.done
  })
}

function steps(count: number): string {
  return `${count} ${count === 1 ? 'step' : 'steps'}`
}
