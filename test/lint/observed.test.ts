import { lint } from '../../src/index.js'
import { STEADY } from '../../src/lint/rules/columns.js'
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
