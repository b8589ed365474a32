import { checkedName, refuse } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { dollarQuote, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { optionsChange, optionsClause, readOptions, sortedOptions, type ForeignOptions } from './foreign-options.js'
import { defineKind, PHASES } from './kind.js'

/** Options whose values are never read, compared or written down. */
const SECRET = /passw|passphrase|secret|token|credential|private_?key|api_?key|access_?key/i

/** `settings` names, for secret options, the setting that holds the value while a migration runs. */
interface UserMappingId {
  readonly server: string
  /** `public` stands for every role. */
  readonly role: string
  readonly settings?: Readonly<Record<string, string>>
}

interface UserMappingAttrs {
  readonly options?: ForeignOptions
  /** Names of the options with secret values. */
  readonly secrets?: readonly string[]
}

export type UserMappingObject = SchemaObject<UserMappingId, UserMappingAttrs>

function mappingObject(id: UserMappingId, options: ForeignOptions | undefined, secrets: readonly string[]): UserMappingObject {
  return {
    kind: 'user_mapping',
    ref: refOf('user_mapping', id.server, id.role),
    parent: refOf('foreign_server', id.server),
    id,
    attrs: { ...(options && { options }), ...(secrets.length > 0 && { secrets: [...secrets].sort() }) },
  }
}

/**
 * User mappings. Passwords and the like are known by name only; where one must be set, the statement takes it from a setting of the
 * session, `autogen.<name>`, so that it stands in no file.
 */
export const userMappings = defineKind<UserMappingObject>({
  kind: 'user_mapping',
  phase: PHASES.routine + 3,
  catalog: 'pg_user_mapping',
  catalogQuery: () => `
    SELECT m.umid, 0, m.srvname, CASE m.umuser WHEN 0 THEN 'public' ELSE m.usename END, m.umoptions
    FROM pg_user_mappings m
    WHERE m.umid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_foreign_server'::regclass AND e.objid = m.srvid AND e.deptype = 'e')
    ORDER BY 3, 4`,
  fromRow: ([, , server, role, list]) => {
    const all = Object.entries(readOptions(list as string[] | null) ?? {})
    const open = all.filter(([name]) => !SECRET.test(name))
    const secrets = all.map(([name]) => name).filter((name) => SECRET.test(name))
    return { object: mappingObject({ server: server as string, role: role as string }, sortedOptions(Object.fromEntries(open)), secrets) }
  },
  roles: ({ id }) => (id.role === 'public' ? [] : [id.role]),
  create: (object) => {
    const { options, secrets = [] } = object.attrs
    return withSecrets(`CREATE USER MAPPING ${onServer(object)}`, optionsClause(options), secrets, object, '')
  },
  drop: (object) => [statement(`DROP USER MAPPING ${onServer(object)}`)],
  dropsImplicitly: () => false,
  alter: (from, to) => {
    const before = from.attrs.secrets ?? []
    const after = to.attrs.secrets ?? []
    const gone = before.filter((name) => !after.includes(name)).map((name) => `DROP ${quoteIdent(name)}`)
    const options = optionsChange(from.attrs.options, to.attrs.options)
    const clause = gone.length === 0 ? options : options ? options.replace(/\)$/, `, ${gone.join(', ')})`) : `OPTIONS (${gone.join(', ')})`
    const added = after.filter((name) => !before.includes(name))
    return { statements: withSecrets(`ALTER USER MAPPING ${onServer(to)}`, clause, added, to, 'ADD ') }
  },
  authored: (declared, reflected) => ({ ...reflected, id: declared.id }),
  address: () => null,
  print: ({ id, attrs }, printer) => {
    const server = printer.string(id.server)
    const entries = [
      ...Object.entries(attrs.options ?? {}).map(([name, value]) => [name, printer.string(value)]),
      ...(attrs.secrets ?? []).map((name) => [name, `${printer.use('secret')}(${printer.string(settingOf(id, name))})`]),
    ].map(([name, code]) => `${printer.property(name!)}: ${code}`)
    const options = entries.length > 0 ? `, { ${entries.join(', ')} }` : ''
    return {
      place: 'export',
      code: `${printer.use('userMapping')}(${server}, ${printer.string(id.role)}${options})`,
      variable: `${id.server}_for_${id.role}`,
    }
  },
})

function onServer({ id }: UserMappingObject): string {
  return `FOR ${id.role === 'public' ? 'PUBLIC' : quoteIdent(id.role)} SERVER ${quoteIdent(id.server)}`
}

/** The setting that holds the value of a secret option while a migration runs. */
function settingOf({ server, role, settings }: UserMappingId, option: string): string {
  return settings?.[option] ?? `${server}_${role}_${option}`.toLowerCase().replace(/[^a-z0-9_]+/g, '_')
}

/** The statement itself; where options are secret, a block that puts their values in when it runs. */
function withSecrets(head: string, clause: string, secrets: readonly string[], { id }: UserMappingObject, verb: string): Statement[] {
  if (secrets.length === 0) return [statement([head, clause].filter(Boolean).join(' '))]
  const places = secrets.map((name) => `${verb}${quoteIdent(name)} %L`)
  const open = clause.replace(/^OPTIONS \(/, '').replace(/\)$/, '').replaceAll('%', '%%')
  const text = `${head.replaceAll('%', '%%')} OPTIONS (${[open, ...places].filter(Boolean).join(', ')})`
  const values = secrets.map((name) => `coalesce(current_setting(${quoteLiteral(`autogen.${settingOf(id, name)}`)}, true), '')`)
  return [statement(`DO ${dollarQuote(`BEGIN\n  EXECUTE format(${quoteLiteral(text)}, ${values.join(', ')});\nEND`)}`)]
}

/** A value that stands in no file; see `secret`. */
class Secret {
  constructor(readonly setting: string) {}
}

/**
 * An option whose value is taken from the setting `autogen.<name>` of the session that runs the migration.
 *
 * @example userMapping('archive', 'app', { user: 'app', password: secret('archive_password') })
 * // PGOPTIONS='-c autogen.archive_password=…' autogen upgrade head
 */
export function secret(name: string): Secret {
  if (!/^[a-z_][a-z0-9_]*$/i.test(name)) refuse(`a secret cannot be called ${JSON.stringify(name)}`, 'use letters, digits and underscores')
  return new Secret(name)
}

class UserMapping extends Declared {
  protected readonly kind = userMappings
  readonly object: UserMappingObject

  constructor(server: string, role: string, options: Readonly<Record<string, string | Secret>>) {
    super()
    const open: Record<string, string> = {}
    const settings: Record<string, string> = {}
    for (const [name, value] of Object.entries(options)) {
      if (value instanceof Secret) settings[name] = value.setting
      else if (SECRET.test(name)) refuse(`option ${name} of a user mapping is a secret`, `write secret('…'): its value must not stand in schema.ts`)
      else open[name] = value
    }
    this.object = { ...mappingObject({ server, role, settings }, sortedOptions(open), Object.keys(settings)), parent: null }
  }
}

/**
 * Declares how a role (`'public'`: every role) appears to a foreign server.
 *
 * @example export const archiveForApp = userMapping('archive', 'app', { user: 'app', password: secret('archive_password') })
 */
export function userMapping(server: string, role: string, options: Readonly<Record<string, string | Secret>> = {}): UserMapping {
  return new UserMapping(checkedName('foreign server', server), checkedName('role', role), options)
}
