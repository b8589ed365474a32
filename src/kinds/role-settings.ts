import { roleSettingObject, type RoleSetting } from '../authoring/role-parts.js'
import { quoteIdent } from '../sql/identifiers.js'
import type { Statement } from '../sql/statement.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { SETTING_COLUMNS, settingAttrs, settingStatement, type SettingAttrs } from './session-settings.js'

/** Settings of a role, in every database. */
export const roleSettings = settingsOf('role_setting', '0')

/** Settings of a role in the database at hand alone. */
export const roleDatabaseSettings = settingsOf('role_database_setting', '(SELECT d.oid FROM pg_database d WHERE d.datname = current_database())')

/** Parts of a role: what a new session of its begins with. `database` finds those that pg_db_role_setting keeps under one database. */
function settingsOf(kind: string, database: string): Kind {
  const here = kind === 'role_database_setting' ? { here: true as const } : {}
  return defineKind<RoleSetting>({
    kind,
    phase: PHASES.setting,
    catalog: 'pg_db_role_setting',
    concern: 'roles',
    catalogQuery: () => `
      SELECT s.setrole, 0, r.rolname, ${SETTING_COLUMNS}
      FROM pg_db_role_setting s
      JOIN pg_roles r ON r.oid = s.setrole
      CROSS JOIN LATERAL unnest(s.setconfig) AS u(setting)
      WHERE s.setdatabase = ${database} AND s.setrole >= 16384
      ORDER BY 3, 4`,
    fromRow: ([oid, , target, name, value], { objectAt }) => {
      if (!objectAt('pg_authid', oid as number)) return null
      return { object: roleSettingObject({ target: target as string, name: name as string, ...here }, settingAttrs(value)) }
    },
    create: (object) => [setTo(object, object.attrs)],
    drop: (object) => [setTo(object, undefined)],
    alter: (_, to, context) => ({ statements: [setTo(context.authored(to), to.attrs)] }),
    authored: (declared, reflected) => ({ ...reflected, id: declared.id }),
    address: () => null,
    print: () => ({ place: 'none', code: '' }),
  })
}

function setTo({ id }: RoleSetting, attrs: SettingAttrs | undefined): Statement {
  const role = quoteIdent(id.target)
  const head = id.here ? `ALTER ROLE ${role.replaceAll('%', '%%')} IN DATABASE %I` : `ALTER ROLE ${role}`
  return settingStatement(head, id, attrs)
}
