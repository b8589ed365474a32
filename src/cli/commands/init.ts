import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { writeFileSafely } from '../../generator/write-file.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { settingsOf } from '../settings.js'

const TEMPLATES = new URL('../../../templates/', import.meta.url)

/** Writes what is missing and leaves what is there. */
export async function run(flags: Flags): Promise<ExitCode> {
  const { cwd, schema, migrations } = await settingsOf(flags)
  const config = flags.config ?? 'autogen.config.ts'
  const report: { file: string; written: boolean }[] = []
  const write = async (file: string, template: string) => {
    const target = path.resolve(cwd, file)
    const written = !existsSync(target)
    if (written) await writeFileSafely(target, await readFile(new URL(template, TEMPLATES), 'utf8'))
    report.push({ file, written })
  }
  await write(config, 'autogen.config.ts.template')
  await write(schema[0]!, 'schema.ts.template')
  const folder = path.resolve(cwd, migrations)
  report.push({ file: `${migrations}/`, written: !existsSync(folder) })
  await mkdir(folder, { recursive: true })
  if (flags.json) printJson(report)
  else {
    for (const { file, written } of report) printResult(written ? `${chalk.green('wrote')} ${file}` : `${chalk.dim('kept')}  ${file}`)
    printResult(`\nNext: edit ${schema[0]}, then ${chalk.bold('autogen -m "first tables"')} and ${chalk.bold('autogen upgrade')}.`)
    printResult(`With an existing database: ${chalk.bold('autogen pull --force')}.`)
  }
  return ExitCode.done
}
