import { createHash } from 'node:crypto'
import type { Declaration } from '../authoring/declared.js'
import { manage, type ManageOptions } from '../authoring/manage.js'
import { SchemaError } from '../errors.js'
import { kindOf } from '../kinds/registry.js'
import { refOf } from '../model/object-ref.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { cacheKey, DiskCache } from './disk-cache.js'
import type { LoadedFiles } from './load.js'
import { plainClosure } from './source-closure.js'

/** What is read first: enough for a comparison that finds nothing. */
interface Head {
  readonly digest: string
  readonly scope: ManageOptions | null
  readonly outline: readonly SchemaObject[]
}

/** Declarations without their places: to work out all of them takes longer than loading the files. */
type Body = readonly (readonly [object: SchemaObject, uses: readonly Ref[], formerly?: Ref])[]

/** Raised when what is kept of declarations changes. */
const FORMAT = 3

/** Loaded schema files by their contents, where nothing else decides what they declare. */
export class SchemaCache {
  readonly #disk: DiskCache
  readonly #sources: ReadonlyMap<string, string> | undefined
  readonly #key: string

  /** `settings`: what decides beside the files. */
  constructor(directory: string, cwd: string, entries: readonly string[], settings: string) {
    this.#disk = new DiskCache(directory)
    this.#sources = plainClosure(entries)
    this.#key = cacheKey(FORMAT, cwd, settings, entries.length, ...[...(this.#sources ?? [])].flat())
  }

  async find(): Promise<LoadedFiles | undefined> {
    const sources = this.#sources
    if (!sources) return undefined
    const head = await this.#disk.read<Head>(`schema-${this.#key}`)
    const body = head && (await this.#disk.readLater<Body>(`declared-${this.#key}`))
    if (!head || !body) return undefined
    let declarations: readonly Declaration[] | undefined
    return {
      get declarations() {
        return (declarations ??= unpack(body))
      },
      outline: head.outline,
      digest: head.digest,
      scope: head.scope === null ? undefined : manage(head.scope),
      files: [...sources.keys()],
    }
  }

  async store({ declarations, outline, digest, scope }: LoadedFiles): Promise<void> {
    if (!this.#sources) return
    const body: Body = declarations.map(({ object, uses, formerly }) => (formerly === undefined ? [object, uses] : [object, uses, formerly]))
    await this.#disk.write(`declared-${this.#key}`, body)
    await this.#disk.write(`schema-${this.#key}`, { digest, scope: scope ? { ...scope } : null, outline } satisfies Head)
  }
}

function unpack(read: () => Body): Declaration[] {
  let body: Body
  try {
    body = read()
  } catch (cause) {
    throw new SchemaError('the cache of schema.ts is damaged', { hint: 'remove .autogen/cache', cause })
  }
  return body.map(([object, uses, formerly]) => ({ object, at: undefined, uses, ...(formerly !== undefined && { formerly }) }))
}

/**
 * Decides the same scope as all declared objects do: what lies in no schema, what is a matter of its own, and one object of each schema; every one
 * where others of its schema may be external, as the scope says or since the schema belongs to an extension.
 */
export function outlineOf(declarations: readonly Declaration[], scope?: ManageOptions): SchemaObject[] {
  const schemas = new Set<string>()
  const refs = new Set(declarations.map(({ object }) => object.ref))
  const isPlain = (schema: string | null) => !scope?.external?.length && (schema === null || schema === 'public' || refs.has(refOf('schema', schema)))
  return declarations.flatMap(({ object }) => {
    const kind = kindOf(object)
    const schema = kind.schemaOf ? kind.schemaOf(object) : ((object.id.schema as string | undefined) ?? null)
    const matters = object.parent === null && !isPlain(schema)
    if (schema !== null && !kind.concern && !kind.schemaOf && schemas.has(schema) && !matters) return []
    if (schema !== null) schemas.add(schema)
    return [object]
  })
}

/** Stands for all that is declared, places left out. */
export function digestOf(declarations: readonly Declaration[]): string {
  const hash = createHash('sha256')
  for (const { object, uses } of declarations) hash.update(`${JSON.stringify([object, uses])}\n`)
  return hash.digest('hex')
}
