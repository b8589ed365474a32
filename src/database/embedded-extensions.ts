import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Extensions that ship with PGlite, by the bundle that holds them where its name differs. */
const bundles: Readonly<Record<string, string>> = {
  autoinc: 'spi',
  insert_username: 'spi',
  moddatetime: 'spi',
  refint: 'spi',
}

const shipped = (
  'amcheck autoinc bloom btree_gin btree_gist citext cube dict_int dict_xsyn earthdistance file_fdw fuzzystrmatch hstore ' +
  'insert_username intarray isn lo ltree moddatetime pageinspect pg_buffercache pg_freespacemap pg_stat_statements pg_surgery ' +
  'pg_trgm pg_visibility pg_walinspect pgcrypto refint seg tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp'
).split(' ')

/** What CREATE EXTENSION of one extension needs to find, because it calls for it or its objects use it. */
const needs: Readonly<Record<string, readonly string[]>> = { earthdistance: ['cube'] }

/** The extensions the embedded engine can load, plpgsql aside, which is always there. */
export function embeddedExtensions(): readonly string[] {
  return shipped
}

/** Where the files of some extensions are, as PGlite takes them; names it does not have are left out. */
export function extensionBundles(names: Iterable<string>): Record<string, URL> {
  const require = createRequire(import.meta.url)
  const directory = dirname(require.resolve('@electric-sql/pglite/pglite.wasm'))
  const wanted = [...names].flatMap((name) => [name, ...(needs[name] ?? [])]).filter((name) => shipped.includes(name))
  const files = new Set(wanted.map((name) => bundles[name] ?? name))
  return Object.fromEntries([...files].map((file) => [file, pathToFileURL(join(directory, `${file}.tar.gz`))]))
}
