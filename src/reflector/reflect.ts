import { inTransaction, type Database, type Row } from '../database/database.js'
import { allKinds, kindOf, rolesNeeded } from '../kinds/registry.js'
import type { Kind, ReflectContext } from '../kinds/kind.js'
import { SchemaModel } from '../model/schema-model.js'
import type { Dependency, Ref, SchemaObject } from '../model/schema-object.js'
import { AddressBook } from './address-book.js'
import { DEPENDENCY_QUERY, readDependencies } from './dependencies.js'
import { CANDIDATES_QUERY, nameUnmanaged } from './unmanaged.js'
import { readTogether, SNAPSHOT } from './read-together.js'
import { everything, type Scope } from './scope.js'

/**
 * Names come out qualified, constants in one notation whatever the role or the database prefers, and expressions without planner effects.
 * A query with many joins must not take longer to plan than to run.
 */
const SETTINGS = [
  'search_path = pg_catalog',
  'jit = off',
  'join_collapse_limit = 5',
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
  return inSnapshot(database, async () => readModel(database, scope, together(database)))
}

/** The refs of objects by the rows of the catalogs that hold them: which object is which, whatever it is called. */
export type Identities = ReadonlyMap<string, Ref>

/** The same, with what tells an object that got another name from a new one, as long as the database is the same. */
export async function reflectIdentities(database: Database, scope: Scope = everything): Promise<{ model: SchemaModel; identities: Identities }> {
  const identities = new Map<string, Ref>()
  const model = await inSnapshot(database, async () => readModel(database, scope, together(database), identities))
  return { model, identities }
}

/**
 * The same, unless `known` recognises the catalogs by their fingerprint: then nothing more is read.
 *
 * @example const model = await reflectUnless(database, async (fingerprint) => fingerprint === last)
 */
export async function reflectUnless(
  database: Database,
  known: (fingerprint: string) => Promise<boolean>,
  scope: Scope = everything,
): Promise<SchemaModel | undefined> {
  return inSnapshot(database, async () => {
    if (await known(await catalogFingerprint(database, scope))) return undefined
    return readModel(database, scope, together(database))
  })
}

/** The same inside a transaction of the caller, whose uncommitted objects it sees; leaves the settings to the caller's rollback. */
export async function reflectWithin(database: Database, scope: Scope = everything): Promise<SchemaModel> {
  await database.executeAll(SETTINGS)
  return readModel(database, scope, (queries) => database.queryAll(queries))
}

async function inSnapshot<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return inTransaction(database, SNAPSHOT, async () => {
    await database.executeAll(SETTINGS)
    return work()
  })
}

/** Rows of each query in turn, all at hand or as they come. */
type Read = (queries: readonly string[]) => AsyncIterable<Row[]> | Promise<Iterable<Row[]>>

function together(database: Database): Read {
  return (queries) => readTogether(database, queries, SETTINGS)
}

/** The queries of all kinds that an engine knows, the scope looks at, and the database has tables for. */
async function kindQueries(database: Database, scope: Scope): Promise<{ kind: Kind; query: string }[]> {
  const kinds = allKinds()
  const read = kinds.flatMap(({ reads }) => reads ?? [])
  const missing = read.length === 0 ? [] : (await database.query('SELECT r FROM unnest($1::text[]) r WHERE to_regclass(r) IS NULL', [read])).map(([name]) => name)
  return kinds.flatMap((kind) => {
    if (kind.reads?.some((table) => missing.includes(table))) return []
    const query = kind.concern === 'roles' && !scope.roles ? null : kind.catalogQuery(database.version)
    return query === null ? [] : [{ kind, query }]
  })
}

/** The same as long as every query of a kind finds the same rows, which the server alone looks at. */
async function catalogFingerprint(database: Database, scope: Scope): Promise<string> {
  const queries = [...(await kindQueries(database, scope)).map(({ query }) => query), CANDIDATES_QUERY]
  const sums: string[] = []
  const summed = queries.map((query) => `SELECT count(*), sum(hashtextextended(q::text, 0)) FROM (${query}) q`)
  for await (const [row] of await together(database)(summed)) sums.push(row!.join(':'))
  return sums.join(' ')
}

async function readModel(database: Database, scope: Scope, read: Read, identities?: Map<string, Ref>): Promise<SchemaModel> {
  const reading = new Reading(database, scope, identities)
  const parts: { readonly query: string; readonly take: (rows: readonly Row[]) => void }[] = [
    ...(await kindQueries(database, scope)).map(({ kind, query }) => ({ query, take: (rows: readonly Row[]) => reading.takeObjects(kind, rows) })),
    { query: DEPENDENCY_QUERY, take: (rows) => reading.takeDependencies(rows) },
    { query: CANDIDATES_QUERY, take: (rows) => reading.takeCandidates(rows) },
  ]
  let turn = 0
  for await (const rows of await read(parts.map(({ query }) => query))) parts[turn++]!.take(rows)
  return scope.restrict(await reading.finish(database))
}

/** A model in the making. */
class Reading {
  readonly #book = new AddressBook()
  readonly #objects: SchemaObject[] = []
  readonly #dependencies: Dependency[] = []
  readonly #context: ReflectContext
  readonly #namesRoles: boolean
  readonly #madeRoles: ReadonlySet<string>
  #candidates: readonly Row[] = []

  constructor(
    { version, madeRoles = new Set() }: Database,
    { roles = false }: Scope,
    readonly identities?: Map<string, Ref>,
  ) {
    const book = this.#book
    this.#namesRoles = roles
    this.#madeRoles = madeRoles
    this.#context = {
      version,
      objectAt: (catalog, oid, sub) => book.get(catalog, oid, sub),
      columnName: (relation, attnum) => {
        const column = book.get('pg_class', relation, attnum)
        if (!column) throw new Error(`column ${attnum} of relation ${relation} was not reflected`)
        return column.id.name
      },
      addressOf: (object) => kindOf(object).address(object),
    }
  }

  takeObjects(kind: Kind, rows: readonly Row[]): void {
    for (const row of rows) {
      const reflected = kind.fromRow(row, this.#context)
      if (!reflected) continue
      const { object } = reflected
      if (kind.concern === 'roles' && this.#madeRoles.has(object.id.target as string)) continue
      this.#book.set(kind.catalog, row[0] as number, row[1] as number, object)
      for (const [catalog, oid, sub] of reflected.aliases ?? []) this.#book.set(catalog, oid, sub ?? 0, object)
      this.#objects.push(object)
      this.identities?.set(`${kind.kind} ${row[0]} ${row[1]}`, object.ref)
      for (const dependency of kind.dependencies?.(object) ?? []) this.#dependencies.push({ from: object.ref, ...dependency })
      if (this.#namesRoles) this.#dependencies.push(...rolesNeeded(object))
      for (const dependency of reflected.dependencies ?? []) this.#dependencies.push({ from: object.ref, ...dependency })
    }
  }

  takeDependencies(rows: readonly Row[]): void {
    for (const dependency of readDependencies(rows, this.#book)) this.#dependencies.push(dependency)
  }

  takeCandidates(rows: readonly Row[]): void {
    this.#candidates = rows
  }

  async finish(database: Database): Promise<SchemaModel> {
    const unmanaged = await nameUnmanaged(database, this.#candidates, this.#book)
    return new SchemaModel({ version: database.version, objects: this.#objects, dependencies: this.#dependencies, unmanaged })
  }
}
