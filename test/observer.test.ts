import type { Database } from '../src/database/database.js'
import { observeWithin, unlike } from './support/observer.js'
import { engines, freshSession } from './support/servers.js'

const BASE = [
  'CREATE SCHEMA app',
  'CREATE TABLE app.t (id integer PRIMARY KEY, label text NOT NULL DEFAULT $$x$$, n integer CHECK (n > 0), of integer REFERENCES app.t)',
  'CREATE VIEW app.v AS SELECT id FROM app.t',
  `CREATE FUNCTION app.f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
  `CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
  'CREATE TRIGGER touch BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.touch()',
  `CREATE TYPE app.mood AS ENUM ('sad', 'happy')`,
  'CREATE SEQUENCE app.numbers',
]

/** What the observer must see, each a difference that a reader of the catalogs may overlook. */
const SEEN = [
  'ALTER TABLE app.t ALTER label SET STORAGE EXTERNAL',
  'ALTER TABLE app.t ALTER n SET STATISTICS 50',
  'ALTER TABLE app.t ALTER n SET (n_distinct = 5)',
  'ALTER TABLE app.t SET (fillfactor = 50)',
  'ALTER TABLE app.t DISABLE TRIGGER touch',
  'ALTER TABLE app.t DISABLE TRIGGER ALL',
  'ALTER TABLE app.t SET (toast.autovacuum_enabled = off)',
  'ALTER TABLE app.t REPLICA IDENTITY FULL',
  'ALTER TABLE app.t CLUSTER ON t_pkey',
  'ALTER TABLE app.t FORCE ROW LEVEL SECURITY',
  'ALTER TABLE app.t RENAME CONSTRAINT t_n_check TO positive',
  'ALTER INDEX app.t_pkey SET (fillfactor = 50)',
  'ALTER VIEW app.v SET (security_barrier = true)',
  'ALTER FUNCTION app.f(integer) COST 5',
  'ALTER FUNCTION app.f(integer) SET work_mem = 64',
  `ALTER TYPE app.mood ADD VALUE 'calm' BEFORE 'happy'`,
  'ALTER SEQUENCE app.numbers OWNED BY app.t.id',
  'ALTER SEQUENCE app.numbers CACHE 7',
  'REVOKE EXECUTE ON FUNCTION app.f(integer) FROM PUBLIC',
  'REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC',
  'GRANT SELECT (id) ON app.t TO PUBLIC',
  `COMMENT ON CONSTRAINT t_pkey ON app.t IS 'key'`,
  'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC',
  'CREATE STATISTICS app.s ON id, n FROM app.t',
]

/** What is the same schema made in another way. */
const SAME = [
  ['ALTER TABLE app.t ADD gone integer', 'ALTER TABLE app.t DROP gone'],
  ['DROP VIEW app.v', 'CREATE VIEW app.v AS SELECT id FROM app.t'],
  ['DROP VIEW app.v', 'DROP TABLE app.t', 'CREATE TABLE app.t (n integer CHECK (n > 0), label text NOT NULL DEFAULT $$x$$, of integer, id integer PRIMARY KEY, FOREIGN KEY (of) REFERENCES app.t)', BASE[2]!, BASE[5]!],
  ['GRANT SELECT ON app.t TO PUBLIC', 'REVOKE SELECT ON app.t FROM PUBLIC'],
  ['DROP TYPE app.mood', `CREATE TYPE app.mood AS ENUM ('sad')`, `ALTER TYPE app.mood ADD VALUE 'happy'`],
  ['ANALYZE app.t'],
]

describe.each(engines)('the observer on %s', (engine) => {
  let database: Database
  beforeAll(async () => {
    database = await freshSession(engine)
  })
  afterAll(() => database.close())

  async function after(statements: readonly string[]): Promise<string[]> {
    await database.executeAll(['BEGIN', ...BASE, ...statements])
    return observeWithin(database).finally(() => database.executeAll(['ROLLBACK']))
  }

  test.each(SEEN)('sees %s', async (statement) => {
    const base = await after([])
    expect(await unlike(await after([statement]), base, async () => base)).not.toEqual([])
  })

  test.each(SAME)('takes for the same: %s', async (...statements) => {
    const base = await after([])
    expect(await unlike(await after(statements.filter((one) => typeof one === 'string')), base, async () => base)).toEqual([])
  })
})
