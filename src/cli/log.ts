import { stripVTControlCharacters } from 'node:util'
import { UsageError } from '../errors.js'

export type Level = 'debug' | 'info' | 'warn' | 'error'

let json = false

/**
 * Chooses what stderr gets: `text` for people, or `json`, an object a line.
 *
 * @throws UsageError for anything else
 */
export function chooseLog(given: string | undefined): void {
  if (given !== undefined && given !== '' && given !== 'text' && given !== 'json') {
    throw new UsageError(`there is no log ${JSON.stringify(given)}`, { hint: 'use --log text or --log json (AUTOGEN_LOG)' })
  }
  json = given === 'json'
}

/** What a command line says of the log, known before anything else in it is. */
export function logIn(argv: readonly string[]): string | undefined {
  const at = argv.findLastIndex((arg) => arg === '--log' || arg.startsWith('--log='))
  return at < 0 ? undefined : argv[at] === '--log' ? argv[at + 1] : argv[at]!.slice('--log='.length)
}

export function logsJson(): boolean {
  return json
}

/** Writes one event; nothing where the log is text. */
export function logEvent(level: Level, event: string, fields: Readonly<Record<string, unknown>>): void {
  if (json) process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`)
}

/** Text for people as an event. */
export function logNote(text: string): void {
  const message = stripVTControlCharacters(text).trim()
  logEvent(/^(note|refused):/.test(message) ? 'warn' : 'info', 'note', { message })
}
