import { isAddressIn, ownerObject, schemaIn, type Owner } from '../authoring/attachments.js'
import { attachedRef } from '../model/object-ref.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { changesRights } from './change-hazards.js'
import { defineKind, PHASES } from './kind.js'

/** Catalogs of objects with an owner of their own, its column, and which rows ALTER … OWNER TO takes. */
const OWNED: readonly [catalog: string, column: string, where?: string, since?: number][] = [
  // The sequence of an identity or serial column always has the owner of its table.
  ['pg_class', 'relowner', `x.relkind IN ('r', 'p', 'v', 'm', 'f') OR x.relkind = 'S' AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))`],
  ['pg_proc', 'proowner'],
  ['pg_type', 'typowner', `x.typtype IN ('e', 'd', 'r') OR x.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = x.oid)
        OR x.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = x.typrelid AND c.relkind = 'c')`],
  ['pg_namespace', 'nspowner'],
  ['pg_operator', 'oprowner'],
  ['pg_opclass', 'opcowner'],
  ['pg_opfamily', 'opfowner'],
  ['pg_collation', 'collowner'],
  ['pg_conversion', 'conowner'],
  ['pg_ts_dict', 'dictowner'],
  ['pg_ts_config', 'cfgowner'],
  ['pg_statistic_ext', 'stxowner'],
  ['pg_foreign_data_wrapper', 'fdwowner'],
  ['pg_foreign_server', 'srvowner'],
  ['pg_language', 'lanowner'],
  ['pg_publication', 'pubowner'],
  ['pg_event_trigger', 'evtowner'],
  // Before PostgreSQL 16 only superusers could own one, which roles made for scratch are not.
  ['pg_subscription', 'subowner', 'x.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())', 16],
]

/**
 * Owners other than the role that reads the database: what runs migrations owns what it creates. The schema `public` has an owner
 * of its own in every new database, and is here when it has another one.
 */
export const owners = defineKind<Owner>({
  kind: 'owner',
  phase: PHASES.owner,
  catalog: 'pg_authid',
  concern: 'owners',
  catalogQuery: ({ major }) => `
    WITH me AS (SELECT oid FROM pg_roles WHERE rolname = current_user),
    owned AS (
      ${OWNED.filter(([, , , since = 0]) => since <= major).map(
        ([catalog, column, where]) => `SELECT '${catalog}' AS catalog, x.oid, x.${column} AS owner, NULL AS standard FROM ${catalog} x
      WHERE x.oid >= 16384 AND x.${column} <> (SELECT oid FROM me)${where ? ` AND (${where})` : ''}${catalog === 'pg_namespace' ? " AND x.nspname <> 'public'" : ''}`,
      ).join('\n      UNION ALL ')}
      UNION ALL
      SELECT 'pg_namespace', n.oid, n.nspowner, s.rolname
      FROM pg_namespace n JOIN pg_roles s ON s.${major < 15 ? 'oid = 10' : "rolname = 'pg_database_owner'"}
      WHERE n.nspname = 'public' AND n.nspowner <> s.oid)
    SELECT o.oid, 0, o.catalog, r.rolname, o.standard
    FROM owned o
    JOIN pg_roles r ON r.oid = o.owner
    WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.catalog::regclass AND e.objid = o.oid AND e.objsubid = 0 AND e.deptype = 'e')`,
  fromRow([oid, , catalog, role, standard], context) {
    const target = context.objectAt(catalog as string, oid as number)
    const on = target && context.addressOf(target)
    if (!target || !on || !isAddressIn(catalog as string, on)) return null
    return { object: ownerObject(target.ref, on, role as string, (standard as string | null) ?? undefined) }
  },
  // To own something, a role that is no superuser needs the right to create in the schema.
  dependencies: ({ id, attrs }) => {
    const schema = schemaIn(id.target)
    return schema === undefined ? [] : [{ to: attachedRef('privilege', schema, attrs.role), auto: false }]
  },
  roles: ({ attrs }) => [attrs.role],
  create: (object) => [ownerTo(object, object.attrs.role)],
  drop: (object) => [ownerTo(object, object.id.default)],
  alter: (_, to) => ({ statements: [ownerTo(to, to.attrs.role)] }),
  address: () => null,
  hazards: changesRights,
  print: ({ attrs }, printer) => ({ place: 'suffix', code: `.owner(${printer.string(attrs.role)})` }),
})

/** Without a role: back to the one that runs the statement. */
function ownerTo({ id }: Owner, role: string | undefined): Statement {
  return statement(`ALTER ${id.on} OWNER TO ${role === undefined ? 'CURRENT_USER' : quoteIdent(role)}`)
}
