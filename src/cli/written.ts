import chalk from 'chalk'
import type { FileChange, Files } from '../generator/write-file.js'
import { printJson, printNote, printResult, showPath } from './output.js'
import type { Flags } from './program.js'

export const NOTHING_WRITTEN = 'nothing was written'

/** What a command says about the file that it is about. */
export interface Written {
  readonly file: string
  /** What it is, behind its name. */
  readonly summary?: string
  readonly json: Record<string, unknown>
  /** Further files that go with it. */
  readonly more?: readonly Pick<Written, 'file' | 'summary'>[]
}

/** What happened to a file, at the beginning of a line. */
export function wrote({ dryRun }: Files): string {
  return dryRun ? 'would write' : chalk.green('wrote')
}

/**
 * Says what was written. In a dry run stdout has the text of the file that would have been, and stderr says what else would have happened; with
 * `--json` the one document has all of it.
 */
export function printWritten(files: Files, flags: Flags, { json, more = [], ...first }: Written): void {
  const written = [first, ...more]
  const lines = written.map(({ file, summary }) => `${wrote(files)} ${showPath(file)}${summary ? `: ${summary}` : ''}`)
  if (flags.json) printJson(files.dryRun ? dryRunJson(files, json) : json)
  else if (!files.dryRun) for (const line of lines) printResult(line)
  else {
    for (const { file } of written) printResult(files.changes.find((change) => change.file === file)?.content ?? '')
    for (const line of lines) printNote(line)
    for (const change of files.changes) if (!written.some(({ file }) => change.file === file)) printNote(changeText(change))
    printNote(NOTHING_WRITTEN)
  }
}

/** A dry run for machines. */
export function dryRunJson({ changes }: Files, json: Record<string, unknown>): Record<string, unknown> {
  return { ...json, dryRun: true, wouldWrite: changes }
}

function changeText({ action, file, to }: FileChange): string {
  return to === undefined ? `would ${action === 'create' ? 'write' : 'replace'} ${showPath(file)}` : `would move ${showPath(file)} to ${showPath(to)}`
}
