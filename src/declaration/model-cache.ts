import { createHash } from 'node:crypto'
import type { ServerVersion } from '../database/database.js'
import { attributesText, SchemaModel, type SchemaModelData } from '../model/schema-model.js'
import { cacheKey, DiskCache } from './disk-cache.js'

/** An elaborated model of which only what a comparison without differences needs is in memory. */
export interface CachedModel {
  /** Of the engine that elaborated it. */
  readonly version: ServerVersion
  /** `fingerprint` of the part of the model that was compared, first, and of others that turned out to be the same but for wording. */
  readonly fingerprints: readonly string[]
  /** The whole model; undefined when the entry is damaged. */
  model(): Promise<SchemaModel | undefined>
}

/** Elaborated models by everything that decides what they are. */
export class ModelCache {
  readonly #disk: DiskCache

  /** @param directory such as `.autogen/cache` */
  constructor(directory: string) {
    this.#disk = new DiskCache(directory)
  }

  /** The key for all that goes in: texts of declarations, engine, scope. */
  static key(...parts: readonly (string | number)[]): string {
    return cacheKey(...parts)
  }

  async find(key: string): Promise<CachedModel | undefined> {
    const entry = await this.#disk.read<Entry>(`model-${key}`)
    if (!Array.isArray(entry?.fingerprints)) return undefined
    return {
      ...entry,
      model: async () => {
        const data = await this.#disk.read<SchemaModelData>(`data-${key}`)
        return data && new SchemaModel(data)
      },
    }
  }

  async store(key: string, model: SchemaModel, fingerprint: string): Promise<void> {
    await this.#disk.write(`data-${key}`, model.toData())
    await this.#disk.write(`model-${key}`, { version: model.version, fingerprints: [fingerprint] } satisfies Entry)
  }

  /** Notes that a model with this fingerprint is the same, so that the next comparison need not find out. */
  async accept(key: string, fingerprint: string): Promise<void> {
    const entry = await this.#disk.read<Entry>(`model-${key}`)
    if (!entry || entry.fingerprints.includes(fingerprint)) return
    const [first, ...others] = entry.fingerprints
    await this.#disk.write(`model-${key}`, { ...entry, fingerprints: [first!, fingerprint, ...others.slice(0, 2)] } satisfies Entry)
  }
}

interface Entry {
  readonly version: ServerVersion
  readonly fingerprints: readonly string[]
}

const CHUNK = 1 << 16

/** A text that two models share exactly when `diff` finds nothing between them. */
export function fingerprint(model: SchemaModel): string {
  const hash = createHash('sha256')
  let text = ''
  for (const ref of [...model.objects.keys()].sort()) {
    text += `${ref}\n${attributesText(model.get(ref)!)}\n`
    if (text.length < CHUNK) continue
    hash.update(text)
    text = ''
  }
  return hash.update(text).digest('hex')
}
