import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { splitScript } from '../sql/split.js'
import type { Step } from './revision.js'

export const BASELINE_FILE = 'baseline.sql'

/**
 * What makes, of an empty database, the one that a history began on; undefined for a history that began on an empty one. The file lies
 * in the folder of the migrations.
 */
export async function readBaseline(folder: string): Promise<readonly Step[] | undefined> {
  let file = join(folder, BASELINE_FILE)
  let text: string
  try {
    file = await realpath(file)
    text = asWritten(await readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  let line = 1
  let seen = 0
  return splitScript(text).statements.map(({ sql, offset }): Step => {
    for (; seen < offset; seen++) if (text[seen] === '\n') line++
    return { type: 'execute', sql, at: { file, line } }
  })
}

/** The ends of lines as they were written: where not one is, git has made them those of Windows, also in the bodies of functions. */
function asWritten(text: string): string {
  return /(?<!\r)\n/.test(text) ? text : text.replaceAll('\r\n', '\n')
}
