import chalk, { chalkStderr } from 'chalk'
import { ExitCode } from '../../errors.js'
import { check } from '../../project/check.js'
import type { RowsInTheWay } from '../../project/count-rows.js'
import type { LockProblem } from '../../revisions/lock-file.js'
import { hazardsJson, operationsJson, stepsJson, stepsText } from '../../review/text.js'
import { operationsText, rebuilt } from '../../review/operations-text.js'
import { visible } from '../../review/visible.js'
import { isRefused, noteLeftOut, noteRowsInTheWay, noteScratch, noteUnmanaged, noteUnproven, unprovenJson } from '../notes.js'
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
    const { operations, differences, unmanaged, pending, leftOut, lock, counts, inSync } = await check(project, { count: flags.count === true })
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
        ...(counts && { counts }),
        ...(leftOut.length > 0 && { leftOut: operationsJson(leftOut) }),
        unmanaged,
      })
    } else {
      if (differences) {
        printResult(`The database differs from the schema in ${operations.length} ${operations.length === 1 ? 'object' : 'objects'}:`)
        printResult(operationsText(differences, chalk))
        printResult(`\nSQL that would bring the database to the schema:\n\n${stepsText(differences.steps, chalk)}`)
        noteUnproven(differences)
        if (!counts) noteRowsInTheWay(differences.steps)
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
      if (counts?.length) printResult(`\nRows in the way:\n${counts.map(countText).join('\n')}`)
      noteLeftOut({ leftOut })
      noteUnmanaged(unmanaged, 'not compared')
      if (inSync) printResult(chalk.green('in sync'))
    }
    if (isRefused(flags, unmanaged)) return ExitCode.refused
    if (counts?.some(({ rows }) => rows !== 0)) return ExitCode.refused
    return inSync ? ExitCode.done : ExitCode.differences
  })
}

/** `     3  column app.users.email: rows that are there may have no value for it`, and below it the query that finds how many. */
function countText({ object, message, instead, count, rows, revision, problem }: RowsInTheWay): string {
  const number = rows === undefined ? '?' : String(rows)
  const lines = [`${object}: ${message}${revision === undefined ? '' : ` (migration ${revision})`}`, ...(problem === undefined ? [] : [`not counted: ${problem}`]), ...(rows === 0 ? [] : [...(count === undefined ? [] : [count]), `instead: ${instead}`])]
  const [first, ...more] = lines.map(visible)
  return [`${(rows === 0 ? chalk.green : chalk.red)(number.padStart(8))}  ${first}`, ...more.map((line) => chalk.dim(`          ${line}`))].join('\n')
}
