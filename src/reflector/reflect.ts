import { inTransaction, type Database } from '../database/database.js'
import { allKinds, kindOf } from '../kinds/registry.js'
import type { ReflectContext } from '../kinds/kind.js'
import { SchemaModel } from '../model/schema-model.js'
import type { Dependency, SchemaObject } from '../model/schema-object.js'
import { AddressBook } from './address-book.js'
import { DEPENDENCY_QUERY, readDependencies } from './dependencies.js'
import { UNMANAGED_QUERY, readUnmanaged } from './unmanaged.js'
import { everything, type Scope } from './scope.js'

/** Names come out qualified, constants in one notation whatever the role or the database prefers, and expressions without planner effects. */
const SETTINGS = [
  'search_path = pg_catalog',
  'jit = off',
  'extra_float_digits = 1',
  "DateStyle = 'ISO, MDY'",
  'IntervalStyle = postgres',
  'TimeZone = UTC',
  'bytea_output = hex',
  'quote_all_identifiers = off',
].map((setting) => `SET LOCAL ${setting}`)

/**
 * Reads a database into a model with a fixed number of catalog queries, in one read-only snapshot.
 *
 * @example const model = await reflect(database)
 */
export async function reflect(database: Database, scope: Scope = everything): Promise<SchemaModel> {
  return inTransaction(database, 'ISOLATION LEVEL REPEATABLE READ READ ONLY', async () => {
    await database.executeAll(SETTINGS)
    return reflectInTransaction(database, scope)
  })
}

/** The same inside a transaction of the caller, whose uncommitted objects it sees; leaves the settings to the caller's rollback. */
export async function reflectWithin(database: Database, scope: Scope = everything): Promise<SchemaModel> {
  await database.executeAll(SETTINGS)
  return reflectInTransaction(database, scope)
}

async function reflectInTransaction(database: Database, scope: Scope): Promise<SchemaModel> {
  const kinds = allKinds().flatMap((kind) => {
    const query = kind.catalogQuery(database.version)
    return query === null ? [] : [{ kind, query }]
  })
  const results = await database.queryAll([...kinds.map(({ query }) => query), DEPENDENCY_QUERY, UNMANAGED_QUERY])
  const book = new AddressBook()
  const context: ReflectContext = {
    version: database.version,
    objectAt: (catalog, oid, sub) => book.get(catalog, oid, sub),
    columnName: (relation, attnum) => {
      const column = book.get('pg_class', relation, attnum)
      if (!column) throw new Error(`column ${attnum} of relation ${relation} was not reflected`)
      return column.id.name
    },
    addressOf: (object) => kindOf(object).address(object),
  }
  const objects: SchemaObject[] = []
  const dependencies: Dependency[] = []
  kinds.forEach(({ kind }, index) => {
    for (const row of results[index]!) {
      const reflected = kind.fromRow(row, context)
      if (!reflected) continue
      const { object } = reflected
      book.set(kind.catalog, row[0] as number, row[1] as number, object)
      for (const [catalog, oid, sub] of reflected.aliases ?? []) book.set(catalog, oid, sub ?? 0, object)
      objects.push(object)
      for (const dependency of kind.dependencies?.(object) ?? []) dependencies.push({ from: object.ref, ...dependency })
      for (const dependency of reflected.dependencies ?? []) dependencies.push({ from: object.ref, ...dependency })
    }
  })
  dependencies.push(...readDependencies(results[kinds.length]!, book))
  const unmanaged = readUnmanaged(results[kinds.length + 1]!, book)
  return scope.restrict(new SchemaModel({ version: database.version, objects, dependencies, unmanaged }))
}
