import { SchemaError } from '../errors.js'
import { callerPosition } from './position.js'

/** What `schema.ts` answers for. Everything left out keeps the default that is named with it. */
export interface ManageOptions {
  /** Schemas whose undeclared objects are differences; `all` includes what lies in no schema. Default: those `schema.ts` names, and `public`. */
  readonly schemas?: 'all' | readonly string[]
  /** Objects whose privileges, and default privileges, are compared. `declared`, the default: those for which some are declared. */
  readonly privileges?: 'all' | 'declared' | 'none'
  /** Objects whose owners are compared: all, none, or, by default, those for which one is declared. */
  readonly owners?: boolean | 'declared'
  /**
   * Roles that are compared, with their memberships and settings. They belong to the whole server: `none`, the default, leaves them out,
   * and those that are named must exist there. `all` are those that are not PostgreSQL's own, and not the one that runs this.
   */
  readonly roles?: 'none' | 'all' | readonly string[]
  /** Whether settings of the database are compared: all, none, or, by default, all where some are declared. */
  readonly databaseSettings?: boolean | 'declared'
  /**
   * Objects that something else makes and drops, such as the queues of pgmq and the partitions of pg_partman: names with their schema, `*` for any
   * characters. Those that are not declared are neither differences nor reported.
   */
  readonly external?: readonly string[]
}

const MANAGE: unique symbol = Symbol.for('pg-autogen.manage') as never

/** The scope that `schema.ts` exports; see `manage`. */
export interface Manage extends ManageOptions {
  readonly [MANAGE]: true
}

const ALLOWED: Record<keyof ManageOptions, (value: unknown) => boolean> = {
  schemas: (value) => value === 'all' || isNames(value),
  privileges: (value) => value === 'all' || value === 'declared' || value === 'none',
  owners: (value) => typeof value === 'boolean' || value === 'declared',
  roles: (value) => value === 'none' || value === 'all' || isNames(value),
  databaseSettings: (value) => typeof value === 'boolean' || value === 'declared',
  external: isNames,
}

/**
 * States what `schema.ts` answers for: which undeclared objects are differences and which are none of its business.
 *
 * @throws SchemaError for an unknown setting or value
 * @example
 * export const scope = manage({ schemas: ['app', 'public'], privileges: 'all', owners: true, external: ['app.events_p*'] })
 */
export function manage(options: ManageOptions = {}): Manage {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(ALLOWED, name)) {
      throw new SchemaError(`manage() has no setting ${JSON.stringify(name)}`, {
        at: callerPosition(),
        hint: `the settings are ${Object.keys(ALLOWED).join(', ')}`,
      })
    }
    if (value !== undefined && !ALLOWED[name as keyof ManageOptions](value)) {
      throw new SchemaError(`manage() cannot take ${JSON.stringify(value)} for ${name}`, {
        at: callerPosition(),
        hint: HINTS[name as keyof ManageOptions],
      })
    }
  }
  return { ...options, [MANAGE]: true }
}

const HINTS: Record<keyof ManageOptions, string> = {
  schemas: "give 'all' or a list of schema names",
  privileges: "give 'all', 'declared' or 'none'",
  owners: "give true, false or 'declared'",
  roles: "give 'all', a list of role names, or 'none'",
  databaseSettings: "give true, false or 'declared'",
  external: "give a list of names with their schema, with * for any characters: ['pgmq.q_*']",
}

/** Which roles take part according to `manage`: `undefined` for none. */
export function managedRoles({ roles }: ManageOptions = {}): 'all' | readonly string[] | undefined {
  return roles === 'none' || roles?.length === 0 ? undefined : roles
}

/** Whether an export of `schema.ts` is its scope. Known by a symbol, because a project may load two copies of this package. */
export function isManage(value: unknown): value is Manage {
  return typeof value === 'object' && value !== null && MANAGE in value
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')
}
