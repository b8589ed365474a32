import type { UnmanagedObject } from '../model/schema-object.js'

/** What the rows of a catalog are. */
export type CatalogClass =
  /**
   * Objects: each is one that a kind reflects, or is named as unmanaged. `except` says which are something else; where one of these is
   * `missed`, so called, it is named when it is not there.
   */
  | { readonly rows: 'objects'; readonly from?: string; readonly except?: readonly Exception[] }
  /** Properties that are attached to objects; `words` name one: `comment on table app.users`. */
  | { readonly rows: 'attached'; readonly words: string; readonly from?: string; readonly except?: readonly Exception[] }
  /** Parts of the objects that `column` refers to, which the kinds of these reflect. */
  | { readonly rows: 'parts'; readonly of: string; readonly column: string }
  /** Data that no schema describes: their number is named. */
  | { readonly rows: 'counted'; readonly words: string }
  /** Objects that belong to more than this schema: kinds reflect them, where the scope includes them. */
  | { readonly rows: 'scoped'; readonly because: string }
  /** Nothing that belongs to the schema of this database, for a reason. */
  | { readonly rows: 'none'; readonly because: string }

/** Rows `x` of which `where` holds are no objects, for a reason. */
export interface Exception {
  readonly where: string
  readonly because: string
  readonly missed?: Omit<UnmanagedObject, 'schema'>
}

const objects = (...except: readonly Exception[]): CatalogClass => ({ rows: 'objects', except })
const partsOf = (of: string, column: string): CatalogClass => ({ rows: 'parts', of, column })
const none = (because: string): CatalogClass => ({ rows: 'none', because })
const scoped = (because: string): CatalogClass => ({ rows: 'scoped', because })

/** The rows of a catalog of the whole server that are about this database, or about a subscription of it. */
function ofThisDatabase(catalog: string): string {
  return `(SELECT d.classoid, d.objoid, 0 AS objsubid FROM ${catalog} d, pg_database b WHERE b.datname = current_database() AND (
      d.classoid = 'pg_database'::regclass AND d.objoid = b.oid
      OR d.classoid = 'pg_subscription'::regclass AND d.objoid IN (SELECT s.oid FROM pg_subscription s WHERE s.subdbid = b.oid)))`
}

const SHARED = 'shared by all databases of the server'

/**
 * Every catalog of PostgreSQL 14 to 18, or, after a dot, a column of one that says something of other objects. Of each row of one that
 * holds objects it is known which object of the model it is, to which extension it belongs, or it is named. A catalog that is not
 * listed is one of a newer major: its rows are counted and named.
 *
 * In all of them rows below oid 16384 came with the database, objects with an internal dependency are part of what they depend on,
 * members of an extension and what hangs on these belong to the extension, and what lies in a temporary schema belongs to a session.
 */
export const CATALOGS: Readonly<Record<string, CatalogClass>> = {
  pg_namespace: objects({ where: "x.nspname ~ '^pg_(toast_)?temp_'", because: 'temporary schemas belong to sessions' }),
  pg_extension: objects({
    where: "x.extname = 'plpgsql'",
    because: 'every new database has it',
    missed: { type: 'extension', identity: 'plpgsql (dropped, although every new database has it)' },
  }),

  pg_class: objects({ where: "x.relnamespace = 'pg_toast'::regnamespace", because: 'where tables keep long values' }),
  pg_attribute: partsOf('pg_class', 'attrelid'),
  pg_attrdef: partsOf('pg_class', 'adrelid'),
  pg_constraint: objects(
    { where: "x.contype = 'n'", because: 'NOT NULL is an attribute of the column or domain' },
    { where: "x.contype = 't'", because: 'the other row of a constraint trigger' },
  ),
  pg_index: partsOf('pg_class', 'indexrelid'),
  pg_inherits: partsOf('pg_class', 'inhrelid'),
  pg_partitioned_table: partsOf('pg_class', 'partrelid'),
  pg_sequence: partsOf('pg_class', 'seqrelid'),
  pg_foreign_table: partsOf('pg_class', 'ftrelid'),
  pg_trigger: objects({ where: 'x.tgisinternal OR x.tgparentid <> 0', because: 'triggers of foreign keys, and copies of a trigger on partitions' }),
  // Foreign keys are enforced by triggers of their own, which ALTER TABLE … DISABLE TRIGGER ALL turns off.
  'pg_trigger.tgenabled': {
    rows: 'attached',
    words: 'disabled triggers of',
    from: `(SELECT DISTINCT 'pg_constraint'::regclass AS classoid, t.tgconstraint AS objoid, 0 AS objsubid
      FROM pg_trigger t WHERE t.tgisinternal AND t.tgenabled <> 'O' AND t.tgconstraint <> 0)`,
  },
  pg_rewrite: objects(),
  pg_policy: objects(),
  pg_statistic_ext: objects(),

  pg_type: objects(),
  pg_enum: partsOf('pg_type', 'enumtypid'),
  pg_range: partsOf('pg_type', 'rngtypid'),

  pg_proc: objects(),
  pg_aggregate: partsOf('pg_proc', 'aggfnoid'),
  pg_language: objects(),
  pg_transform: objects(),
  pg_event_trigger: objects(),

  pg_operator: objects({ where: 'x.oprcode = 0', because: 'what a reference to an operator leaves behind that is not there yet' }),
  pg_opclass: objects(),
  pg_opfamily: objects(),
  pg_amop: objects({ where: 'x.amopfamily >= 16384', because: 'members of an operator family are part of it' }),
  pg_amproc: objects({ where: 'x.amprocfamily >= 16384', because: 'members of an operator family are part of it' }),
  pg_am: objects(),
  pg_cast: objects(),
  pg_collation: objects(),
  pg_conversion: objects(),

  pg_ts_parser: objects(),
  pg_ts_template: objects(),
  pg_ts_dict: objects(),
  pg_ts_config: objects(),
  pg_ts_config_map: partsOf('pg_ts_config', 'mapcfg'),

  pg_foreign_data_wrapper: objects(),
  pg_foreign_server: objects(),
  // The catalog itself is for superusers only.
  pg_user_mapping: { rows: 'objects', from: '(SELECT m.umid AS oid FROM pg_user_mappings m)' },

  pg_publication: objects(),
  pg_publication_rel: partsOf('pg_publication', 'prpubid'),
  pg_publication_namespace: partsOf('pg_publication', 'pnpubid'),
  // One catalog for all databases of the server, some columns of which are for superusers only.
  pg_subscription: {
    rows: 'objects',
    from: '(SELECT s.oid FROM pg_subscription s JOIN pg_database b ON b.oid = s.subdbid WHERE b.datname = current_database())',
  },
  pg_subscription_rel: none('how far a subscription has come with each table'),

  pg_default_acl: objects(),
  pg_init_privs: partsOf('pg_extension', 'objoid'),
  pg_description: {
    rows: 'attached',
    words: 'comment on',
    except: [
      { where: "x.classoid = 'pg_class'::regclass AND x.objsubid > 0 AND EXISTS (SELECT FROM pg_class r WHERE r.oid = x.objoid AND r.relkind = 'c')", because: 'part of the composite type' },
      { where: "x.classoid = 'pg_extension'::regclass", because: 'extensions come with a comment' },
      { where: "x.classoid = 'pg_namespace'::regclass AND x.description = 'standard public schema'", because: 'so does the schema public' },
    ],
  },
  pg_seclabel: { rows: 'attached', words: 'security label on' },

  pg_largeobject_metadata: { rows: 'counted', words: 'large objects' },
  pg_largeobject: none('the data of large objects'),

  // All others say how objects hang together, and are reflected with them.
  pg_depend: {
    rows: 'attached',
    words: 'dependency on an extension of',
    from: "(SELECT d.classid AS classoid, d.objid AS objoid, d.objsubid FROM pg_depend d WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x')",
  },
  pg_shdepend: none('which objects name which roles: the objects say it'),
  pg_statistic: none('what ANALYZE found in the data'),
  pg_statistic_ext_data: none('what ANALYZE found in the data'),

  pg_authid: scoped(`roles are ${SHARED}; those that objects name must exist there`),
  pg_auth_members: scoped(`memberships of roles are ${SHARED}`),
  pg_db_role_setting: scoped('settings of roles, and of the database itself'),
  pg_parameter_acl: none(`privileges on parameters are ${SHARED}`),
  pg_tablespace: none(`tablespaces are ${SHARED}, and are places in its file system`),
  pg_database: none(`databases are ${SHARED}; a migration runs inside of one`),
  pg_replication_origin: none(`how far replication has come, ${SHARED}`),
  // Those on roles go with the roles, those on tablespaces and other databases are not about this one.
  pg_shdescription: { rows: 'attached', words: 'comment on', from: ofThisDatabase('pg_shdescription') },
  pg_shseclabel: { rows: 'attached', words: 'security label on', from: ofThisDatabase('pg_shseclabel') },
}

/** The exceptions of a catalog that are missed where they are not there. */
export function missable(about: CatalogClass): readonly Exception[] {
  return 'except' in about ? (about.except ?? []).filter(({ missed }) => missed) : []
}

/**
 * Finds every row that must be an object of the model or be named: `catalog`, the catalog of the object (another one for a comment), its
 * oids and column numbers; or, for what is only counted, `catalog`, null and the number of rows, null where nobody may count them; 0 for what is missed.
 */
export function censusQuery(catalogs: Readonly<Record<string, CatalogClass>> = CATALOGS): string {
  const parts = Object.entries(catalogs).flatMap(([catalog, { rows, ...about }]) => {
    if (rows !== 'objects' && rows !== 'attached') return []
    const { from = catalog, except = [] } = about as { from?: string; except?: readonly Exception[] }
    const [classId, oid, sub] = rows === 'objects' ? [`'${catalog}'::regclass`, 'x.oid', '0'] : ['x.classoid', 'x.objoid', 'x.objsubid']
    const conditions = [`${oid} >= 16384`, ...except.map(({ where }) => `NOT (${where})`)]
    return `SELECT '${catalog}' AS catalog, ${rows === 'attached'} AS attached, ${classId}::oid AS classid, ${oid} AS objid, ${sub} AS objsubid FROM ${from} x WHERE ${conditions.join(' AND ')}`
  })
  const missed = Object.entries(catalogs).flatMap(([catalog, about]) =>
    missable(about).map(({ where }) => `UNION ALL SELECT '${catalog}', NULL, NULL, NULL, 0 WHERE NOT EXISTS (SELECT FROM ${catalog} x WHERE ${where})`),
  )
  const counted = Object.entries(catalogs).flatMap(([catalog, { rows }]) => (rows === 'counted' ? [catalog] : []))
  return `
  SELECT o.catalog, o.classid::regclass::text, array_agg(o.objid), array_agg(o.objsubid), NULL::integer
  FROM (${parts.join('\n    UNION ALL ')}) o
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.classid AND d.objid = o.objid AND d.objsubid = 0
    AND (d.deptype = 'e' OR d.deptype = 'i' AND NOT o.attached))
  GROUP BY o.catalog, o.classid
  ${counted.map((catalog) => `UNION ALL SELECT '${catalog}', NULL, NULL, NULL, count(*)::integer FROM ${catalog} HAVING count(*) > 0`).join('\n  ')}
  ${missed.join('\n  ')}
  UNION ALL
  SELECT * FROM (${unknownCatalogs(Object.keys(catalogs))}) u WHERE u.rows IS DISTINCT FROM 0`
}

/**
 * The catalogs of the server that are not listed here, with the number of rows that are not PostgreSQL's own: those with an oid from
 * 16384 on in any column, or all where a catalog has no oids. `ts_stat` is the one function that runs a query on every build.
 */
function unknownCatalogs(known: readonly string[]): string {
  return `
    SELECT c.relname::text, NULL::text, NULL::oid[], NULL::integer[], CASE WHEN has_table_privilege(c.oid, 'SELECT') THEN
      (SELECT word::integer FROM ts_stat(format('SELECT array_to_tsvector(ARRAY[count(*)::text]) FROM pg_catalog.%I x WHERE (%s)%s', c.relname,
        coalesce((SELECT string_agg(format('x.%I::oid >= 16384', a.attname), ' OR ') FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.atttypid IN ('oid'::regtype, 'regproc'::regtype)), 'true'),
        (SELECT format(' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = %s AND d.objid = x.oid AND d.deptype = ''e'')', c.oid)
         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'oid')))) END AS rows
    FROM pg_class c
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.oid < 16384
      AND c.relname <> ALL ('{${known.join(',')}}'::name[])`
}
