import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../errors.js'
import { closest } from '../suggest.js'

/** What a new project begins with. */
export interface ProjectTemplate {
  readonly name: string
  /** One line. */
  readonly description: string
  /** What to do once its files are there; `{{schema}}` is the first of them with a schema. */
  readonly next: string
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** Folders that it makes, empty as they are. */
  readonly folders: readonly string[]
}

const FOLDER = fileURLToPath(new URL('../../templates/init', import.meta.url))
const ENDING = '.template'
/** Stands in an empty folder, which neither git nor npm would keep. */
const EMPTY = '.gitkeep'

/** The templates of this package, the default one first. */
export async function projectTemplates(): Promise<ProjectTemplate[]> {
  const names = (await readdir(FOLDER)).sort((a, b) => Number(b === 'default') - Number(a === 'default') || (a < b ? -1 : 1))
  return Promise.all(names.map(read))
}

/**
 * One of them.
 *
 * @throws UsageError naming those that there are
 */
export async function projectTemplate(name: string): Promise<ProjectTemplate> {
  const templates = await projectTemplates()
  const found = templates.find((template) => template.name === name)
  if (found) return found
  const names = templates.map((template) => template.name)
  const near = closest(name, names)
  throw new UsageError(`there is no template ${JSON.stringify(name)}`, { hint: near ? `did you mean ${near}?` : `there are ${names.join(', ')}` })
}

async function read(name: string): Promise<ProjectTemplate> {
  const folder = path.join(FOLDER, name)
  const entries = (await readdir(folder, { recursive: true })).map((entry) => entry.split(path.sep).join('/')).sort()
  const text = (entry: string) => readFile(path.join(folder, entry), 'utf8')
  const [description = '', ...next] = (await text('README.md')).split('\n')
  const depth = (entry: string) => entry.split('/').length
  const files = entries.filter((entry) => entry.endsWith(ENDING)).sort((a, b) => depth(a) - depth(b))
  return {
    name,
    description,
    next: next.join('\n').trim(),
    files: await Promise.all(files.map(async (entry) => ({ path: entry.slice(0, -ENDING.length), text: await text(entry) }))),
    folders: entries.filter((entry) => path.posix.basename(entry) === EMPTY).map((entry) => path.posix.dirname(entry)),
  }
}
