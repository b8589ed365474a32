import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../errors.js'

const SOURCE = /(?<!\.d)\.[cm]?[jt]s$/
const SKIPPED = /^(node_modules|\..*)$/

/**
 * The source files that paths name: files, folders with all their TypeScript and JavaScript, and globs (`*`, `**`, `?`, `{a,b}`);
 * absolute, each once, in the order of the paths and by name within one.
 *
 * @throws UsageError for a path that names nothing
 */
export function sourceFiles(paths: readonly string[], cwd: string): string[] {
  const files = paths.flatMap((given) => {
    const absolute = path.resolve(cwd, given)
    const found = existsSync(absolute) ? filesAt(absolute) : /[*?{]/.test(given) ? matching(absolute) : []
    if (found.length === 0) throw missing(given, absolute)
    return found
  })
  return [...new Set(files)]
}

function missing(given: string, absolute: string): UsageError {
  if (existsSync(absolute)) return new UsageError(`the folder ${given} holds no schema files`, { hint: 'put a .ts file in it, or name another path with --schema' })
  if (/[*?{]/.test(given)) return new UsageError(`no file matches ${given}`, { hint: 'check --schema, AUTOGEN_SCHEMA and the configuration file' })
  return new UsageError(`the schema file ${given} does not exist`, {
    hint: 'run autogen init for an example, autogen pull to write it from a database, or name another path with --schema',
  })
}

function filesAt(absolute: string): string[] {
  return statSync(absolute).isDirectory() ? walk(absolute).filter((file) => SOURCE.test(file)) : [absolute]
}

/** Every file of a folder and those below, by name. */
export function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !SKIPPED.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const full = path.join(folder, entry.name)
      return entry.isDirectory() ? walk(full) : entry.isFile() ? [full] : []
    })
}

/** The files of a kind that a glob matches, by name. */
export function matching(glob: string, wanted = SOURCE): string[] {
  const parts = glob.split(path.sep)
  const base = parts.slice(0, parts.findIndex((part) => /[*?{]/.test(part))).join(path.sep) || path.sep
  if (!existsSync(base) || !statSync(base).isDirectory()) return []
  const pattern = globPattern(glob)
  return walk(base).filter((file) => pattern.test(file) && wanted.test(file))
}

function globPattern(glob: string): RegExp {
  let depth = 0
  const body = glob.replaceAll(path.sep, '/').replace(/\*\*\/|\*\*|\*|\?|[{},]|[.+^$()|[\]\\]/g, (token) => {
    switch (token) {
      case '**/':
        return '(?:[^/]+/)*'
      case '**':
        return '.*'
      case '*':
        return '[^/]*'
      case '?':
        return '[^/]'
      case '{':
        depth++
        return '(?:'
      case '}':
        depth--
        return ')'
      case ',':
        return depth > 0 ? '|' : ','
      default:
        return `\\${token}`
    }
  })
  try {
    return new RegExp(`^${body.replaceAll('/', path.sep === '/' ? '/' : '[\\\\/]')}$`)
  } catch {
    throw new UsageError(`the glob ${glob} cannot be read`, { hint: 'every { needs its }' })
  }
}
