import chalk, { chalkStderr } from 'chalk'
import { text as textOf } from 'node:stream/consumers'
import { ExitCode, UsageError } from '../../errors.js'
import { lintTargets } from '../../project/lint.js'
import { lintGithub } from '../../review/lint-github.js'
import { lintSarif } from '../../review/lint-sarif.js'
import { lintJson, lintSummary, lintText } from '../../review/lint-text.js'
import { printJson, printNote, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, ...given: unknown[]): Promise<ExitCode> {
  const targets = given.flat() as string[]
  const format = flags.json ? 'json' : ((flags.format as string | undefined) ?? 'text')
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const found = await lintTargets(project, targets, {
      assumeInTransaction: flags.assumeInTransaction === true,
      downgrade: flags.downgrade === true,
      major: majorOf(flags.pg as string | undefined),
      ...(targets.includes('-') && { stdin: await textOf(process.stdin) }),
    })
    const report = { ...found, advice: flags.advice === false ? [] : found.advice }
    if (format === 'json') printJson(lintJson(report, showPath))
    else if (format === 'sarif') printJson(lintSarif(report, showPath))
    else {
      const text = format === 'github' ? lintGithub(report, showPath) : lintText(report, showPath, chalk)
      if (text !== '') printResult(text)
    }
    if (format === 'text') {
      for (const { message, at } of report.notes) printNote(`${chalkStderr.yellow('note:')} ${showPath(at.file)}:${at.line}: ${message}`)
      printResult(lintSummary(report, chalk))
    }
    if (report.errors.length > 0) return ExitCode.failed
    return report.hazards.length > 0 || (flags.strict === true && report.advice.length > 0) ? ExitCode.refused : ExitCode.done
  })
}

function majorOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^1[4-9]$/.test(text)) return Number(text)
  throw new UsageError(`--pg ${text} is no major version of PostgreSQL that is supported`, { hint: 'give 14 or newer, such as --pg 17' })
}
