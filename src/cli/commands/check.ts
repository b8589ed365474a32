import chalk, { chalkStderr } from 'chalk'
import { ExitCode } from '../../errors.js'
import { check } from '../../project/check.js'
import type { LockProblem } from '../../revisions/lock-file.js'
import { hazardsJson, operationsJson, stepsJson, stepsText } from '../../review/text.js'
import { operationsText, rebuilt } from '../../review/operations-text.js'
import { isRefused, noteLeftOut, noteScratch, noteUnmanaged, noteUnproven, unprovenJson } from '../notes.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

const LOCK_WORDS: Readonly<Record<LockProblem['type'], string>> = {
  edited: 'was edited after it was listed',
  missing: 'is listed, and is not in the folder',
  unlisted: 'is not listed',
}

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const { operations, differences, unmanaged, pending, leftOut, lock, inSync } = await check(project)
    if (flags.json) {
      const steps = differences?.steps ?? []
      printJson({
        inSync,
        operations: operationsJson(operations),
        rebuilt: differences ? rebuilt(differences) : [],
        sql: steps.map(({ statement }) => statement.sql),
        steps: stepsJson(steps),
        hazards: hazardsJson(steps),
        ...(differences && unprovenJson(differences)),
        pending,
        lock,
        ...(leftOut.length > 0 && { leftOut: operationsJson(leftOut) }),
        unmanaged,
      })
    } else {
      if (differences) {
        printResult(`The database differs from the schema in ${operations.length} ${operations.length === 1 ? 'object' : 'objects'}:`)
        printResult(operationsText(differences, chalk))
        printResult(`\nSQL that would bring the database to the schema:\n\n${stepsText(differences.steps, chalk)}`)
        noteUnproven(differences)
        noteScratch(differences)
      }
      if (pending.length > 0) {
        printResult(`${differences ? '\n' : ''}Not applied: ${pending.map(({ revision, message }) => `${revision}${message && ` (${message})`}`).join(', ')}`)
        printNote(`${chalkStderr.yellow('hint:')} autogen upgrade heads applies ${pending.length === 1 ? 'it' : 'them'}`)
      }
      if (lock.length > 0) {
        for (const { type, revision } of lock) printResult(`Lock file: migration ${revision} ${LOCK_WORDS[type]}`)
        printNote(`${chalkStderr.yellow('hint:')} when that is as it should be, autogen lock writes the lock file anew; databases that have run an edited migration keep refusing it`)
      }
      noteLeftOut({ leftOut })
      noteUnmanaged(unmanaged, 'not compared')
      if (inSync) printResult(chalk.green('in sync'))
    }
    if (isRefused(flags, unmanaged)) return ExitCode.refused
    return inSync ? ExitCode.done : ExitCode.differences
  })
}
