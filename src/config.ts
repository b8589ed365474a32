import type { NamingConvention } from './authoring/naming.js'
import type { Kind } from './kinds/kind.js'
import type { ProcessOperations } from './operations/process.js'
import type { ObjectChoice } from './reflector/filter.js'
import type { Direction, Migration, Step } from './revisions/revision.js'
import type { TimeoutsInput } from './revisions/timeouts.js'

/** What one of several databases has of its own; the rest is as for all. */
export type NamedDatabase = Pick<Config, 'database' | 'schema' | 'migrations' | 'scratch' | 'allow' | 'versionSchema' | 'pooler' | 'waitForReplicas' | 'waitForRun' | keyof TimeoutsInput>

/** What `autogen.config.ts` exports. Everything may be left out; flags and environment variables go before it. Paths are relative to its folder. */
export interface Config extends TimeoutsInput {
  /** `postgres://…` or `pglite://<dir>`. Default: an embedded database in `.autogen/`. */
  readonly database?: string
  /** Several databases by name, of which `--name` chooses one: an address, or settings that go before those for all. */
  readonly databases?: Readonly<Record<string, string | NamedDatabase>>
  /** The file or files that declare the schema. Default: `schema.ts`. */
  readonly schema?: string | readonly string[]
  /** The folder of the migration files, or several: the first is that of the lock file. `db/**` is a folder with all below it. Default: `migrations`. */
  readonly migrations?: string | readonly string[]
  /** The engine that elaborates and proves: `auto`, `server`, `native`, `embedded` or a `postgres://` URL. Default: `auto`. */
  readonly scratch?: string
  /** Codes of hazards that may be written into a migration, and that `lint` accepts, for all objects or for one, `data-loss:app.users`; `all` allows every one. Default: none. */
  readonly allow?: readonly string[]
  /** The database schema of the bookkeeping tables. Default: `autogen`. */
  readonly versionSchema?: string
  /** Whether the address is that of a pooler that lends sessions for one transaction at a time, as PgBouncer does in transaction mode. Default: false. */
  readonly pooler?: boolean
  /** After each migration, wait so many seconds until every streaming replica has replayed it. Default: replicas are not waited for. */
  readonly waitForReplicas?: number
  /** How many seconds a run waits for another one to end. Default: 300. */
  readonly waitForRun?: number
  /** Awaited before each migration, outside of its transaction; when it throws, the run ends there. */
  readonly beforeMigration?: (migration: Migration, direction: Direction) => unknown
  /** Awaited after each migration that is done. */
  readonly afterMigration?: (migration: Migration, direction: Direction) => unknown
  /** Called before each step, or each step of those that are sent together. */
  readonly onStep?: (step: Step, place: { readonly migration: Migration; readonly direction: Direction; readonly number: number }) => void
  /** The names of new migration files, from `{date}`, `{time}`, `{revision}` and `{slug}`. Default: `{date}_{time}_{revision}_{slug}.ts`. */
  readonly fileTemplate?: string
  /** A template of the project's own for new migrations; that of this package is in `templates/migration.ts.template`. */
  readonly template?: string
  /** After a migration or a pulled schema was written: a command such as `prettier --write {file}`, or a function. */
  readonly afterWrite?: string | ((file: string) => unknown)
  /** Whether new migrations take the forms of statements that let applications go on reading and writing, even where these are several. Default: true. */
  readonly online?: boolean
  /** Whether the changes of a release are written as two migrations, one to run before its deploy and one to run after it. Default: false. */
  readonly split?: boolean
  /**
   * Tables and columns, as `app.events`, `app.users.id` or `app.*`, whose changes make nobody wait although PostgreSQL would write all rows anew: a column is
   * filled in batches beside the old one and takes its place. With `split`, renamed ones keep their old name until the second migration. Default: none.
   */
  readonly gradual?: readonly string[]
  /** Whether TypeScript checks the schema files before a migration is generated from them. Default: where that is quick, up to 150 kB. */
  readonly typecheck?: boolean
  /** Sees the operations that were found before they are proven and written, and may leave some out, change them, or add SQL. */
  readonly processOperations?: ProcessOperations
  /** Only these objects take part, of those that `manage` lets take part: patterns, or a function. Default: all. */
  readonly include?: ObjectChoice
  /** These objects are left as they are: patterns, or a function. Default: none. */
  readonly exclude?: ObjectChoice
  /** The names of keys, constraints and indexes to which `schema.ts` gives none. Default: those that PostgreSQL chooses. */
  readonly naming?: NamingConvention
  /** Kinds of objects of the project's own, made by `defineKind` of `pg-autogen/kind`. */
  readonly kinds?: readonly Kind[]
}

/**
 * Types a configuration; returns it as it is.
 *
 * @example export default defineConfig({ database: 'postgres://localhost/app', schema: 'db/schema.ts' })
 */
export function defineConfig(config: Config): Config {
  return config
}
