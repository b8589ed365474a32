import type { Database } from '../../src/database/database.js'

/**
 * A second reader of a database's schema, which knows nothing of the kinds: every row of every system catalog that is about user objects,
 * as one line of text. Which columns refer to what is asked of the server; every reference is replaced by the name of what
 * it refers to, every expression by its SQL. Two databases with equal schemas give equal lines, whatever way they were made.
 *
 * Not looked at: where columns stand, since PostgreSQL cannot move one, and what is no schema (`NOT_SCHEMA`).
 *
 * @example expect(await observe(migrated)).toEqual(await observe(declared))
 */
export async function observe(database: Database): Promise<string[]> {
  await database.executeAll(['BEGIN READ ONLY'])
  try {
    return await observeWithin(database)
  } finally {
    await database.executeAll(['ROLLBACK'])
  }
}

/** The same within a transaction of the caller, which is to be rolled back. */
export async function observeWithin(database: Database): Promise<string[]> {
  const { query, references } = await planFor(database)
  await database.executeAll(['SET LOCAL search_path = pg_catalog', 'SET LOCAL jit = off'])
  if (!prepared.has(database)) await database.executeAll([`PREPARE observation AS ${query}`])
  prepared.add(database)
  const rows = (await database.query('EXECUTE observation')) as [string, Record<string, unknown>][]
  const names = new Map(rows.flatMap(([catalog, row]) => (catalog === 'identity' ? [[`${row.catalog as string} ${row.oid as string}`, row.name as string]] : [])))
  const columns = new Map(rows.flatMap(([catalog, row]) => (catalog === 'pg_attribute' ? [[`${row.attrelid as string} ${row.attnum as string}`, row.attname as string]] : [])))
  return rows
    .filter(([catalog]) => catalog !== 'identity')
    .map(([catalog, row]) => line(catalog, row, references.get(catalog) ?? [], names, columns))
    .sort()
}

/**
 * What differs between two observations, for people; nothing when the first is like the second, or like the third, which is asked for
 * only then: PostgreSQL prints some expressions in another way once it has read its own text.
 */
export async function unlike(seen: readonly string[], expected: readonly string[], otherwise: () => Promise<readonly string[]>): Promise<string[]> {
  const differences = (other: readonly string[]) => [...without(seen, other).map((one) => `is ${one}`), ...without(other, seen).map((one) => `should be ${one}`)]
  const found = differences(expected)
  return found.length === 0 || differences(await otherwise()).length === 0 ? [] : found
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others)
  return lines.filter((one) => !known.has(one))
}

/** Catalogs that hold no user objects, or those of the whole server. */
const OTHER_CATALOGS = `pg_statistic pg_statistic_ext_data pg_largeobject pg_largeobject_metadata pg_shdepend pg_init_privs pg_subscription_rel pg_authid pg_auth_members
  pg_parameter_acl pg_tablespace pg_database pg_replication_origin pg_shdescription pg_shseclabel`.split(/\s+/)

/** Columns that hold no schema: storage, statistics, positions of columns, and what other columns say too. */
const NOT_SCHEMA: Record<string, string> = {
  pg_class: `relfilenode relpages reltuples relallvisible relallfrozen relfrozenxid relminmxid reltype relnatts relhasindex relhasrules relhastriggers
    relhassubclass relrewrite`,
  pg_attribute: 'attcacheoff atthasmissing attmissingval attlen attbyval attalign',
  pg_index: 'indcheckxmin',
  pg_type: 'typrelid typarray',
  pg_proc: 'pronargdefaults',
  pg_trigger: 'tgqual',
  pg_rewrite: 'ev_qual',
  pg_subscription: 'subdbid subskiplsn',
  pg_extension: 'extconfig',
  pg_user_mapping: '',
}

/** What stands for a column whose text holds oids or positions, and what is added to a row of its own accord. */
const IN_SQL: Record<string, Record<string, string>> = {
  pg_class: {
    relpartbound: 'pg_get_expr(x.relpartbound, x.oid)',
    reltoastrelid: '(SELECT array_agg(i ORDER BY i) FROM pg_class r, unnest(r.reloptions) i WHERE r.oid = x.reltoastrelid)',
  },
  // Columns of an index keep the names that they were made with, which nothing shows: only their places count.
  pg_attribute: { attname: "CASE WHEN EXISTS (SELECT FROM pg_class r WHERE r.oid = x.attrelid AND r.relkind IN ('i', 'I')) THEN x.attnum::text ELSE x.attname::text END" },
  pg_attrdef: { adbin: 'pg_get_expr(x.adbin, x.adrelid)' },
  // Inheritance is said of checks and NOT NULL only; a key keeps there that it once was part of a partitioned table's.
  pg_constraint: { conbin: 'pg_get_expr(x.conbin, x.conrelid)', connoinherit: "x.contype IN ('c', 'n') AND x.connoinherit" },
  pg_index: { indexprs: 'pg_get_expr(x.indexprs, x.indrelid)', indpred: 'pg_get_expr(x.indpred, x.indrelid)' },
  pg_type: { typdefaultbin: 'pg_get_expr(x.typdefaultbin, 0)' },
  pg_inherits: { inhseqno: 'rank() OVER (PARTITION BY x.inhrelid ORDER BY x.inhseqno)' },
  pg_enum: { enumsortorder: 'rank() OVER (PARTITION BY x.enumtypid ORDER BY x.enumsortorder)' },
  pg_proc: { proargdefaults: 'pg_get_expr(x.proargdefaults, 0)', prosqlbody: 'pg_get_function_sqlbody(x.oid)' },
  pg_trigger: { tgargs: 'pg_get_triggerdef(x.oid)' },
  pg_rewrite: { ev_action: 'pg_get_ruledef(x.oid)' },
  pg_policy: { polqual: 'pg_get_expr(x.polqual, x.polrelid)', polwithcheck: 'pg_get_expr(x.polwithcheck, x.polrelid)' },
  pg_partitioned_table: { partexprs: 'pg_get_expr(x.partexprs, x.partrelid)' },
  pg_statistic_ext: { stxexprs: 'pg_get_statisticsobjdef_expressions(x.oid)' },
  pg_publication_rel: { prqual: 'pg_get_expr(x.prqual, x.prrelid)' },
  pg_description: { objoid: '(pg_identify_object(x.classoid, x.objoid, x.objsubid)).identity', objsubid: 'NULL' },
  pg_seclabel: { objoid: '(pg_identify_object(x.classoid, x.objoid, x.objsubid)).identity', objsubid: 'NULL' },
  pg_depend: {
    objid: '(pg_identify_object(x.classid, x.objid, x.objsubid)).identity',
    objsubid: 'NULL',
    refobjid: '(pg_identify_object(x.refclassid, x.refobjid, x.refobjsubid)).identity',
    refobjsubid: 'NULL',
  },
}

/** Which rows are looked at, where it is not those with an oid of a user object. */
const ROWS: Record<string, string> = {
  pg_namespace: "x.oid >= 16384 AND x.nspname !~ '^pg_(toast_)?temp' OR x.nspname = 'public'",
  pg_class: "x.oid >= 16384 AND x.relnamespace <> 'pg_toast'::regnamespace",
  pg_attribute: "x.attrelid >= 16384 AND x.attnum > 0 AND NOT x.attisdropped AND EXISTS (SELECT FROM pg_class r WHERE r.oid = x.attrelid AND r.relnamespace <> 'pg_toast'::regnamespace)",
  pg_index: "x.indexrelid >= 16384 AND EXISTS (SELECT FROM pg_class r WHERE r.oid = x.indexrelid AND r.relnamespace <> 'pg_toast'::regnamespace)",
  pg_trigger: 'NOT x.tgisinternal',
  // PostgreSQL chooses the names of array types.
  pg_type: 'x.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = x.oid)',
  pg_description: "x.objoid >= 16384 OR x.classoid = 'pg_namespace'::regclass AND x.objoid = (SELECT oid FROM pg_namespace WHERE nspname = 'public')",
  pg_depend: `x.objid >= 16384 AND x.refobjid >= 16384 AND x.deptype IN ('a', 'P', 'S', 'x', 'e') AND x.classid NOT IN ('pg_attrdef'::regclass, 'pg_trigger'::regclass)
    AND NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = x.objid AND r.relnamespace = 'pg_toast'::regnamespace)`,
  pg_db_role_setting: 'x.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())',
  pg_subscription: 'x.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())',
}

/** The letter by which `acldefault` knows what a privilege list is on: without a list, PostgreSQL's default holds. */
const ACL_LETTERS: Record<string, [letter: string, owner: string]> = {
  pg_class: [`CASE WHEN x.relkind = 'S' THEN 's' ELSE 'r' END::"char"`, 'relowner'],
  pg_proc: [`'f'`, 'proowner'],
  pg_namespace: [`'n'`, 'nspowner'],
  pg_type: [`'T'`, 'typowner'],
  pg_language: [`'l'`, 'lanowner'],
  pg_foreign_data_wrapper: [`'F'`, 'fdwowner'],
  pg_foreign_server: [`'S'`, 'srvowner'],
}

/** Where privileges on PostgreSQL's own objects are kept that it does not come with. */
const SYSTEM_PRIVILEGES = [
  ['pg_class', 'oid::regclass', 'relacl'],
  ['pg_proc', 'oid::regprocedure', 'proacl'],
  ['pg_language', 'lanname', 'lanacl'],
  ['pg_type', 'oid::regtype', 'typacl'],
] as const

interface Reference {
  /** The column that refers, or the second of two, a column number. */
  readonly column: string
  readonly to: string
  /** The relation that column numbers are of. */
  readonly relation?: string
}

interface Plan {
  readonly query: string
  readonly references: ReadonlyMap<string, readonly Reference[]>
}

const plans = new Map<string, Plan>()

/** Sessions that have planned the query, which takes longer than to run it. */
const prepared = new WeakSet<Database>()

async function planFor(database: Database): Promise<Plan> {
  const key = `${database.engine} ${database.version.number}`
  let plan = plans.get(key)
  if (!plan) plans.set(key, (plan = await makePlan(database)))
  return plan
}

async function makePlan(database: Database): Promise<Plan> {
  const columns = (await database.query(`
    SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum), array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.oid < 16384
    GROUP BY 1 ORDER BY 1`)) as [string, string[], string[]][]
  const keys = (await database.query('SELECT fktable::regclass::text, fkcols::text[], pktable::regclass::text FROM pg_get_catalog_foreign_keys()')) as [string, string[], string][]
  const references = new Map<string, Reference[]>()
  const refer = (catalog: string, reference: Reference) => references.set(catalog, [...(references.get(catalog) ?? []), reference])
  for (const [catalog, names, to] of keys) {
    refer(catalog, names.length === 1 ? { column: names[0]!, to } : { column: names[1]!, to, relation: names[0]! })
  }
  // The two that PostgreSQL does not list, since what they hold is optional in other ways.
  refer('pg_constraint', { column: 'confdelsetcols', to: 'pg_attribute', relation: 'conrelid' })
  refer('pg_publication_rel', { column: 'prattrs', to: 'pg_attribute', relation: 'prrelid' })
  const read = columns.filter(([catalog]) => !OTHER_CATALOGS.includes(catalog))
  const targets = new Set(keys.flatMap(([, names, to]) => (names.length === 1 && to !== 'pg_authid' ? [to] : [])))
  const rows = read.map(([catalog, names, types]) => {
    const skipped = new Set(NOT_SCHEMA[catalog]?.split(/\s+/))
    const fields = names.flatMap((name, n) => (skipped.has(name) ? [] : [`'${name}', ${expression(catalog, name, types[n]!)}`]))
    const first = names.includes('oid') ? 'oid' : references.get(catalog)![0]!.column
    return `SELECT '${catalog}', jsonb_build_object(${fields.join(', ')}) FROM ${catalog} x WHERE ${ROWS[catalog] ?? `x.${first}::oid >= 16384`}`
  })
  const identities = read
    .filter(([catalog, names]) => targets.has(catalog) && names.includes('oid'))
    .map(([catalog]) => `SELECT '${catalog}' AS catalog, x.oid FROM ${catalog} x WHERE x.oid >= 16384`)
  const query = `
    SELECT 'identity', jsonb_build_object('catalog', o.catalog, 'oid', o.oid::text, 'name', i.identity)
    FROM (${identities.join(' UNION ALL ')}) o, pg_identify_object(o.catalog::regclass, o.oid, 0) i
    UNION ALL SELECT 'identity', jsonb_build_object('catalog', 'pg_authid', 'oid', oid::text, 'name', rolname) FROM pg_roles WHERE oid >= 16384
    UNION ALL ${rows.join('\nUNION ALL ')}
    UNION ALL SELECT 'disabled triggers', jsonb_build_object('of', (pg_identify_object('pg_constraint'::regclass, tgconstraint, 0)).identity, 'function', tgfoid::regproc::text)
    FROM pg_trigger WHERE tgisinternal AND tgenabled <> 'O' AND tgconstraint <> 0
    ${SYSTEM_PRIVILEGES.map(
      ([catalog, name, list]) => `
    UNION ALL SELECT 'system privileges', jsonb_build_object('on', x.${name}::text, 'privileges', x.${list}::text)
    FROM ${catalog} x LEFT JOIN pg_init_privs i ON i.classoid = '${catalog}'::regclass AND i.objoid = x.oid AND i.objsubid = 0
    WHERE x.oid < 16384 AND x.${list} IS DISTINCT FROM i.initprivs AND x.${list} IS NOT NULL`,
    ).join('')}`
  return { query, references }
}

function expression(catalog: string, column: string, type: string): string {
  const given = IN_SQL[catalog]?.[column]
  if (given) return given
  if (type === 'pg_node_tree') throw new Error(`the observer does not know how to read ${catalog}.${column}`)
  if (type === 'aclitem[]') {
    const [letter, owner] = ACL_LETTERS[catalog] ?? []
    const list = letter ? `coalesce(x.${column}, acldefault(${letter}, x.${owner}))` : `x.${column}`
    return `(SELECT array_agg(i::text ORDER BY i::text) FROM unnest(${list}) i)`
  }
  if (column.endsWith('options')) return `(SELECT array_agg(i ORDER BY i) FROM unnest(x.${column}) i)`
  if (type === 'int2vector' || type === 'oidvector') return `string_to_array(x.${column}::text, ' ')`
  if (type === 'regproc') return `x.${column}::oid::text`
  if (type.endsWith('[]')) return `x.${column}::text[]`
  return column === 'stxstattarget' || column === 'attstattarget' ? `NULLIF(x.${column}, -1)::text` : `x.${column}::text`
}

function line(
  catalog: string,
  row: Record<string, unknown>,
  references: readonly Reference[],
  names: ReadonlyMap<string, string>,
  columns: ReadonlyMap<string, string>,
): string {
  const nameOf = (target: string, oid: string) => names.get(`${target} ${oid}`) ?? oid
  const shown: Record<string, unknown> = {}
  for (const [column, value] of Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === null || column === 'attnum' || column === 'adnum') continue
    const to = references.find((reference) => reference.column === column)
    const resolve = (each: string) =>
      column === 'oid' ? names.get(`${catalog} ${each}`) : !to ? each : to.relation ? (columns.get(`${row[to.relation] as string} ${each}`) ?? each) : nameOf(to.to, each)
    const resolved = Array.isArray(value) ? value.map((each) => resolve(each as string)) : resolve(value as string)
    const unordered = column === 'stxkeys' || column === 'prattrs' || column === 'subpublications' || (column === 'conkey' && row.contype === 'c')
    if (resolved !== undefined) shown[column] = unordered ? (resolved as string[]).sort() : resolved
  }
  if (catalog === 'pg_attrdef') shown.adnum = columns.get(`${row.adrelid as string} ${row.adnum as string}`)
  return `${catalog} ${JSON.stringify(shown)}`
}
