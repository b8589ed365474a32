import path from 'node:path'
import type { Declaration } from '../authoring/declared.js'
import { manage, type ManageOptions } from '../authoring/manage.js'
import { SchemaError } from '../errors.js'
import { kindOf } from '../kinds/registry.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { cacheKey, DiskCache } from './disk-cache.js'
import { mappingCompiler } from './import-sources.js'
import type { LoadedSchema } from './load.js'
import { rememberSources } from './original-position.js'
import { plainClosure } from './source-closure.js'

/** What is read first: enough for a comparison that finds nothing. */
interface Head {
  readonly digest: string
  readonly scope: ManageOptions | null
  readonly outline: readonly SchemaObject[]
}

/** Declarations with their places as `[file, line, column]`, the file by its number. */
type Body = readonly (readonly [SchemaObject, readonly [number, number, number | undefined] | null, readonly Ref[]])[]

/** Loaded schema files by their contents, where nothing else decides what they declare. */
export class SchemaCache {
  readonly #disk: DiskCache
  readonly #sources: ReadonlyMap<string, string> | undefined
  readonly #key: string

  constructor(directory: string, cwd: string, entries: readonly string[]) {
    this.#disk = new DiskCache(directory)
    this.#sources = plainClosure(entries)
    this.#key = cacheKey(cwd, entries.length, ...[...(this.#sources ?? [])].flat())
  }

  async find(): Promise<LoadedSchema | undefined> {
    const sources = this.#sources
    if (!sources) return undefined
    const head = await this.#disk.read<Head>(`schema-${this.#key}`)
    const body = head && (await this.#disk.readLater<Body>(`declared-${this.#key}`))
    if (!head || !body) return undefined
    rememberSources(sources, mappingCompiler)
    const files = [...sources.keys()]
    let declarations: readonly Declaration[] | undefined
    return {
      get declarations() {
        return (declarations ??= unpack(body, files))
      },
      outline: head.outline,
      digest: head.digest,
      scope: head.scope === null ? undefined : manage(head.scope),
      files,
    }
  }

  async store({ declarations, outline, digest, scope }: LoadedSchema): Promise<void> {
    if (!this.#sources) return
    const numbers = new Map([...this.#sources.keys()].map((file, index) => [file, index]))
    const body: Body = declarations.map(({ object, at, uses }) => {
      const file = at && numbers.get(path.resolve(at.file))
      return [object, at && file !== undefined ? [file, at.line, at.column] : null, uses]
    })
    await this.#disk.write(`declared-${this.#key}`, body)
    await this.#disk.write(`schema-${this.#key}`, { digest, scope: scope ? { ...scope } : null, outline } satisfies Head)
  }
}

function unpack(read: () => Body, files: readonly string[]): Declaration[] {
  let body: Body
  try {
    body = read()
  } catch (cause) {
    throw new SchemaError('the cache of schema.ts is damaged', { hint: 'remove .autogen/cache', cause })
  }
  return body.map(([object, at, uses]) => ({
    object,
    at: at ? { file: files[at[0]]!, line: at[1], column: at[2] ?? undefined } : undefined,
    uses,
  }))
}

/** Decides the same scope as all declared objects do: what lies in no schema, what is a matter of its own, and one object of each schema. */
export function outlineOf(declarations: readonly Declaration[]): SchemaObject[] {
  const schemas = new Set<string>()
  return declarations.flatMap(({ object }) => {
    const kind = kindOf(object)
    const schema = kind.schemaOf ? kind.schemaOf(object) : ((object.id.schema as string | undefined) ?? null)
    if (schema !== null && !kind.concern && schemas.has(schema)) return []
    if (schema !== null) schemas.add(schema)
    return [object]
  })
}

/** Stands for all that is declared, places left out. */
export function digestOf(declarations: readonly Declaration[]): string {
  return cacheKey(...declarations.map(({ object, uses }) => JSON.stringify([object, uses])))
}
