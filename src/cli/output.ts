import path from 'node:path'
import { AutogenError } from '../errors.js'

/** Results go to stdout, everything else to stderr. */
export function printResult(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printNote(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printJson(value: unknown): void {
  printResult(JSON.stringify(value, null, 2))
}

/** Prints an error with its place, detail and hint; a stack trace only for defects of this package, when AUTOGEN_DEBUG is set. */
export async function printError(error: unknown): Promise<void> {
  const { chalkStderr } = await import('chalk')
  const known = error instanceof AutogenError
  const message = error instanceof Error ? error.message : String(error)
  const lines = [`${chalkStderr.red('error:')} ${known ? message : `unexpected: ${message}`}`]
  if (known && error.at) {
    const { file, line, column } = error.at
    const shown = path.relative(process.cwd(), file)
    lines.push(`  at ${chalkStderr.cyan(`${shown.startsWith('..') ? file : shown}:${line}${column === undefined ? '' : `:${column}`}`)}`)
  }
  if (known && error.detail) lines.push(error.detail)
  if (known && error.hint) lines.push(`${chalkStderr.yellow('hint:')} ${error.hint}`)
  if (!known) lines.push(`${chalkStderr.yellow('hint:')} this is a defect of pg-autogen; AUTOGEN_DEBUG=1 shows where`)
  if (process.env.AUTOGEN_DEBUG && error instanceof Error) lines.push(error.stack ?? '')
  printNote(lines.join('\n'))
}
