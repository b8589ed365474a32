import { randomUUID } from 'node:crypto'
import { cacheKey } from '../declaration/disk-cache.js'
import { plainClosure } from '../declaration/source-closure.js'
import { UsageError } from '../errors.js'
import type { Kind } from '../kinds/kind.js'
import { allKinds, withKinds } from '../kinds/registry.js'

/** Kinds of a project; `key` stands for all that they do, and is a new one in every run where that is not known. */
export interface CustomKinds {
  readonly kinds: readonly Kind[]
  readonly key: string
}

/**
 * The kinds of a configuration file.
 *
 * @throws UsageError for what is no kind, or has the name of another one
 */
export function customKinds(kinds: readonly Kind[], file: string): CustomKinds {
  const taken = new Set(withKinds(undefined, allKinds).map(({ kind }) => kind))
  for (const kind of kinds) {
    const problem = problemOf(kind, taken)
    if (problem) throw new UsageError(`kinds of the configuration: ${problem}`, { at: { file, line: 1 }, hint: 'see docs/customizing.md for what a kind has' })
    taken.add(kind.kind)
  }
  // All that the file imports decides, whatever else it looks at.
  const sources = plainClosure([file], { mayVary: true })
  return { kinds, key: sources ? cacheKey(...[...sources].flat()) : randomUUID() }
}

const FUNCTIONS: readonly (keyof Kind)[] = ['catalogQuery', 'fromRow', 'create', 'drop', 'alter', 'address', 'print']

function problemOf(given: Partial<Kind> | undefined, taken: ReadonlySet<string>): string | undefined {
  const { kind: name, phase, catalog } = given ?? {}
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]*$/.test(name)) return 'a kind has a name of small letters and underscores, such as "job"'
  if (taken.has(name)) return `there is a kind "${name}" already`
  if (typeof phase !== 'number' || typeof catalog !== 'string') return `the kind "${name}" lacks its phase or its catalog`
  const missing = FUNCTIONS.find((member) => typeof given![member] !== 'function')
  return missing && `the kind "${name}" has no function ${missing}`
}
