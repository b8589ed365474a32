import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { redactUrl } from '../database/connection-url.js'
import { UsageError } from '../errors.js'
import type { ProjectSettings } from './settings.js'

/** A state that can stand on either side of a comparison. */
export type Source = { readonly label: string } & (
  | { readonly type: 'database'; readonly url: string | undefined }
  | { readonly type: 'snapshot'; readonly path: string }
  | { readonly type: 'schema'; readonly paths: readonly string[] }
  | { readonly type: 'sql' | 'prisma'; readonly path: string }
  | { readonly type: 'migrations'; readonly path: string; readonly more?: readonly string[] }
)

export type SourceType = Source['type']

const FORMS =
  'a side is database, schema or migrations (those of the project), a postgres:// or pglite:// URL, a .ts, .sql, .prisma or .json file, or a folder of such files'

/**
 * What a side of a comparison names: the words `database`, `schema` and `migrations` for those of the project, a URL, or a path.
 * Relative paths start from the project's folder.
 *
 * @throws UsageError for what is none of these, or is not there
 * @example sourceOf('old/schema.sql', settings) // { type: 'sql', … }
 */
export function sourceOf(text: string, settings: ProjectSettings): Source {
  if (text === 'database') return { type: 'database', url: settings.database, label: databaseLabel(settings.database) }
  if (text === 'schema') return { type: 'schema', paths: settings.schema, label: settings.schema.join(', ') }
  if (text === 'migrations') return { type: 'migrations', path: settings.migrations, ...(settings.moreMigrations.length > 0 && { more: settings.moreMigrations }), label: settings.migrations }
  if (/^(postgres(ql)?:\/\/|pglite:)/i.test(text)) return { type: 'database', url: text, label: databaseLabel(text) }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw new UsageError(`${redactUrl(text)} is no database URL`, { hint: FORMS })
  const type = typeOf(text, settings)
  return type === 'schema' ? { type, paths: [text], label: text } : { type, path: text, label: text }
}

function databaseLabel(url: string | undefined): string {
  return url === undefined ? 'the embedded database' : redactUrl(url)
}

function typeOf(text: string, { cwd, migrations }: ProjectSettings): Exclude<SourceType, 'database'> {
  const absolute = path.resolve(cwd, text)
  if (!existsSync(absolute)) {
    if (/[*?{]/.test(text)) return 'schema'
    throw new UsageError(`${text} does not exist`, { hint: FORMS })
  }
  if (absolute === path.resolve(cwd, migrations)) return 'migrations'
  const type = statSync(absolute).isDirectory() ? typeOfFolder(absolute) : typeOfName(absolute)
  if (!type) throw new UsageError(`${text} holds nothing that can be compared`, { hint: FORMS })
  return type
}

function typeOfName(name: string): Exclude<SourceType, 'database' | 'migrations'> | undefined {
  const extension = path.extname(name).toLowerCase()
  if (/^\.[cm]?[jt]s$/.test(extension)) return 'schema'
  return ({ '.sql': 'sql', '.prisma': 'prisma', '.json': 'snapshot' } as const)[extension]
}

function typeOfFolder(folder: string): 'migrations' | 'sql' | 'prisma' | 'schema' | undefined {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !/(^|[/\\])(node_modules|\.[^/\\]*)([/\\]|$)/.test(name))
  const types = new Set(files.map(typeOfName))
  if (types.has('schema') && files.some((name) => typeOfName(name) === 'schema' && isMigration(path.join(folder, name)))) return 'migrations'
  // A folder of Prisma holds its migrations as SQL too.
  return (['prisma', 'schema', 'sql'] as const).find((type) => types.has(type))
}

function isMigration(file: string): boolean {
  return /export\s+default\s+migration\s*\(/.test(readFileSync(file, 'utf8'))
}
