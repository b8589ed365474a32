import chalk, { chalkStderr } from 'chalk'
import { ExitCode, UsageError } from '../../errors.js'
import { autogenerate } from '../../project/autogenerate.js'
import { emptyRevision, type RevisionRequest } from '../../project/migrations.js'
import { hazardsJson, operationsJson, stepsText } from '../../review/text.js'
import { operationsText, rebuilt } from '../../review/operations-text.js'
import { noteLeftOut, noteMissingRoles, noteScratch, noteUnmanaged } from '../notes.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'
import { dryRunJson, printWritten } from '../written.js'

export async function run(flags: Flags): Promise<ExitCode> {
  if (flags.empty && flags.autogenerate) throw new UsageError('--empty and --autogenerate exclude each other')
  if (flags.sql && flags.empty) throw new UsageError('--sql and --empty exclude each other', { hint: 'an empty migration has no SQL; autogen upgrade --sql prints that of migrations which are written' })
  const request: RevisionRequest = {
    message: (flags.message as string | undefined) ?? '',
    heads: flags.head === undefined ? undefined : [flags.head as string],
    revision: flags.revId as string | undefined,
    branchLabel: flags.branchLabel as string | undefined,
    dependsOn: flags.dependsOn === undefined ? undefined : [flags.dependsOn as string],
    splice: flags.splice === true,
    folder: flags.path as string | undefined,
  }
  return withProject({ ...flags, dryRun: flags.dryRun === true || flags.sql === true }, { mayWriteToLive: true }, async (project) => {
    if (flags.empty) {
      const { revision, file } = await emptyRevision(project, request)
      printWritten(project.files, flags, { file, json: { revision, file } })
      return ExitCode.done
    }
    const result = await autogenerate(project, request)
    const { operations, unmanaged, migration } = result
    const reviewed = { ...result, steps: migration?.upgrade.steps ?? [] }
    const found = {
      operations: operationsJson(operations),
      ...(result.leftOut.length > 0 && { leftOut: operationsJson(result.leftOut) }),
      rebuilt: rebuilt(reviewed),
      unmanaged,
      ...(result.missingRoles && { missingRoles: result.missingRoles }),
    }
    if (flags.sql) {
      if (flags.json) printJson({ ...found, hazards: hazardsJson(reviewed.steps), sql: reviewed.steps.map(({ statement }) => statement.sql) })
      else if (migration) printResult(stepsText(reviewed.steps, chalk))
      else printNote('no differences')
    } else if (migration) {
      const { revision, file, upgrade, downgrade } = migration
      if (!flags.json) (project.files.dryRun ? printNote : printResult)(operationsText(reviewed, project.files.dryRun ? chalkStderr : chalk))
      printWritten(project.files, flags, {
        file,
        summary: `${steps(upgrade.steps.length)} up, ${steps(downgrade.steps.length)} down, both proven in scratch`,
        json: {
          ...found,
          revision,
          file,
          hazards: hazardsJson(upgrade.steps),
          upgrade: upgrade.steps.map(({ statement }) => ({ sql: statement.sql, transaction: statement.transaction })),
          downgrade: downgrade.steps.map(({ statement }) => ({ sql: statement.sql, transaction: statement.transaction })),
        },
      })
    } else if (flags.json) printJson(project.files.dryRun ? dryRunJson(project.files, found) : found)
    else printResult(result.leftOut.length > 0 ? 'nothing to write' : 'no differences: nothing to write')
    if (flags.json) return ExitCode.done
    if (migration) {
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
