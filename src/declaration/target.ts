import type { Database, ServerVersion } from '../database/database.js'
import { SchemaError } from '../errors.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Scope } from '../reflector/scope.js'
import { elaborate } from './elaborate.js'
import type { LoadedSchema } from './load.js'
import { fingerprint, ModelCache } from './model-cache.js'

/** What a schema declares, as an engine understands it. */
export interface Target {
  readonly version: ServerVersion
  /** True for a model, restricted to the scope, that is known to be the same: then nothing else need be looked at. */
  equals(other: SchemaModel): boolean
  /** Notes that a model turned out to be the same but for wording. */
  accept(other: SchemaModel): Promise<void>
  model(): Promise<SchemaModel>
}

export interface TargetOptions {
  readonly scope: Scope
  /** Objects that are not declared but may be referred to. */
  readonly surroundings: SchemaModel
  /** See `ElaborateOptions`. */
  readonly present?: SchemaModel
  /** See `ElaborateOptions`. */
  readonly meantFor?: ServerVersion
  /** Opens an empty scratch database; not called when the cache knows the answer. */
  readonly scratch: () => Promise<Database>
  /** Everything else that decides the outcome: which engine scratch is, whose objects it makes, which settings the scope has. */
  readonly key: readonly string[]
  /** Folder of caches, such as `.autogen/cache`. */
  readonly cache: string
}

/**
 * What loaded schema files declare: from the cache when nothing that goes in has changed since the last time.
 *
 * @throws as `elaborate`
 */
export async function targetOf(loaded: LoadedSchema, options: TargetOptions): Promise<Target> {
  const { objects } = options.surroundings
  const surroundings = objects.size > 0 ? fingerprint(options.surroundings) : ''
  const cache = new ModelCache(options.cache)
  const key = ModelCache.key(loaded.digest, JSON.stringify(loaded.scope ?? null), surroundings, ...options.key)
  const known = await cache.find(key)
  const accept = (other: SchemaModel) => cache.accept(key, fingerprint(other))
  if (known) {
    return {
      version: known.version,
      equals: (other) => known.fingerprints.includes(fingerprint(other)),
      accept,
      model: async () => (await known.model()) ?? (await elaborateFresh(loaded, options)),
    }
  }
  const model = await elaborateFresh(loaded, options)
  const own = fingerprint(options.scope.restrict(model, 'schema'))
  await cache.store(key, model, own)
  await loaded.keep()
  return { version: model.version, equals: (other) => fingerprint(other) === own, accept, model: async () => model }
}

/** Declarations from the cache have no places: for an error the files are loaded after all. */
async function elaborateFresh(loaded: LoadedSchema, { scratch, surroundings, present, meantFor }: TargetOptions): Promise<SchemaModel> {
  const run = async ({ declarations, scope }: LoadedSchema) => elaborate(await scratch(), declarations, { manage: scope, surroundings, ...(present && { present }), ...(meantFor && { meantFor }) })
  try {
    return await run(loaded)
  } catch (error) {
    const again = error instanceof SchemaError ? await loaded.reload?.() : undefined
    if (!again) throw error
    return run(again)
  }
}
