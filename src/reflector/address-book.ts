import type { SchemaObject } from '../model/schema-object.js'

/** Sub-ids are column numbers, of which PostgreSQL allows 1,600. */
const SUB_IDS = 4096

/** Finds the object that a catalog row belongs to. */
export class AddressBook {
  readonly #catalogs = new Map<string, Map<number, SchemaObject>>()

  set(catalog: string, oid: number, sub: number, object: SchemaObject): void {
    let addresses = this.#catalogs.get(catalog)
    if (!addresses) this.#catalogs.set(catalog, (addresses = new Map()))
    addresses.set(oid * SUB_IDS + sub, object)
  }

  get(catalog: string, oid: number, sub = 0): SchemaObject | undefined {
    return this.#catalogs.get(catalog)?.get(oid * SUB_IDS + sub)
  }
}
