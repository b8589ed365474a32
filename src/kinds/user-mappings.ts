import { checkedName } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import {
  alterOptions, createWithOptions, declaredOptions, printOptions, readOptionsAttrs, withoutSecrets, type ForeignOptionsInput, type OptionsAttrs, type SecretVariables,
} from './foreign-options.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES } from './kind.js'

interface UserMappingId {
  readonly server: string
  /** `public` stands for every role. */
  readonly role: string
  readonly variables?: SecretVariables
}

export type UserMappingObject = SchemaObject<UserMappingId, OptionsAttrs>

function mappingObject(id: UserMappingId, attrs: OptionsAttrs): UserMappingObject {
  return { kind: 'user_mapping', ref: refOf('user_mapping', id.server, id.role), parent: refOf('foreign_server', id.server), id, attrs }
}

/** User mappings. Passwords and the like are known by name only; where one must be set, it comes from an environment variable. */
export const userMappings = defineKind<UserMappingObject>({
  kind: 'user_mapping',
  phase: PHASES.routine + 3,
  catalog: 'pg_user_mapping',
  catalogQuery: () => `
    SELECT m.umid, 0, m.srvname, CASE m.umuser WHEN 0 THEN 'public' ELSE m.usename END, ${withoutSecrets('m.umoptions')}
    FROM pg_user_mappings m
    WHERE m.umid >= 16384
      AND NOT ${isMember('pg_foreign_server', 'm.srvid')}
    ORDER BY 3, 4`,
  fromRow: ([, , server, role, list]) => ({
    object: mappingObject({ server: server as string, role: role as string }, readOptionsAttrs(list as string[] | null)),
  }),
  roles: ({ id }) => (id.role === 'public' ? [] : [id.role]),
  create: (object) => createWithOptions(`CREATE USER MAPPING ${onServer(object)}`, object.attrs, secretsOf(object)),
  drop: (object) => [statement(`DROP USER MAPPING ${onServer(object)}`)],
  dropsImplicitly: () => false,
  alter: (from, to, context) => ({
    statements: alterOptions(`ALTER USER MAPPING ${onServer(to)}`, from.attrs, to.attrs, secretsOf(context.authored(to))),
  }),
  authored: (declared, reflected) => ({ ...reflected, id: declared.id }),
  address: () => null,
  print: (object, printer) => {
    const { server, role } = object.id
    const options = printOptions(object.attrs, secretsOf(object), printer)
    return {
      place: 'export',
      code: `${printer.use('userMapping')}(${printer.string(server)}, ${printer.string(role)}${options ? `, ${options}` : ''})`,
      variable: `${server}_for_${role}`,
    }
  },
})

function onServer({ id }: UserMappingObject): string {
  return `FOR ${id.role === 'public' ? 'PUBLIC' : quoteIdent(id.role)} SERVER ${quoteIdent(id.server)}`
}

function secretsOf({ id: { server, role, variables } }: UserMappingObject) {
  return { names: [server, role], variables }
}

class UserMapping extends Declared {
  protected readonly kind = userMappings
  readonly object: UserMappingObject

  constructor(server: string, role: string, input: ForeignOptionsInput) {
    super()
    const { attrs, variables } = declaredOptions(`the user mapping of ${role} on ${server}`, input)
    this.object = { ...mappingObject({ server, role, ...(variables && { variables }) }, attrs), parent: null }
  }
}

/**
 * Declares how a role (`'public'`: every role) appears to a foreign server.
 *
 * @example export const archiveForApp = userMapping('archive', 'app', { user: 'app', password: secret('ARCHIVE_PASSWORD') })
 */
export function userMapping(server: string, role: string, options: ForeignOptionsInput = {}): UserMapping {
  return new UserMapping(checkedName('foreign server', server), checkedName('role', role), options)
}
