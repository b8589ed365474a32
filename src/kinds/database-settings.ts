import { storedSettings } from '../authoring/role-parts.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import type { SettingsInput } from './routine-authoring.js'
import { settingInput } from './routine-settings.js'
import { settingStatement } from './setting-statements.js'

/** There is one database: `target` is the same for all. */
export type DatabaseSetting = SchemaObject<{ readonly target: 'database'; readonly name: string }, { readonly value: string }>

function settingObject(name: string, value: string): DatabaseSetting {
  return { kind: 'database_setting', ref: refOf('database_setting', name), parent: null, id: { target: 'database', name }, attrs: { value } }
}

/** What new sessions with the database begin with, whoever they are of. */
export const databaseSettingKind: Kind = defineKind<DatabaseSetting>({
  kind: 'database_setting',
  phase: PHASES.setting,
  catalog: 'pg_db_role_setting',
  concern: 'databaseSettings',
  catalogQuery: () => `
    SELECT s.setdatabase, 0, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
    FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
    CROSS JOIN LATERAL unnest(s.setconfig) AS u(c)
    WHERE s.setrole = 0
    ORDER BY 3`,
  fromRow: ([, , name, value]) => ({ object: settingObject(name as string, value as string) }),
  create: ({ id, attrs }) => [settingStatement(HEAD, id.name, attrs.value)],
  drop: ({ id }) => [settingStatement(HEAD, id.name, undefined)],
  alter: (_, { id, attrs }) => ({ statements: [settingStatement(HEAD, id.name, attrs.value)] }),
  address: () => null,
  print: ({ ref, id, attrs }, printer) => {
    const [name, value] = settingInput([id.name, attrs.value])
    return { place: 'export', code: `${printer.use('databaseSettings')}(${printer.literal({ [name]: value })})`, variable: `database_${describe(ref)}` }
  },
})

const HEAD = 'ALTER DATABASE %I'

function describe(ref: string): string {
  return ref.slice(ref.indexOf(':') + 1)
}

class DatabaseSettingsBuilder extends Declared {
  protected readonly kind = databaseSettingKind
  readonly object: DatabaseSetting
  readonly #settings: readonly DatabaseSetting[]

  constructor(settings: SettingsInput) {
    super()
    this.#settings = storedSettings(settings).map(([name, value]) => settingObject(name, value))
    this.object = this.#settings[0] ?? settingObject('', '')
  }

  override declarations(): Declaration[] {
    return this.#settings.map((object) => ({ object, at: this.at, uses: [] }))
  }
}

/**
 * What new sessions with the database begin with: ALTER DATABASE … SET, for the database that a migration runs in, whatever it is
 * called. Where something is declared so, or `manage` says `databaseSettings: true`, no other setting is left.
 *
 * @example export const defaults = databaseSettings({ search_path: ['app', 'public'], statement_timeout: '30s' })
 */
export function databaseSettings(settings: SettingsInput): Declared {
  return new DatabaseSettingsBuilder(settings)
}
