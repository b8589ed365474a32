import { checkRole, grantsOf, GrantBook, normalGrants, PUBLIC } from '../authoring/attachments.js'
import type { PrivilegeAttrs, PrivilegeName } from '../authoring/attachments.js'
import { checkedName, refuse } from '../authoring/checks.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { grantSql, grantSteps, grantVersionNeeds, granteeSql } from './grant-statements.js'
import { changesRights } from './change-hazards.js'
import { defineKind, PHASES, type Printer } from './kind.js'

/** Objects that ALTER DEFAULT PRIVILEGES knows, by pg_default_acl.defaclobjtype. */
const OBJECT_TYPES = { r: 'tables', S: 'sequences', f: 'functions', T: 'types', n: 'schemas', L: 'large objects' } as const

/** What default privileges are for; `large objects` since PostgreSQL 18. */
export type DefaultPrivilegeTarget = (typeof OBJECT_TYPES)[keyof typeof OBJECT_TYPES]

interface DefaultPrivilegeId {
  /** The role whose new objects they are for. */
  readonly role: string
  /** Absent: in every schema. */
  readonly schema?: string
  readonly objects: DefaultPrivilegeTarget
  readonly grantee: string
  /** What one call declares: role, schema and kind of object. */
  readonly target: string
}

export type DefaultPrivilege = SchemaObject<DefaultPrivilegeId, PrivilegeAttrs>

function defaultPrivilegeObject(parts: Omit<DefaultPrivilegeId, 'target'>, attrs: PrivilegeAttrs): DefaultPrivilege {
  const { role, schema, objects, grantee } = parts
  const place = schema === undefined ? [role, objects] : [role, schema, objects]
  const target = refOf('default', ...place)
  return {
    kind: 'default_privilege',
    ref: refOf('default_privilege', ...place, grantee),
    parent: schema === undefined ? null : refOf('schema', schema),
    id: { ...parts, target },
    attrs: normalGrants(attrs),
  }
}

/**
 * Default privileges of one role on the future objects of another, as far as they differ from PostgreSQL's own. In a schema they
 * only add to those for all schemas.
 */
export const defaultPrivilegeKind = defineKind<DefaultPrivilege>({
  kind: 'default_privilege',
  phase: PHASES.defaultPrivilege,
  catalog: 'pg_default_acl',
  schemaOf: () => null,
  concern: 'privileges',
  catalogQuery: () => `
    WITH items AS (
      SELECT d.oid, d.defaclrole, d.defaclnamespace, d.defaclobjtype, e.grantee, e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END AS item, e.actual
      FROM pg_default_acl d
      CROSS JOIN LATERAL (
        SELECT a.*, true AS actual FROM aclexplode(d.defaclacl) a
        UNION ALL
        SELECT b.*, false FROM aclexplode(acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole)) b WHERE d.defaclnamespace = 0) e)
    SELECT i.oid, 0, role.rolname, n.nspname, i.defaclobjtype::text, coalesce(grantee.rolname, '${PUBLIC}'),
           array_agg(i.item ORDER BY i.item) FILTER (WHERE i.actual), array_agg(i.item ORDER BY i.item) FILTER (WHERE NOT i.actual)
    FROM items i
    JOIN pg_roles role ON role.oid = i.defaclrole
    LEFT JOIN pg_roles grantee ON grantee.oid = i.grantee
    LEFT JOIN pg_namespace n ON n.oid = i.defaclnamespace
    GROUP BY 1, 3, 4, 5, 6
    HAVING array_agg(i.item ORDER BY i.item) FILTER (WHERE i.actual) IS DISTINCT FROM array_agg(i.item ORDER BY i.item) FILTER (WHERE NOT i.actual)
    ORDER BY 3, 4, 5, 6`,
  fromRow(row) {
    const [, , role, schema, type, grantee, actual, base] = row as [number, number, string, string | null, keyof typeof OBJECT_TYPES, string, string[] | null, string[] | null]
    const items = actual ?? []
    const bare = (list: readonly string[]) => list.map((item) => item.replace('*', ''))
    const added = items.filter((item) => !base?.includes(item))
    const attrs = {
      privileges: added.filter((item) => !item.endsWith('*')),
      grantable: bare(added.filter((item) => item.endsWith('*'))),
      revoked: (base ?? []).filter((item) => !bare(items).includes(item)),
    }
    return { object: defaultPrivilegeObject({ role, ...(schema !== null && { schema }), objects: OBJECT_TYPES[type], grantee }, attrs) }
  },
  roles: ({ id }) => [id.role, ...(id.grantee === PUBLIC ? [] : [id.grantee])],
  versionNeeds: ({ attrs }) => grantVersionNeeds(attrs),
  create: (object) => change(object, {}, object.attrs),
  drop: (object) => change(object, object.attrs, {}),
  alter: (from, to) => ({ statements: change(to, from.attrs, to.attrs) }),
  address: () => null,
  hazards: changesRights,
  print: ({ id, attrs }, printer) => {
    const where = { role: id.role, schema: id.schema, on: id.objects }
    return {
      place: 'export',
      code: `${printer.use('defaultPrivileges')}(${printer.literal(where)})${grantCalls(id, attrs, printer)}`,
      variable: `default_${id.objects}_${id.schema ?? ''}_${id.grantee}`,
    }
  },
})

function change({ id }: DefaultPrivilege, from: PrivilegeAttrs, to: PrivilegeAttrs): Statement[] {
  const schema = id.schema === undefined ? '' : ` IN SCHEMA ${quoteIdent(id.schema)}`
  const ownDefault = id.schema === undefined && id.grantee === id.role
  return grantSteps(from, to, ownDefault).map((step) =>
    statement(`ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdent(id.role)}${schema} ${grantSql(step, id.objects.toUpperCase(), granteeSql(id.grantee))}`),
  )
}

function grantCalls({ grantee }: DefaultPrivilegeId, attrs: PrivilegeAttrs, printer: Printer): string {
  const call = (method: string, list: readonly string[] | undefined, more = '') =>
    list?.length ? `.${method}(${printer.string(grantee)}, ${printer.literal(list.map((name) => name.toLowerCase()))}${more})` : ''
  return call('grant', attrs.privileges) + call('grant', attrs.grantable, ', { withGrantOption: true }') + call('revoke', attrs.revoked)
}

export interface DefaultPrivilegesOptions {
  /** Whose new objects: PostgreSQL looks at the role that creates them. */
  readonly role: string
  /** Only in this schema; left out: in all. */
  readonly schema?: string
  readonly on: DefaultPrivilegeTarget
}

class DefaultPrivilegesBuilder extends Declared {
  protected readonly kind = defaultPrivilegeKind
  readonly object: DefaultPrivilege
  readonly #where: Omit<DefaultPrivilegeId, 'target' | 'grantee'>
  readonly #book = new GrantBook()

  constructor({ role, schema, on }: DefaultPrivilegesOptions) {
    super()
    if (!Object.values(OBJECT_TYPES).includes(on)) {
      refuse(`default privileges are not for ${JSON.stringify(on)}`, `give one of ${Object.values(OBJECT_TYPES).join(', ')}`)
    }
    this.#where = {
      role: checkedName('role', role),
      ...(schema !== undefined && { schema: checkedName('schema', schema) }),
      objects: on,
    }
    this.object = defaultPrivilegeObject({ ...this.#where, grantee: PUBLIC }, {})
  }

  override grant(to: string | readonly string[], privileges: PrivilegeName | readonly PrivilegeName[], options: { readonly withGrantOption?: boolean } = {}): this {
    const grants = grantsOf(privileges, { ...(options.withGrantOption && { withGrantOption: true }) })
    for (const role of typeof to === 'string' ? [to] : to) this.#book.add(checkRole(role), undefined, grants)
    return this
  }

  override revoke(from: string | readonly string[], privileges: PrivilegeName | readonly PrivilegeName[]): this {
    const { privileges: revoked = [] } = grantsOf(privileges, {})
    for (const role of typeof from === 'string' ? [from] : from) this.#book.add(checkRole(role), undefined, { revoked })
    return this
  }

  override declarations(): Declaration[] {
    return this.#book.objects('', () => '', undefined).map(({ object, at }) => ({
      object: { ...defaultPrivilegeObject({ ...this.#where, grantee: object.id.grantee }, object.attrs), parent: null },
      at,
      uses: [],
    }))
  }
}

/**
 * Privileges that future objects get when they are created.
 *
 * @example export const readable = defaultPrivileges({ role: 'app_owner', schema: 'app', on: 'tables' }).grant('reader', ['select'])
 */
export function defaultPrivileges(options: DefaultPrivilegesOptions): Declared {
  return new DefaultPrivilegesBuilder(options)
}
