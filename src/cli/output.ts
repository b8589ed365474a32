import path from 'node:path'
import { AutogenError, type SourcePosition } from '../errors.js'
import { MigrationError } from '../runner/migration-error.js'
import { logEvent, logNote, logsJson } from './log.js'
import { clearProgress } from './progress.js'

let jsonPrinted = false

/** Results go to stdout, everything else to stderr. */
export function printResult(text: string): void {
  clearProgress()
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printNote(text: string): void {
  if (logsJson()) return logNote(text)
  clearProgress()
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** The one document on stdout. */
export function printJson(value: unknown): void {
  jsonPrinted = true
  printResult(JSON.stringify(value, null, 2))
}

/** A file as the user would name it from here. */
export function showPath(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || relative === '' ? file : relative
}

/** Prints an error with its place, detail and hint; a stack trace only when AUTOGEN_DEBUG is set. */
export async function printError(error: unknown): Promise<void> {
  if (logsJson()) return logEvent('error', 'error', { ...errorFields(error), ...(process.env.AUTOGEN_DEBUG && error instanceof Error && { stack: stacks(error).join('\n') }) })
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

/** The same as the document on stdout, unless there is one already: what fails then failed after the work was done. */
export function printErrorJson(error: unknown): void {
  if (!jsonPrinted) printJson({ error: errorFacts(error) })
}

/** The same for machines. */
export function errorFacts(error: unknown): Record<string, unknown> {
  const known = error instanceof AutogenError ? error : undefined
  const { sqlState } = (known ?? {}) as { sqlState?: string }
  const failed = error instanceof MigrationError ? { revision: error.migration.revision, direction: error.direction, step: error.step, statement: error.statement } : {}
  return { type: known?.name ?? 'Error', message: messageOf(error), at: known?.at, detail: known?.detail, hint: known?.hint, sqlState, ...failed }
}

/** The same for an event of the log. */
export function errorFields(error: unknown): Record<string, unknown> {
  const { at, ...facts } = errorFacts(error)
  return { ...facts, ...(at as SourcePosition | undefined) }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function stacks(error: Error): string[] {
  const { cause } = error
  return [error.stack ?? '', ...(cause instanceof Error ? stacks(cause).map((stack) => `caused by ${stack}`) : [])]
}
