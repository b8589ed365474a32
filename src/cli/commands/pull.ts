import { existsSync } from 'node:fs'
import path from 'node:path'
import chalk from 'chalk'
import { ExitCode, UsageError } from '../../errors.js'
import { writeFileSafely } from '../../generator/write-file.js'
import { pull } from '../../project/pull.js'
import { unmanagedText } from '../../review/text.js'
import { printJson, printNote, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const [first, ...others] = project.settings.schema
    const file = project.resolve(first!)
    if (!flags.stdout && others.length > 0) throw new UsageError('pull writes one file, but several schema files are given', { hint: 'name one with --schema' })
    if (!flags.stdout && !flags.force && existsSync(file)) {
      throw new UsageError(`${first} exists already`, { hint: '--force overwrites it; --stdout prints instead; --schema names another file' })
    }
    const { source, objects, unmanaged } = await pull(project)
    if (flags.stdout) printResult(source)
    else {
      await writeFileSafely(file, source, { overwrite: flags.force === true })
      if (flags.json) printJson({ file, objects, unmanaged })
      else printResult(`${chalk.green('wrote')} ${path.relative(process.cwd(), file)}: ${objects} objects`)
    }
    if (unmanaged.length > 0) printNote(`Not managed, so left out:\n${unmanagedText(unmanaged, chalk)}`)
    return ExitCode.done
  })
}
