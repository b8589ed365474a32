import { Declared, type Declaration } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { declaredSettings, printSettings, SETTING_COLUMNS, settingAttrs, settingStatement, type SettingAttrs, type SettingId, type SettingsInput } from './session-settings.js'

/** There is one database: `target` is the same for all. */
export type DatabaseSetting = SchemaObject<SettingId, SettingAttrs>

function settingObject(id: Omit<SettingId, 'target'>, attrs: SettingAttrs): DatabaseSetting {
  return { kind: 'database_setting', ref: refOf('database_setting', id.name), parent: null, id: { target: 'database', ...id }, attrs }
}

/** What new sessions with the database begin with, whoever they are of. */
export const databaseSettingKind: Kind = defineKind<DatabaseSetting>({
  kind: 'database_setting',
  phase: PHASES.setting,
  catalog: 'pg_db_role_setting',
  concern: 'databaseSettings',
  catalogQuery: () => `
    SELECT s.setdatabase, 0, ${SETTING_COLUMNS}
    FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
    CROSS JOIN LATERAL unnest(s.setconfig) AS u(setting)
    WHERE s.setrole = 0
    ORDER BY 3`,
  fromRow: ([, , name, value]) => ({ object: settingObject({ name: name as string }, settingAttrs(value)) }),
  create: ({ id, attrs }) => [settingStatement(HEAD, id, attrs)],
  drop: ({ id }) => [settingStatement(HEAD, id, undefined)],
  alter: (_, to, context) => ({ statements: [settingStatement(HEAD, context.authored(to).id, to.attrs)] }),
  authored: (declared, reflected) => ({ ...reflected, id: declared.id }),
  address: () => null,
  print: (object, printer) => ({
    place: 'export',
    code: `${printer.use('databaseSettings')}(${printSettings([object], printer)})`,
    variable: `database_${object.id.name}`,
  }),
})

const HEAD = 'ALTER DATABASE %I'

class DatabaseSettingsBuilder extends Declared {
  protected readonly kind = databaseSettingKind
  readonly object: DatabaseSetting
  readonly #settings: readonly DatabaseSetting[]

  constructor(settings: SettingsInput) {
    super()
    this.#settings = declaredSettings(settings).map(({ attrs, ...id }) => settingObject(id, attrs))
    this.object = this.#settings[0] ?? settingObject({ name: '' }, { value: '' })
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
