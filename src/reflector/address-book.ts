import type { SchemaObject } from '../model/schema-object.js'

/** Rows of one catalog: by oid, and by oid and column number. */
interface Catalog {
  readonly objects: Map<number, SchemaObject>
  readonly columns: Map<number, SchemaObject[]>
}

/** Finds the object that a catalog row belongs to. */
export class AddressBook {
  readonly #catalogs = new Map<string, Catalog>()

  set(catalog: string, oid: number, sub: number, object: SchemaObject): void {
    let addresses = this.#catalogs.get(catalog)
    if (!addresses) this.#catalogs.set(catalog, (addresses = { objects: new Map(), columns: new Map() }))
    if (sub === 0) {
      addresses.objects.set(oid, object)
      return
    }
    const columns = addresses.columns.get(oid)
    if (columns) columns[sub] = object
    else {
      const list: SchemaObject[] = []
      list[sub] = object
      addresses.columns.set(oid, list)
    }
  }

  get(catalog: string, oid: number, sub = 0): SchemaObject | undefined {
    const addresses = this.#catalogs.get(catalog)
    return sub === 0 ? addresses?.objects.get(oid) : addresses?.columns.get(oid)?.[sub]
  }
}
