import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { projectTemplates } from '../../project/templates.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'

export async function run(flags: Flags): Promise<ExitCode> {
  const templates = await projectTemplates()
  const width = Math.max(...templates.map(({ name }) => name.length))
  if (flags.json) printJson(templates.map(({ name, description, files }) => ({ name, description, files: files.map((file) => file.path) })))
  else for (const { name, description } of templates) printResult(`${chalk.yellow(name.padEnd(width))}  ${description}`)
  return ExitCode.done
}
