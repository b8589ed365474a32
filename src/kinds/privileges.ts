import {
  grantAddress,
  GrantBook,
  grantsOf,
  isAddressIn,
  normalGrants,
  privilegeObject,
  PUBLIC,
  schemaIn,
  TARGET_OWNER,
  targetOf,
} from '../authoring/attachments.js'
import type { GrantOptions, Grants, Privilege, PrivilegeAttrs, PrivilegeName } from '../authoring/attachments.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import type { Row, ServerVersion } from '../database/database.js'
import { attachedRef } from '../model/object-ref.js'
import type { Ref } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { grantSql, grantSteps, grantVersionNeeds, granteeSql } from './grant-statements.js'
import { changesRights } from './change-hazards.js'
import { defineKind, PHASES, type Printer, type ReflectContext } from './kind.js'

/** Access control lists by the letter that acldefault() has for them: where they stand, and how GRANT calls their objects. */
const LISTS = `
      SELECT 'pg_class' AS catalog, c.oid, NULL AS attname, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS letter, c.relowner AS owner, c.relacl AS acl,
             CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS words, c.relnamespace AS namespace, c.relname AS name, 0 AS sub
      FROM pg_class c WHERE c.relacl IS NOT NULL
      UNION ALL
      SELECT 'pg_class', c.oid, a.attname, 'c', c.relowner, a.attacl, 'TABLE', c.relnamespace, c.relname, a.attnum
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
      UNION ALL
      SELECT 'pg_proc', p.oid, NULL, 'f', p.proowner, p.proacl, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.pronamespace, p.proname, 0
      FROM pg_proc p WHERE p.proacl IS NOT NULL
      UNION ALL
      SELECT 'pg_namespace', n.oid, NULL, 'n', n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner)), 'SCHEMA', NULL, n.nspname, 0
      FROM pg_namespace n WHERE n.nspacl IS NOT NULL OR n.nspname = 'public'
      UNION ALL
      SELECT 'pg_type', t.oid, NULL, 'T', t.typowner, t.typacl, 'TYPE', t.typnamespace, t.typname, 0 FROM pg_type t WHERE t.typacl IS NOT NULL
      UNION ALL
      SELECT 'pg_language', l.oid, NULL, 'l', l.lanowner, l.lanacl, 'LANGUAGE', NULL, l.lanname, 0 FROM pg_language l WHERE l.lanacl IS NOT NULL
      UNION ALL
      SELECT 'pg_foreign_data_wrapper', w.oid, NULL, 'F', w.fdwowner, w.fdwacl, 'FOREIGN DATA WRAPPER', NULL, w.fdwname, 0
      FROM pg_foreign_data_wrapper w WHERE w.fdwacl IS NOT NULL
      UNION ALL
      SELECT 'pg_foreign_server', s.oid, NULL, 'S', s.srvowner, s.srvacl, 'FOREIGN SERVER', NULL, s.srvname, 0
      FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL`

/**
 * What every new database lets roles do in the schema `public`, whatever happened to its owner since. Since PostgreSQL 15 not every
 * role may create objects there.
 */
function publicSchemaDefault({ major }: ServerVersion): string {
  const everyone = (privilege: string) => ` || makeaclitem(0, l.owner, '${privilege}', false)`
  return `acldefault('n', l.owner)${everyone('USAGE')}${major < 15 ? everyone('CREATE') : ''}`
}

/**
 * Privileges of one role on one object, its columns included, as far as they differ from what PostgreSQL gives by default: for
 * most objects acldefault(), for those of extensions and of the system what they were made with (pg_init_privs).
 */
export const privileges = defineKind<Privilege>({
  kind: 'privilege',
  phase: PHASES.privilege,
  catalog: 'pg_init_privs',
  concern: 'privileges',
  catalogQuery: (version) => `
    WITH lists AS (${LISTS}),
    compared AS (
      SELECT l.*, CASE WHEN l.catalog = 'pg_namespace' AND l.name = 'public' THEN ${publicSchemaDefault(version)}
                       ELSE coalesce(i.initprivs, acldefault(l.letter, l.owner)) END AS base
      FROM lists l
      LEFT JOIN pg_init_privs i ON i.classoid = l.catalog::regclass AND i.objoid = l.oid AND i.objsubid = l.sub),
    differing AS (
      SELECT l.catalog, l.oid, max(l.words) AS words, max(l.namespace) AS namespace, max(l.name) AS name, max(l.owner) AS owner, e.grantee, e.grantor,
             array_agg(e.item) FILTER (WHERE e.actual) AS actual, array_agg(e.item) FILTER (WHERE NOT e.actual) AS base
      FROM compared l
      CROSS JOIN LATERAL (
        SELECT a.grantee, a.grantor, true AS actual, a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END || coalesce(' ' || l.attname, '') AS item
        FROM aclexplode(l.acl) a
        UNION ALL
        SELECT b.grantee, b.grantor, false, b.privilege_type || CASE WHEN b.is_grantable THEN '*' ELSE '' END || coalesce(' ' || l.attname, '')
        FROM aclexplode(l.base) b) e
      WHERE l.acl IS DISTINCT FROM l.base
      GROUP BY l.catalog, l.oid, e.grantee, e.grantor
      HAVING array_agg(e.item) FILTER (WHERE e.actual) IS DISTINCT FROM array_agg(e.item) FILTER (WHERE NOT e.actual))
    SELECT d.oid, 0, d.catalog, d.words, n.nspname, d.name, e.refobjid,
           CASE WHEN d.catalog = 'pg_proc' AND (d.oid < 16384 OR e.refobjid IS NOT NULL) THEN (pg_identify_object('pg_proc'::regclass, d.oid, 0)).identity END,
           CASE d.grantee WHEN 0 THEN '${PUBLIC}' WHEN d.owner THEN '${TARGET_OWNER}' ELSE grantee.rolname END,
           CASE d.grantor WHEN d.owner THEN NULL ELSE grantor.rolname END,
           CASE owner.rolname WHEN current_user THEN NULL ELSE owner.rolname END, d.actual, d.base, o.refobjid, o.refobjsubid,
           CASE WHEN d.grantor <> d.owner THEN (
             SELECT array_agg(CASE b.grantor WHEN d.owner THEN NULL ELSE (SELECT rolname FROM pg_roles r WHERE r.oid = b.grantor) END)
             FROM differing b WHERE b.catalog = d.catalog AND b.oid = d.oid AND b.grantee = d.grantor) END
    FROM differing d
    LEFT JOIN pg_roles grantee ON grantee.oid = d.grantee
    LEFT JOIN pg_roles grantor ON grantor.oid = d.grantor
    LEFT JOIN pg_roles owner ON owner.oid = d.owner
    LEFT JOIN pg_namespace n ON n.oid = d.namespace
    LEFT JOIN pg_depend e ON e.classid = d.catalog::regclass AND e.objid = d.oid AND e.objsubid = 0 AND e.deptype = 'e'
    LEFT JOIN pg_depend o ON d.words = 'SEQUENCE' AND o.classid = 'pg_class'::regclass AND o.objid = d.oid AND o.deptype = 'i' AND o.refclassid = 'pg_class'::regclass
    WHERE coalesce(n.nspname, d.name) <> 'information_schema' AND (n.nspname IS NULL OR n.nspname !~ '^pg_(toast_)?temp_')`,
  fromRow(row, context) {
    const target = targetOfRow(row, context)
    if (!target) return null
    const [grantee, grantor, owner, actual, base] = row.slice(8) as [string, string | null, string | null, string[] | null, string[] | null]
    const grantorsGrantors = (row[15] ?? []) as (string | null)[]
    const attrs = normalGrants(difference(actual ?? [], base ?? []))
    if (Object.keys(attrs).length === 0) return null
    const id = { target: target.ref, on: target.on, grantee, ...(grantor !== null && { grantor }), ...(owner !== null && { owner }) }
    return {
      object: privilegeObject(id, attrs, target.parent),
      dependencies: grantorsGrantors.map((by) => ({ to: attachedRef('privilege', id.target, grantor!, ...(by === null ? [] : [by])), auto: false })),
    }
  },
  dependencies: ({ id, attrs }) => [
    // The new owner takes over what the old one had.
    { to: attachedRef('owner', id.target), auto: false, createOnly: true as const },
    ...(id.grantor === undefined ? [] : grantorNeeds(id.target, id.grantor).map((to) => ({ to, auto: false }))),
    ...Object.keys(attrs.columns ?? {}).map((column) => ({ to: columnRef(id.target, column), auto: false })),
  ],
  roles: ({ id }) => [id.grantee, ...(id.grantor === undefined ? [] : [id.grantor])].filter((role) => role !== PUBLIC && role !== TARGET_OWNER),
  versionNeeds: ({ attrs }) => grantVersionNeeds(attrs),
  create: (object) => change(object, {}, object.attrs),
  drop: (object) => change(object, object.attrs, {}),
  // PostgreSQL takes what is granted on a column away with it.
  alter: (from, to, context) => {
    const left = withoutColumns(from, (ref) => context.object('from', ref) !== undefined && context.object('to', ref) === undefined)
    return { statements: change(to, left.attrs, to.attrs) }
  },
  without: (object, isGone) => {
    const left = withoutColumns(object, isGone)
    return Object.keys(left.attrs).length > 0 ? left : null
  },
  address: () => null,
  takesAway: (from, to) => grantSteps(from.attrs, to.attrs, to.id.grantee === TARGET_OWNER).some(({ verb }) => verb === 'REVOKE'),
  hazards: changesRights,
  print: ({ id, attrs, parent }, printer) => {
    const calls = grantCalls(id, attrs, printer)
    const alone = () => ({
      code: `${printer.use('privilegesOn')}(${printer.string(id.on)})${calls}`,
      variable: `privileges_of_${id.grantee}_on_${id.on}`,
    })
    if (parent !== id.target) return { place: 'export', ...alone() }
    return {
      place: 'suffix',
      code: calls,
      // Only when asked for: what it uses would be imported in vain.
      get alone() {
        return alone()
      },
    }
  },
})

interface Target {
  readonly ref: Ref
  readonly on: string
  readonly parent: Ref | null
}

/** The object of the model that a row is about; else the part of one, the member of an extension or the object of the system that it is about. */
function targetOfRow(row: Row, context: ReflectContext): Target | undefined {
  const [oid, , catalog, words, schema, name, extension, identity] = row as [number, number, string, string, string | null, string, number | null, string | null]
  const column = row[13] === null ? undefined : context.objectAt('pg_class', row[13] as number, row[14] as number)
  const object = context.objectAt(catalog, oid) ?? column
  const address = object && context.addressOf(object)
  if (address && catalog === 'pg_proc' && !isAddressIn(catalog, address)) return undefined
  const granted = address == null ? null : grantAddress(address)
  const named = `${words} ${identity ?? (schema === null ? quoteIdent(name) : qualified(schema, name))}`
  const itself = granted === named || (catalog === 'pg_type' ? granted === named.replace(/^TYPE/, 'DOMAIN') : catalog !== 'pg_class')
  if (object && granted !== null && itself) return { ref: object.ref, on: granted, parent: object.ref }
  const parent = object ?? (extension === null ? undefined : context.objectAt('pg_extension', extension))
  if (!parent && oid >= 16384) return undefined
  return { ref: targetOf(named), on: named, parent: parent?.ref ?? null }
}

/** Privileges as `SELECT`, `SELECT*` with grant option, `SELECT email` on a column; what is there against what would be by default. */
function difference(actual: readonly string[], base: readonly string[]): PrivilegeAttrs {
  const found = { privileges: [] as string[], grantable: [] as string[], revoked: [] as string[], columns: {} as Record<string, { privileges: string[]; grantable: string[] }> }
  for (const item of actual) {
    if (base.includes(item)) continue
    const { privilege, option, column } = parse(item)
    const grants = column === undefined ? found : (found.columns[column] ??= { privileges: [], grantable: [] })
    grants[option ? 'grantable' : 'privileges'].push(privilege)
  }
  for (const item of base) {
    const { privilege, option, column } = parse(item)
    const rest = column === undefined ? '' : ` ${column}`
    if (!actual.includes(`${privilege}${rest}`) && !actual.includes(`${privilege}*${rest}`) && !option && column === undefined) found.revoked.push(privilege)
  }
  return found
}

function parse(item: string): { privilege: string; option: boolean; column: string | undefined } {
  const space = item.indexOf(' ')
  const word = space < 0 ? item : item.slice(0, space)
  return { privilege: word.replace('*', ''), option: word.endsWith('*'), column: space < 0 ? undefined : item.slice(space + 1) }
}

/** To grant, a role needs the option to do so and the right to look into the schema. */
function grantorNeeds(target: Ref, grantor: string): Ref[] {
  const schema = schemaIn(target)
  const own = attachedRef('privilege', target, grantor)
  return schema === undefined ? [own] : [own, ...[grantor, PUBLIC].map((role) => attachedRef('privilege', schema, role))]
}

function columnRef(target: Ref, column: string): Ref {
  return `${target.replace(/^[a-z_]+:/, 'column:')}.${quoteIdent(column)}`
}

function change({ id }: Privilege, from: PrivilegeAttrs, to: PrivilegeAttrs): Statement[] {
  const statements = grantSteps(from, to, id.grantee === TARGET_OWNER).map((step) => statement(grantSql(step, id.on, granteeSql(id.grantee, id.owner))))
  if (id.grantor === undefined || statements.length === 0) return statements
  // GRANTED BY takes no other role than the current one.
  return [statement(`SET ROLE ${quoteIdent(id.grantor)}`), ...statements, statement('RESET ROLE')]
}

function grantCalls({ grantee, grantor }: Privilege['id'], attrs: PrivilegeAttrs, printer: Printer): string {
  const names = (list: readonly string[]) => printer.literal(list.map((name) => name.toLowerCase()))
  const call = (list: readonly string[] | undefined, options: GrantOptions) => {
    if (!list?.length) return ''
    const further = { ...options, ...(grantor !== undefined && { grantedBy: grantor }) }
    return `.grant(${printer.string(grantee)}, ${names(list)}${Object.keys(further).length > 0 ? `, ${printer.literal(further)}` : ''})`
  }
  const calls = [call(attrs.privileges, {}), call(attrs.grantable, { withGrantOption: true })]
  for (const { grants, columns } of columnsByGrants(attrs)) {
    calls.push(call(grants.privileges, { columns }), call(grants.grantable, { columns, withGrantOption: true }))
  }
  if (attrs.revoked?.length) {
    calls.push(grantee === TARGET_OWNER ? `.revokeFromOwner(${names(attrs.revoked)})` : `.revoke(${printer.string(grantee)}, ${names(attrs.revoked)})`)
  }
  return calls.join('')
}

function withoutColumns(object: Privilege, isGone: (ref: Ref) => boolean): Privilege {
  const { columns = {}, ...rest } = object.attrs
  const left = Object.entries(columns).filter(([column]) => !isGone(columnRef(object.id.target, column)))
  if (left.length === Object.keys(columns).length) return object
  return { ...object, attrs: { ...rest, ...(left.length > 0 && { columns: Object.fromEntries(left) }) } }
}

/** Columns with the same privileges together. */
function columnsByGrants({ columns = {} }: PrivilegeAttrs): { grants: Grants; columns: string[] }[] {
  const groups = new Map<string, { grants: Grants; columns: string[] }>()
  for (const [column, grants] of Object.entries(columns)) {
    const key = JSON.stringify(grants)
    const group = groups.get(key)
    if (group) group.columns.push(column)
    else groups.set(key, { grants, columns: [column] })
  }
  return [...groups.values()]
}

class PrivilegesBuilder extends Declared {
  protected readonly kind = privileges
  readonly object: Privilege
  readonly #book = new GrantBook()

  constructor(on: string) {
    super()
    this.object = privilegeObject({ target: targetOf(on), on, grantee: PUBLIC }, {}, null)
  }

  override grant(to: string | readonly string[], names: PrivilegeName | readonly PrivilegeName[], options: GrantOptions = {}): this {
    const grants = grantsOf(names, options)
    for (const role of typeof to === 'string' ? [to] : to) this.#book.add(role, options.grantedBy, grants)
    return this
  }

  override revoke(from: string | readonly string[], names: PrivilegeName | readonly PrivilegeName[]): this {
    const { privileges: revoked = [] } = grantsOf(names, {})
    for (const role of typeof from === 'string' ? [from] : from) this.#book.add(role, undefined, { revoked })
    return this
  }

  override declarations(): Declaration[] {
    const { target, on } = this.object.id
    return this.#book.objects(target, () => on, undefined, null).map(({ object, at }) => ({ object, at, uses: [] }))
  }
}

/**
 * Privileges on something that has no builder of its own: `on` as GRANT writes it, such as a function of an extension or of
 * PostgreSQL itself.
 *
 * @example export const quiet = privilegesOn('FUNCTION public.hstore(text, text)').revoke('public', ['execute'])
 */
export function privilegesOn(on: string): Declared {
  return new PrivilegesBuilder(on)
}
