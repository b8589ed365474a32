import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import chalk from 'chalk'
import { ExitCode, UsageError } from '../../errors.js'
import { writeFileSafely } from '../../generator/write-file.js'
import { wrote } from '../notes.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { settingsOf } from '../settings.js'

const PACKAGE = new URL('../../../', import.meta.url)

/** Writes what is missing and leaves what is there. */
export async function run(flags: Flags): Promise<ExitCode> {
  const named = flags.config ?? (process.env.AUTOGEN_CONFIG || undefined)
  const isThere = named === undefined || existsSync(named)
  const { cwd, schema, migrations } = await settingsOf(isThere ? flags : { ...flags, config: undefined }, isThere ? process.env : { ...process.env, AUTOGEN_CONFIG: '' })
  const report: { file: string; written: boolean }[] = []
  const write = async (file: string, template: string) => {
    const written = !existsSync(file)
    if (written) await writeFileSafely(file, await readFile(new URL(template, PACKAGE), 'utf8'))
    report.push({ file, written })
  }
  const config = named === undefined ? configIn(cwd) : path.resolve(named)
  const schemaFile = path.resolve(cwd, schema[0]!)
  await write(config, 'templates/autogen.config.ts.template')
  await write(schemaFile, 'templates/schema.ts.template')
  const folder = path.resolve(cwd, migrations)
  const isNew = !existsSync(folder)
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`the folder ${showPath(folder)} cannot be made: ${cause.code ?? cause.message}`, { cause })
  })
  report.push({ file: folder, written: isNew })
  if (flags.json) printJson(report)
  else {
    for (const { file, written } of report) printResult(`${written ? wrote() : chalk.dim('kept ')} ${showPath(file)}${file === folder ? '/' : ''}`)
    printResult(`\nNext: edit ${showPath(schemaFile)}, then ${chalk.bold('autogen -m "first tables"')} and ${chalk.bold('autogen upgrade')}.`)
    printResult(`With an existing database: ${chalk.bold('autogen pull')} (DATABASE_URL or --database says where it is).`)
  }
  return ExitCode.done
}

function configIn(cwd: string): string {
  const names = ['autogen.config.ts', 'autogen.config.mts', 'autogen.config.js', 'autogen.config.mjs']
  return path.join(cwd, names.find((name) => existsSync(path.join(cwd, name))) ?? names[0]!)
}
