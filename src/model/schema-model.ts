import type { ServerVersion } from '../database/database.js'
import type { Dependency, Ref, SchemaObject, UnmanagedObject } from './schema-object.js'

/** Everything a reflected model holds, in the form that is cached on disk. */
export interface SchemaModelData {
  readonly version: ServerVersion
  readonly objects: readonly SchemaObject[]
  readonly dependencies: readonly Dependency[]
  readonly unmanaged: readonly UnmanagedObject[]
}

/** A whole schema as one engine sees it: its objects, which of them are parts of which, and which need which. */
export class SchemaModel {
  readonly version: ServerVersion
  readonly objects: ReadonlyMap<Ref, SchemaObject>
  readonly unmanaged: readonly UnmanagedObject[]
  readonly #dependencies: readonly Dependency[]
  #childrenOf: Map<Ref, SchemaObject[]> | undefined
  #needsOf: Map<Ref, Dependency[]> | undefined
  #neededBy: Map<Ref, Dependency[]> | undefined
  #goesWith: Map<Ref, Ref[]> | undefined
  #inTheWayOf: Map<Ref, Ref[]> | undefined

  constructor(data: SchemaModelData) {
    this.version = data.version
    this.objects = new Map(data.objects.map((object) => [object.ref, object]))
    this.unmanaged = data.unmanaged
    this.#dependencies = data.dependencies
  }

  get(ref: Ref): SchemaObject | undefined {
    return this.objects.get(ref)
  }

  /** The parts of an object, in their order. */
  children(ref: Ref): readonly SchemaObject[] {
    if (!this.#childrenOf) {
      this.#childrenOf = new Map()
      for (const object of this.objects.values()) {
        if (object.parent !== null) push(this.#childrenOf, object.parent, object)
      }
    }
    return this.#childrenOf.get(ref) ?? []
  }

  /** What an object needs: its parent, and what PostgreSQL or its kind records. */
  needs(ref: Ref): readonly Dependency[] {
    this.#index()
    return this.#needsOf!.get(ref) ?? []
  }

  /** What needs an object: the reverse of `needs`. */
  neededBy(ref: Ref): readonly Dependency[] {
    this.#index()
    return this.#neededBy!.get(ref) ?? []
  }

  /** The objects with any of which PostgreSQL drops this one too. */
  goesWith(ref: Ref): readonly Ref[] {
    this.#index()
    return this.#goesWith!.get(ref) ?? []
  }

  /** The objects that must not be there while this one is created. */
  inTheWayOf(ref: Ref): readonly Ref[] {
    this.#index()
    return this.#inTheWayOf!.get(ref) ?? []
  }

  toData(): SchemaModelData {
    return {
      version: this.version,
      objects: [...this.objects.values()],
      dependencies: this.#dependencies,
      unmanaged: this.unmanaged,
    }
  }

  #index(): void {
    if (this.#needsOf) return
    this.#needsOf = new Map()
    this.#neededBy = new Map()
    this.#goesWith = new Map()
    this.#inTheWayOf = new Map()
    const add = (dependency: Dependency) => {
      if (dependency.inTheWay) push(this.#inTheWayOf!, dependency.to, dependency.from)
      if (dependency.auto) push(this.#goesWith!, dependency.from, dependency.to)
      if (dependency.dropOnly) return
      if (!dependency.attached) push(this.#needsOf!, dependency.from, dependency)
      if (!dependency.createOnly) push(this.#neededBy!, dependency.to, dependency)
    }
    for (const { ref, parent } of this.objects.values()) {
      if (parent !== null) add({ from: ref, to: parent, auto: true })
    }
    for (const dependency of this.#dependencies) {
      if (dependency.from !== dependency.to && this.objects.has(dependency.from) && this.objects.has(dependency.to)) add(dependency)
    }
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

/** The attributes of an object as one comparable text. */
export function attributesText(object: SchemaObject): string {
  return JSON.stringify(object.attrs)
}
