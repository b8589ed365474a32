import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const shipped = (
  'amcheck autoinc bloom btree_gin btree_gist citext cube dict_int dict_xsyn earthdistance file_fdw fuzzystrmatch hstore ' +
  'insert_username intarray isn lo ltree moddatetime pageinspect pg_buffercache pg_freespacemap pg_stat_statements pg_surgery ' +
  'pg_trgm pg_visibility pg_walinspect pgcrypto refint seg tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp'
).split(' ')

/** The bundles that hold extensions under another name. */
const bundles: Readonly<Record<string, string>> = { autoinc: 'spi', insert_username: 'spi', moddatetime: 'spi', refint: 'spi' }

/** What CREATE EXTENSION … CASCADE creates too. */
const needs: Readonly<Record<string, readonly string[]>> = { earthdistance: ['cube'] }

/** The extensions the embedded engine has, plpgsql aside, which is always there. */
export function embeddedExtensions(): readonly string[] {
  return shipped
}

/** The part of Emscripten's file system that is needed here. */
export interface EngineFiles {
  mkdirTree(path: string): void
  writeFile(path: string, data: Uint8Array): void
}

/**
 * Puts the files of extensions into an engine when they are first needed. PGlite itself would take them at its start only, and
 * compile each library then, needed or not.
 */
export class ExtensionInstaller {
  readonly #installed = new Set<string>()

  constructor(private readonly files: EngineFiles) {}

  /** Installs what a statement is going to look for: the extensions it creates, or all when it lists what there is. */
  prepareFor(sql: string): void {
    if (/\bpg_available_extension/i.test(sql)) return this.install(shipped)
    if (!/\bcreate\s+extension\b/i.test(sql)) return
    const named = shipped.filter((name) => sql.toLowerCase().includes(name))
    this.install(named.length > 0 ? named : shipped)
  }

  /** Installs extensions; names the engine does not have are left out. */
  install(names: Iterable<string>): void {
    for (const name of [...names].flatMap((one) => [one, ...(needs[one] ?? [])])) {
      const bundle = bundles[name] ?? name
      if (!shipped.includes(name) || this.#installed.has(bundle)) continue
      this.#installed.add(bundle)
      for (const { path, data } of filesOf(gunzipSync(readFileSync(join(bundleDirectory(), `${bundle}.tar.gz`))))) {
        this.files.mkdirTree(dirname(`/pglite/${path}`))
        this.files.writeFile(`/pglite/${path}`, data)
      }
    }
  }
}

function bundleDirectory(): string {
  return dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite/pglite.wasm'))
}

const BLOCK = 512

/** The regular files of a tar archive: blocks of 512 bytes, a header (name at 0, octal size at 124, type at 156), then the content. */
function* filesOf(archive: Buffer): Generator<{ path: string; data: Uint8Array }> {
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const path = archive.toString('utf8', at, archive.indexOf(0, at))
    const size = parseInt(archive.toString('latin1', at + 124, at + 136), 8)
    const type = String.fromCharCode(archive[at + 156]!)
    if (type === '0' || type === '\0') yield { path, data: archive.subarray(at + BLOCK, at + BLOCK + size) }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
}
