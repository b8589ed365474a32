import { existsSync } from 'node:fs'
import path from 'node:path'
import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { Files } from '../../generator/write-file.js'
import { projectTemplate } from '../../project/templates.js'
import { printJson, printNote, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { settingsOf } from '../settings.js'
import { dryRunJson, NOTHING_WRITTEN, wrote } from '../written.js'

/** Writes what is missing and leaves what is there. */
export async function run(flags: Flags): Promise<ExitCode> {
  const template = await projectTemplate((flags.template as string | undefined) ?? 'default')
  const named = flags.config ?? (process.env.AUTOGEN_CONFIG || undefined)
  const isThere = named === undefined || existsSync(named)
  // No database is opened, so that which of several is meant need not be said.
  const given = { database: 'pglite://', ...flags, ...(!isThere && { config: undefined }) }
  const { cwd, schema, migrations } = await settingsOf(given, isThere ? process.env : { ...process.env, AUTOGEN_CONFIG: '' })
  // Flags may say that some of them are elsewhere.
  const placeOf = (file: string) => {
    if (file === 'autogen.config.ts') return named === undefined ? configIn(cwd) : path.resolve(named)
    return path.resolve(cwd, file === 'schema.ts' ? schema[0]! : file === 'migrations' ? migrations : file)
  }
  const files = new Files({ dryRun: flags.dryRun === true })
  const report: { file: string; written: boolean }[] = []
  for (const { path: name, text } of template.files) {
    const file = placeOf(name)
    const written = !existsSync(file)
    if (written) await files.write(file, text)
    report.push({ file, written })
  }
  const folders = template.folders.map(placeOf)
  for (const folder of folders) {
    report.push({ file: folder, written: !existsSync(folder) })
    await files.makeFolder(folder)
  }
  if (flags.json) {
    printJson(files.dryRun ? dryRunJson(files, { folders: folders.filter((folder) => !existsSync(folder)) }) : report)
    return ExitCode.done
  }
  for (const { file, written } of report) printResult(`${written ? wrote(files) : chalk.dim(files.dryRun ? 'would keep ' : 'kept ')} ${showPath(file)}${folders.includes(file) ? '/' : ''}`)
  if (files.dryRun) printNote(NOTHING_WRITTEN)
  else printResult(`\n${template.next.replaceAll('{{schema}}', showPath(placeOf('schema.ts'))).replace(/`(.*?)`/g, (_, command: string) => chalk.bold(command))}`)
  return ExitCode.done
}

function configIn(cwd: string): string {
  const names = ['autogen.config.ts', 'autogen.config.mts', 'autogen.config.js', 'autogen.config.mjs']
  return path.join(cwd, names.find((name) => existsSync(path.join(cwd, name))) ?? names[0]!)
}
