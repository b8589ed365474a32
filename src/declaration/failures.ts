import { readFile } from 'node:fs/promises'
import type { Declaration } from '../authoring/declared.js'
import { SchemaError, type DatabaseError, type SourcePosition } from '../errors.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref } from '../model/schema-object.js'
import { showPosition, titleOf, words } from './declared-model.js'
import { originalPosition, readyPositions } from './original-position.js'
import { objectOf, type Failure } from './steps.js'

/** SQLSTATEs for something that does not exist: often a consequence of another failure. */
const MISSING = /^(42P01|42703|42704|42883|3F000)$/

/** Failures with the most telling first: those that no other failure can have caused. */
export function mostTellingFirst(failures: readonly Failure[], model: SchemaModel): Failure[] {
  const failed = new Map(failures.map((failure) => [objectOf(failure.step).ref, failure]))
  const needsFailed = (ref: Ref) => model.needs(ref).some((need) => need.to !== ref && failed.has(need.to))
  const mentionsFailed = ({ step, error }: Failure) =>
    [...failed.keys()].some((ref) => ref !== objectOf(step).ref && mentions(error.message, words(ref).name))
  const weight = (failure: Failure) => {
    if (needsFailed(objectOf(failure.step).ref)) return 3
    if (!MISSING.test(failure.error.sqlState ?? '')) return 0
    return mentionsFailed(failure) ? 2 : 1
  }
  return failures
    .map((failure) => ({ failure, weight: weight(failure) }))
    .sort((a, b) => a.weight - b.weight)
    .map(({ failure }) => failure)
}

/** PostgreSQL quotes names in messages with or without their schema: `relation "users" does not exist`, `function app.f(text) does not exist`. */
function mentions(message: string, name: string): boolean {
  const bare = name.replace(/\(.*$/s, '').replaceAll('"', '')
  const last = bare.slice(bare.indexOf('.') + 1)
  return [bare, last].some((text) => message.includes(`"${text}"`) || message.includes(` ${text}(`) || message.includes(` ${text} `))
}

/** The error for declared objects that PostgreSQL refuses. */
export async function schemaError(failures: readonly Failure[], declarations: readonly Declaration[], model: SchemaModel): Promise<SchemaError> {
  await readyPositions()
  const places = new Map(declarations.map(({ object, at }) => [object.ref, at]))
  const [first, ...others] = mostTellingFirst(failures, model)
  const { step, error } = first!
  const excerpt = excerptOf(error)
  const compiled = places.get(objectOf(step).ref)
  const declared = compiled && originalPosition(compiled)
  return new SchemaError(`${titleOf(objectOf(step))}: ${error.message}`, {
    at: (declared && excerpt && (await placeOf(excerpt, declared))) ?? declared,
    detail: [error.detail, excerpt && showExcerpt(excerpt), ...manyMore(others.map((other) => alsoFailed(other, places)))].filter(Boolean).join('\n') || undefined,
    hint: error.hint ?? hintFor(error),
    cause: error,
  })
}

const LISTED = 8

/** The first lines, and how many there are behind them. */
export function manyMore(lines: readonly string[]): string[] {
  return lines.length <= LISTED + 1 ? [...lines] : [...lines.slice(0, LISTED), `and ${lines.length - LISTED} more`]
}

function alsoFailed({ step, error }: Failure, places: ReadonlyMap<Ref, SourcePosition | undefined>): string {
  const object = objectOf(step)
  const at = places.get(object.ref)
  return `also ${titleOf(object)}${at ? ` (${showPosition(at)})` : ''}: ${error.message}`
}

function hintFor({ sqlState = '', message }: DatabaseError): string | undefined {
  if (sqlState === '42704' && message.startsWith('role "')) return 'check the spelling, or create the role first: roles belong to the server, not to a schema; or declare it with role(…)'
  if (sqlState === '42710' && message.startsWith('role "')) return 'the role that runs this is not managed, nor is postgres: leave it out of schema.ts and of the roles of manage(…)'
  if (sqlState === '0A000' || sqlState === '58P01') return 'if your database can do this, choose a scratch that can too: --scratch server, or the url of a server'
  if (sqlState === '42501' && message.startsWith('permission denied to set parameter')) {
    return 'only a superuser may set it: use --scratch native or embedded, where everything runs as one'
  }
  if (message.startsWith('security label provider')) {
    return 'labels need their provider in scratch, too: use --scratch server, or the url of a server that loads it (shared_preload_libraries)'
  }
  if (MISSING.test(sqlState)) return 'check the spelling, name it with its schema, and export what declares it'
  return undefined
}

/** The line of a refused statement that PostgreSQL points at. */
export interface Excerpt {
  readonly line: string
  /** 0-based, in characters. */
  readonly column: number
  /** Number of the line in the statement; null when there is only one. */
  readonly number: number | null
}

export function excerptOf({ statement, position }: DatabaseError): Excerpt | undefined {
  if (statement === undefined || position === undefined) return undefined
  const before = [...statement].slice(0, position - 1).join('')
  const start = before.lastIndexOf('\n') + 1
  const [line = ''] = statement.slice(start).split('\n', 1)
  const number = statement.includes('\n') ? before.split('\n').length : null
  return { line: line.replace(/\r$/, ''), column: before.length - start, number }
}

const WIDEST = 120

export function showExcerpt({ line, column, number }: Excerpt): string {
  const cut = Math.max(0, Math.min(column - WIDEST / 2, line.length - WIDEST))
  const label = number === null ? 'in: ' : `line ${number}: `
  const pointer = line.slice(cut, column).replace(/[^\t]/g, ' ')
  return `${label}${line.slice(cut, cut + WIDEST)}\n${' '.repeat(label.length)}${pointer}^`
}

/** Where the line stands in the user's file, when the author wrote it as it is and only once below the declaration. */
async function placeOf({ line, column }: Excerpt, declared: SourcePosition): Promise<SourcePosition | undefined> {
  const text = line.trim()
  if (text.length < 4) return undefined
  const source = await readFile(declared.file, 'utf8').catch(() => '')
  const lines = source.split('\n')
  const found = lines.flatMap((candidate, index) => {
    const at = index + 1 < declared.line ? -1 : candidate.indexOf(text)
    return at < 0 ? [] : [{ line: index + 1, column: at + 1 + column - (line.length - line.trimStart().length) }]
  })
  return found.length === 1 ? { file: declared.file, ...found[0]! } : undefined
}
