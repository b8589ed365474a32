import type { Database } from '../src/database/database.js'
import { connectPostgres } from '../src/database/postgres.js'
import { diff } from '../src/differ/diff.js'
import { CATALOGS } from '../src/reflector/census.js'
import { reflect, reflectWithin } from '../src/reflector/reflect.js'
import { Sandbox } from './cli/sandbox.js'
import { engines, freshDatabase, freshSession, majors, type Engine } from './support/servers.js'

const C_FUNCTION = (name: string, from: string, args: string, result: string) =>
  `CREATE FUNCTION app.${name}(${args}) RETURNS ${result} LANGUAGE internal IMMUTABLE STRICT AS '${from}'`

/** At least one object of every class that PostgreSQL has. */
const EVERYTHING = [
  'CREATE SCHEMA app',
  'CREATE COLLATION app.plain FROM "C"',
  `CREATE TYPE app.mood AS ENUM ('sad', 'happy')`,
  'CREATE DOMAIN app.positive AS integer CONSTRAINT positive CHECK (value > 0)',
  'CREATE TYPE app.pair AS (a integer, b text)',
  'CREATE TYPE app.span AS RANGE (SUBTYPE = integer)',
  'CREATE TYPE app.shell',
  'CREATE TYPE app.base',
  C_FUNCTION('base_in', 'textin', 'cstring', 'app.base'),
  C_FUNCTION('base_out', 'textout', 'app.base', 'cstring'),
  'CREATE TYPE app.base (INPUT = app.base_in, OUTPUT = app.base_out)',
  'CREATE SEQUENCE app.numbers',
  'CREATE TABLE app.things (id integer PRIMARY KEY, mood app.mood, label text DEFAULT $$x$$, CONSTRAINT labelled CHECK (label <> $$$$))',
  'CREATE TABLE app.parts (thing integer REFERENCES app.things, n integer) PARTITION BY LIST (n)',
  'CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES IN (1)',
  'CREATE INDEX labels ON app.things (label)',
  'CREATE STATISTICS app.correlated ON id, label FROM app.things',
  'CREATE VIEW app.happy AS SELECT id FROM app.things WHERE mood = $$happy$$',
  'CREATE MATERIALIZED VIEW app.counted AS SELECT count(*) FROM app.things',
  'CREATE RULE ignored AS ON DELETE TO app.things DO INSTEAD NOTHING',
  'CREATE POLICY seen ON app.things USING (true)',
  `CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
  'CREATE TRIGGER touch BEFORE INSERT ON app.things FOR EACH ROW EXECUTE FUNCTION app.touch()',
  `CREATE PROCEDURE app.purge() LANGUAGE sql AS 'SELECT 1'`,
  'CREATE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer)',
  `CREATE FUNCTION app.noted() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`,
  'CREATE EVENT TRIGGER noted ON sql_drop EXECUTE FUNCTION app.noted()',
  'ALTER EVENT TRIGGER noted DISABLE',
  C_FUNCTION('same', 'int4eq', 'integer, integer', 'boolean'),
  'CREATE OPERATOR app.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = app.same)',
  'CREATE OPERATOR FAMILY app.family USING hash',
  C_FUNCTION('hashed', 'hashint4', 'integer', 'integer'),
  'CREATE OPERATOR CLASS app.class FOR TYPE integer USING hash FAMILY app.family AS OPERATOR 1 app.===(integer, integer), FUNCTION 1 app.hashed(integer)',
  `CREATE FUNCTION app.compared(integer, numeric) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'`,
  'ALTER OPERATOR FAMILY integer_ops USING btree ADD FUNCTION 1 (integer, numeric) app.compared(integer, numeric)',
  C_FUNCTION('less', 'int4lt', 'integer, oid', 'boolean'),
  'CREATE OPERATOR app.<<< (LEFTARG = integer, RIGHTARG = oid, FUNCTION = app.less)',
  'ALTER OPERATOR FAMILY integer_ops USING btree ADD OPERATOR 1 app.<<< (integer, oid)',
  'CREATE CAST (text AS xid) WITH INOUT',
  `CREATE CONVERSION app.recoded FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`,
  'CREATE ACCESS METHOD rows TYPE TABLE HANDLER heap_tableam_handler',
  'CREATE LANGUAGE spoken HANDLER plpgsql_call_handler',
  `CREATE FUNCTION app.to_sql(internal) RETURNS integer LANGUAGE internal IMMUTABLE AS 'int4recv'`,
  'CREATE TRANSFORM FOR integer LANGUAGE sql (TO SQL WITH FUNCTION app.to_sql(internal))',
  'CREATE TEXT SEARCH PARSER app.words (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
  'CREATE TEXT SEARCH TEMPLATE app.template (LEXIZE = dsimple_lexize)',
  'CREATE TEXT SEARCH DICTIONARY app.words (TEMPLATE = app.template)',
  'CREATE TEXT SEARCH CONFIGURATION app.words (PARSER = app.words)',
  'CREATE FOREIGN DATA WRAPPER files',
  'CREATE SERVER archive FOREIGN DATA WRAPPER files',
  'CREATE USER MAPPING FOR PUBLIC SERVER archive',
  'CREATE FOREIGN TABLE app.old (id integer) SERVER archive',
  'CREATE PUBLICATION changes FOR TABLE app.things',
  `CREATE SUBSCRIPTION others CONNECTION 'dbname=none' PUBLICATION changes WITH (connect = false)`,
  'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC',
  `COMMENT ON TABLE app.things IS 'seen'`,
]

/** How SQL drops what PostgreSQL identifies in these words. */
function dropOf(type: string, identity: string): string {
  const [, part, whole] = /^(.*) on (?:server )?(.*)$/s.exec(identity) ?? []
  switch (type) {
    case 'table constraint':
      return `ALTER TABLE ${whole} DROP CONSTRAINT ${part} CASCADE`
    case 'domain constraint':
      return `ALTER DOMAIN ${whole} DROP CONSTRAINT ${part} CASCADE`
    case 'user mapping':
      return `DROP USER MAPPING FOR ${part} SERVER ${whole}`
    case 'transform':
      return `DROP TRANSFORM ${identity.replace(' on ', ' ')} CASCADE`
    case 'function of access method':
      return 'ALTER OPERATOR FAMILY integer_ops USING btree DROP FUNCTION 1 (integer, numeric)'
    case 'operator of access method':
      return 'ALTER OPERATOR FAMILY integer_ops USING btree DROP OPERATOR 1 (integer, oid)'
    case 'default acl':
      return 'ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM PUBLIC'
    default:
      return `DROP ${type === 'statistics object' ? 'STATISTICS' : type === 'foreign-data wrapper' ? 'FOREIGN DATA WRAPPER' : type.toUpperCase()} ${identity} CASCADE`
  }
}

const OBJECTS = Object.entries(CATALOGS).flatMap(([catalog, about]) => (about.rows === 'objects' ? [[catalog, about.from ?? catalog]] : []))

describe.each(engines)('on %s', (engine: Engine) => {
  let database: Database
  beforeAll(async () => {
    database = await freshSession(engine, ['hstore'])
    const possible = engine === 'pglite' ? EVERYTHING.filter((statement) => !statement.includes('SUBSCRIPTION')) : EVERYTHING
    await database.executeAll(['CREATE EXTENSION hstore', ...possible])
  })
  afterAll(async () => {
    if (engine !== 'pglite') await database.executeAll(['ALTER SUBSCRIPTION others SET (slot_name = NONE)', 'DROP SUBSCRIPTION others'])
    await database.close()
  })

  /** What PostgreSQL itself identifies in every catalog that holds objects, but parts of others. */
  async function identified(): Promise<[catalog: string, type: string, identity: string][]> {
    const found = await database.query(
      `${OBJECTS.map(
        ([catalog, from]) => `SELECT '${catalog}', i.type, i.identity FROM ${from} x, pg_identify_object('${catalog}'::regclass, x.oid, 0) i
          WHERE x.oid >= 16384 AND i.schema IS DISTINCT FROM 'pg_toast'
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = x.oid AND d.deptype IN ('i', 'e', 'P'))`,
      ).join(' UNION ALL ')} ORDER BY 1, 2, 3`,
    )
    return found as [string, string, string][]
  }

  test('every catalog of objects holds one here', async () => {
    const found = new Set((await identified()).map(([catalog]) => catalog))
    expect(OBJECTS.map(([catalog]) => catalog!).filter((catalog) => !found.has(catalog))).toEqual(engine === 'pglite' ? ['pg_subscription'] : [])
  })

  test('each of them is noticed when it is dropped', async () => {
    const before = await reflect(database)
    const overlooked: string[] = []
    for (const [, type, identity] of await identified()) {
      // A subscription goes with its slot outside of transactions, NOT NULL with its key.
      if (type === 'subscription' || identity === 'things_id_not_null on app.things') continue
      await database.executeAll(['BEGIN', 'SET LOCAL search_path = pg_catalog', dropOf(type, identity)])
      const after = await reflectWithin(database)
      await database.executeAll(['ROLLBACK'])
      const named = (model: typeof after) => model.unmanaged.map((one) => `${one.type} ${one.identity}`).join()
      if (diff(before, after).length === 0 && named(before) === named(after)) overlooked.push(`${type} ${identity}`)
    }
    expect(overlooked).toEqual([])
  })
})

test('what is not managed is named by check, diff and pull; with --strict, check exits 3', async () => {
  const box = new Sandbox()
  const url = await freshDatabase(majors.at(-1)!)
  box.env = { DATABASE_URL: url }
  const session = await connectPostgres(url)
  await session.executeAll(['SELECT lo_create(0)'])
  await session.close()
  try {
    expect(await box.run(['pull'])).toMatchObject({ code: 0, stderr: expect.stringContaining('large objects (1)') })
    expect(await box.run(['diff'])).toMatchObject({ code: 0, stderr: expect.stringContaining('large objects (1)') })
    expect(await box.run(['check'])).toMatchObject({ code: 0, stdout: 'in sync\n', stderr: expect.stringContaining('large objects (1)') })
    expect(await box.run(['check', '--strict'])).toMatchObject({ code: 3, stderr: expect.stringContaining('refused: --strict, and 1 object is not managed') })
    const again = await connectPostgres(url)
    await again.executeAll(['SELECT lo_create(0)'])
    await again.close()
    expect(await box.run(['check', '--json'])).toMatchObject({ code: 0, stdout: expect.stringContaining('"identity": "(2)"') })
  } finally {
    box.remove()
  }
})
