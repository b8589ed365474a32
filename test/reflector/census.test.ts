import { CATALOGS, censusQuery } from '../../src/reflector/census.js'
import { reflect, reflectWithin } from '../../src/reflector/reflect.js'
import { scopeOf } from '../../src/reflector/scope.js'
import { manage } from '../../src/authoring/manage.js'
import type { Database } from '../../src/database/database.js'
import { allMajors, freshSession, majors, type Engine } from '../support/servers.js'

describe.each([...allMajors, 'pglite'] as Engine[])('the catalogs of %s', (engine) => {
  let database: Database
  beforeAll(async () => {
    database = await freshSession(engine)
  })
  afterAll(() => database.close())

  test('are all accounted for', async () => {
    const rows = await database.query(`SELECT relname::text FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND oid < 16384`)
    expect(rows.length).toBeGreaterThan(60)
    expect(rows.map(([name]) => name as string).filter((name) => !CATALOGS[name])).toEqual([])
  })

  test('hold parts of what is said, as PostgreSQL knows them', async () => {
    const found = await database.query(`
      SELECT k.fktable::regclass::text || ' ' || c || ' ' || k.pktable::regclass::text
      FROM pg_get_catalog_foreign_keys() k, unnest(k.fkcols) c`)
    const keys = new Set(found.map(([key]) => key))
    expect(keys.size).toBeGreaterThan(100)
    const exist = new Set((await database.query(`SELECT relname::text FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace`)).map(([name]) => name))
    const said = Object.entries(CATALOGS).flatMap(([catalog, about]) => (about.rows === 'parts' && exist.has(catalog) ? [[catalog, about.column, about.of]] : []))
    // The one column that refers to any catalog.
    expect(said.map((one) => one.join(' ')).filter((key) => !keys.has(key))).toEqual(['pg_init_privs objoid pg_extension'])
  })

  test('of a new database hold nothing that would be named', async () => {
    expect((await reflect(database)).unmanaged).toEqual([])
    expect(await database.query(censusQuery())).toEqual([])
  })

  test('are counted where this version does not know them', async () => {
    const { pg_cast: _, ...others } = CATALOGS
    await inRolledBack(database, ['CREATE CAST (text AS xid) WITH INOUT'], async () => {
      expect((await database.query(censusQuery(others))).filter(([, of]) => of === null)).toEqual([['pg_cast', null, null, null, 1]])
    })
    expect((await database.query(censusQuery(others))).filter(([, of]) => of === null)).toEqual([])
  })
})

async function inRolledBack(database: Database, statements: readonly string[], work: () => Promise<void>): Promise<void> {
  await database.executeAll(['BEGIN', ...statements])
  await work().finally(() => database.executeAll(['ROLLBACK']))
}

describe('what no kind manages', () => {
  let database: Database
  beforeAll(async () => {
    database = await freshSession(majors.at(-1)!, ['hstore'])
  })
  afterAll(() => database.close())

  async function named(...statements: string[]): Promise<string[]> {
    let found: string[] = []
    await inRolledBack(database, statements, async () => {
      found = (await reflectWithin(database)).unmanaged.map(({ type, identity }) => `${type} ${identity}`)
    })
    return found
  }

  test('is named as PostgreSQL names it', async () => {
    expect(
      await named(
        `CREATE FUNCTION public.compare(integer, numeric) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
        'ALTER OPERATOR FAMILY integer_ops USING btree ADD FUNCTION 1 (integer, numeric) public.compare(integer, numeric)',
      ),
    ).toEqual(['function of access method function 1 (integer, numeric) of pg_catalog.integer_ops USING btree'])
  })

  test('large objects are data, whose number is named', async () => {
    expect(await named('SELECT lo_create(0)', 'SELECT lo_create(0)')).toEqual(['large objects (2)'])
  })

  test('PL/pgSQL, which every new database has, is named where it was dropped', async () => {
    expect(await named('DROP EXTENSION plpgsql')).toEqual(['extension plpgsql (dropped, although every new database has it)'])
  })

  test('what is attached to parts of objects', async () => {
    expect(
      await named(
        'CREATE VIEW public.one AS SELECT 1 AS a',
        `COMMENT ON RULE "_RETURN" ON public.one IS 'odd'`,
        'CREATE TYPE public.range AS RANGE (SUBTYPE = integer)',
        `COMMENT ON FUNCTION public.range(integer, integer) IS 'odd'`,
      ),
    ).toEqual(['comment on function public.range(integer,integer)', 'comment on rule "_RETURN" on public.one'])
  })

  test('what is said of the database itself', async () => {
    const name = (await database.query('SELECT current_database()'))[0]![0] as string
    expect(
      await named(
        `COMMENT ON DATABASE ${name} IS 'the shop'`,
        'SET LOCAL allow_system_table_mods = on',
        `INSERT INTO pg_shseclabel (objoid, classoid, provider, label) SELECT oid, 'pg_database'::regclass, 'dummy', 'secret' FROM pg_database WHERE datname = '${name}'`,
      ),
    ).toEqual([`comment on database ${name}`, `security label on database ${name}`])
  })

  test('foreign keys whose triggers are disabled, which nothing enforces', async () => {
    expect(
      await named('CREATE TABLE public.a (id integer PRIMARY KEY)', 'CREATE TABLE public.b (a integer REFERENCES public.a)', 'ALTER TABLE public.b DISABLE TRIGGER ALL'),
    ).toEqual(['disabled triggers of table constraint b_a_fkey on public.b'])
  })

  test('not what belongs to an extension, or to a session', async () => {
    expect(
      await named(
        'CREATE EXTENSION hstore',
        'CREATE TABLE public.config (id integer PRIMARY KEY, label text UNIQUE CHECK (label <> $$$$), raised numeric DEFAULT 1)',
        'CREATE INDEX ON public.config ((id + 1))',
        'ALTER EXTENSION hstore ADD TABLE public.config',
        `COMMENT ON TABLE public.config IS 'a member'`,
        'CREATE TEMP TABLE passing (id serial PRIMARY KEY, label text CHECK (label <> $$$$))',
        `CREATE FUNCTION pg_temp.passing() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
        'CREATE TYPE pg_temp.mood AS ENUM ($$a$$)',
      ),
    ).toEqual([])
  })

  test('follows the scope when it lies in a schema', async () => {
    await inRolledBack(
      database,
      ['CREATE SCHEMA app', 'CREATE SCHEMA other', ...['app', 'other'].flatMap((schema) => [`CREATE VIEW ${schema}.v AS SELECT 1 AS a`, `COMMENT ON RULE "_RETURN" ON ${schema}.v IS 'odd'`])],
      async () => {
        const model = await reflectWithin(database, scopeOf(manage({ schemas: ['app'] }), [], { versionSchema: 'autogen' }))
        expect(model.unmanaged).toEqual([{ type: 'comment on rule', identity: '"_RETURN" on app.v', schema: 'app' }])
      },
    )
  })
})
