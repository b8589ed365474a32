import { lint } from '../../src/index.js'
import { locksOf } from '../../src/lint/locks.js'
import { STEADY } from '../../src/lint/rules/columns.js'
import { loadParser, placesIn, readScript } from '../../src/lint/script.js'
import { State } from '../../src/lint/state.js'
import type { Database } from '../../src/database/database.js'
import { freshSession, majors } from '../support/servers.js'

/** A function that PostgreSQL must call, not one that it can put in place of the call. */
const FRESH = "CREATE FUNCTION fresh() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'"

let database: Database

beforeAll(async () => {
  database = await freshSession(majors.at(-1)!)
  await database.executeAll([FRESH])
})

afterAll(() => database.close())

test('functions that are taken for steady are so to PostgreSQL', async () => {
  const names = [...STEADY].map((name) => `'${name}'`).join(', ')
  expect((await database.query(`SELECT DISTINCT proname FROM pg_proc WHERE proname IN (${names})`)).length).toBeGreaterThan(60)
  expect(await database.query(`SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v' AND proname IN (${names})`)).toEqual([])
})

test.each([
  ['text', "ADD COLUMN b text DEFAULT 'x'"],
  ['text', 'ADD COLUMN b timestamptz DEFAULT now()'],
  ['text', 'ADD COLUMN b timestamptz DEFAULT CURRENT_TIMESTAMP'],
  ['text', "ADD COLUMN b jsonb NOT NULL DEFAULT '{}'::jsonb"],
  ['text', 'ADD COLUMN b uuid DEFAULT gen_random_uuid()'],
  ['text', 'ADD COLUMN b timestamptz DEFAULT clock_timestamp()'],
  ['text', 'ADD COLUMN b int DEFAULT fresh()'],
  ['text', 'ADD COLUMN b bigserial'],
  ['text', 'ADD COLUMN b bigint GENERATED ALWAYS AS IDENTITY'],
  ['text', 'ADD COLUMN b text GENERATED ALWAYS AS (lower(a)) STORED'],
  ['text', 'SET UNLOGGED'],
  ['text', 'SET (fillfactor = 80)'],
  ['varchar(20)', 'ALTER a TYPE varchar(50)'],
  ['varchar(20)', 'ALTER a TYPE text'],
  ['varchar(20)', 'ALTER a TYPE varchar'],
  ['text', 'ALTER a TYPE varchar'],
  ['text', 'ALTER a TYPE varchar(50)'],
  ['varchar(50)', 'ALTER a TYPE varchar(20)'],
  ['text', 'ALTER a TYPE text USING upper(a)'],
  ['varchar(20)', 'ALTER a TYPE text USING a::text'],
  ['numeric(10, 2)', 'ALTER a TYPE numeric(12, 2)'],
  ['numeric(10, 2)', 'ALTER a TYPE numeric'],
  ['numeric(10, 2)', 'ALTER a TYPE numeric(12, 4)'],
  ['numeric', 'ALTER a TYPE numeric(12, 4)'],
  ['int', 'ALTER a TYPE bigint'],
  ['timestamp(3)', 'ALTER a TYPE timestamp(6)'],
  ['timestamptz', 'ALTER a TYPE timestamptz(3)'],
  ['varbit(8)', 'ALTER a TYPE varbit(16)'],
  ['cidr', 'ALTER a TYPE inet'],
  ['inet', 'ALTER a TYPE cidr USING a::cidr'],
  ['json', 'ALTER a TYPE jsonb'],
  ['text[]', 'ALTER a TYPE varchar[]'],
])('a table with a %s is rewritten by %s exactly when lint says so', async (type, command) => {
  const storage = async () => (await database.query("SELECT relfilenode FROM pg_class WHERE relname = 't'"))[0]![0]
  await database.executeAll(['DROP TABLE IF EXISTS t', `CREATE TABLE t (a ${type})`])
  const before = await storage()
  await database.executeAll([`ALTER TABLE t ${command}`])
  const isRewritten = (await storage()) !== before
  // The column is known from its own ADD COLUMN, since the table was there before.
  const { hazards } = await lint(`${FRESH}; ALTER TABLE t ADD COLUMN a ${type}; ALTER TABLE t ${command}`)
  expect(hazards.some(({ code }) => code === 'table-rewrite')).toBe(isRewritten)
})

/** The locks that others wait for, by their names in pg_locks. */
const MODES: Readonly<Record<string, string>> = { ShareLock: 'SHARE', ShareRowExclusiveLock: 'SHARE ROW EXCLUSIVE', ExclusiveLock: 'EXCLUSIVE', AccessExclusiveLock: 'ACCESS EXCLUSIVE' }

test.each([
  'ALTER TABLE l ADD b text',
  'ALTER TABLE l ADD b bigint REFERENCES m',
  'ALTER TABLE l ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES m NOT VALID',
  'ALTER TABLE l ADD CONSTRAINT n CHECK (id > 0) NOT VALID',
  'ALTER TABLE l VALIDATE CONSTRAINT c',
  'ALTER TABLE l DROP CONSTRAINT c',
  'ALTER TABLE l ALTER a SET STATISTICS 10',
  'ALTER TABLE l ALTER a SET (n_distinct = 5)',
  'ALTER TABLE l SET (fillfactor = 80)',
  "ALTER TABLE l ALTER a SET DEFAULT 'x'",
  'ALTER TABLE l ALTER a SET STORAGE external',
  'ALTER TABLE l DISABLE TRIGGER ALL',
  'ALTER TABLE l ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE l REPLICA IDENTITY FULL',
  'ALTER TABLE l CLUSTER ON i',
  'ALTER TABLE l RENAME a TO b',
  'ALTER TABLE l RENAME CONSTRAINT c TO d',
  'ALTER TABLE l RENAME TO k',
  'ALTER INDEX i RENAME TO j',
  'CREATE INDEX ON l (a)',
  'REINDEX TABLE l',
  'CREATE TRIGGER t BEFORE UPDATE ON l FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  'CREATE POLICY p ON l USING (true)',
  'CREATE RULE r AS ON DELETE TO l DO NOTHING',
  'CREATE TABLE n (id bigint REFERENCES l)',
  'CREATE TABLE n PARTITION OF parts FOR VALUES IN (1)',
  'ALTER TABLE parts ATTACH PARTITION m FOR VALUES IN (2)',
  'TRUNCATE l',
  'DROP TABLE l',
  'COMMENT ON TABLE l IS NULL',
  'LOCK TABLE l IN SHARE MODE',
  'ANALYZE l',
])('the locks of %s are those that PostgreSQL takes', async (sql) => {
  await database.executeAll(['DROP TABLE IF EXISTS l, m, parts CASCADE', 'CREATE TABLE l (id bigint PRIMARY KEY, a text, CONSTRAINT c CHECK (id > 0))', 'CREATE INDEX i ON l (a)', 'CREATE TABLE m (id bigint PRIMARY KEY)', 'CREATE TABLE parts (id bigint NOT NULL) PARTITION BY LIST (id)'])
  const taken = await database.query("SELECT oid, relname FROM pg_class WHERE relname IN ('l', 'm', 'parts')")
  const names = new Map(taken.map(([oid, name]) => [oid, name]))
  await database.executeAll(['BEGIN', sql])
  const held = await database.query('SELECT DISTINCT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IS NOT NULL')
  await database.executeAll(['ROLLBACK'])
  const { pieces } = readScript(sql, placesIn('a.sql', sql), await loadParser(), [])
  const told = pieces.flatMap(({ type, node }) => locksOf(type, node, new State())).map(({ table, mode }) => `${table} ${mode}`)
  const observed = held.flatMap(([relation, mode]) => (names.has(relation) && MODES[mode as string] ? [`${names.get(relation)} ${MODES[mode as string]}`] : []))
  // The strongest on each table is what others wait for.
  const strongest = (locks: readonly string[]) => [...new Set(locks)].filter((lock) => !locks.some((other) => other.split(' ')[0] === lock.split(' ')[0] && strength(other) > strength(lock))).sort()
  expect(strongest(told)).toEqual(strongest(observed))
})

function strength(lock: string): number {
  return Object.values(MODES).findIndex((mode) => lock.endsWith(` ${mode}`) && lock.split(' ').length === mode.split(' ').length + 1)
}
