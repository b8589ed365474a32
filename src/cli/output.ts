import path from 'node:path'
import { AutogenError } from '../errors.js'
import { clearProgress } from './progress.js'

/** Results go to stdout, everything else to stderr. */
export function printResult(text: string): void {
  clearProgress()
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printNote(text: string): void {
  clearProgress()
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printJson(value: unknown): void {
  printResult(JSON.stringify(value, null, 2))
}

/** A file as the user would name it from here. */
export function showPath(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || relative === '' ? file : relative
}

/** Prints an error with its place, detail and hint; a stack trace only when AUTOGEN_DEBUG is set. */
export async function printError(error: unknown): Promise<void> {
  const { chalkStderr } = await import('chalk')
  const known = error instanceof AutogenError
  const message = messageOf(error)
  const lines = [`${chalkStderr.red('error:')} ${known ? message : `unexpected: ${message}`}`]
  if (known && error.at) {
    const { file, line, column } = error.at
    lines.push(`  at ${chalkStderr.cyan(`${showPath(file)}:${line}${column === undefined ? '' : `:${column}`}`)}`)
  }
  if (known && error.detail) lines.push(error.detail)
  if (known && error.hint) lines.push(`${chalkStderr.yellow('hint:')} ${error.hint}`)
  if (!known) lines.push(`${chalkStderr.yellow('hint:')} this is a defect of pg-autogen; AUTOGEN_DEBUG=1 shows where`)
  if (process.env.AUTOGEN_DEBUG && error instanceof Error) lines.push(...stacks(error))
  printNote(lines.join('\n'))
}

/** The same for machines. */
export function errorJson(error: unknown): Record<string, unknown> {
  const known = error instanceof AutogenError ? error : undefined
  const { sqlState } = (known ?? {}) as { sqlState?: string }
  return {
    error: { type: known?.name ?? 'Error', message: messageOf(error), at: known?.at, detail: known?.detail, hint: known?.hint, sqlState },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function stacks(error: Error): string[] {
  const { cause } = error
  return [error.stack ?? '', ...(cause instanceof Error ? stacks(cause).map((stack) => `caused by ${stack}`) : [])]
}
