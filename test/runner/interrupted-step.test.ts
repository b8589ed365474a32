import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../src/database/database.js'
import type { Migration } from '../../src/revisions/revision.js'
import { readState, upgrade } from '../../src/runner/runner.js'
import { engines } from '../support/servers.js'
import { migration, steps, TestEngine, value } from './support.js'

const FIRST = migration('aaaa', [], steps('CREATE TABLE a (id int)', 'CREATE TABLE p (id int) PARTITION BY LIST (id)', 'CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)', `CREATE TYPE mood AS ENUM ('sad')`))
const migrations = (step: string) => [FIRST, migration('bbbb', ['aaaa'], steps('INSERT INTO a VALUES (1), (1)', `outside: ${step}`, 'INSERT INTO a VALUES (2)'))]

describe.each(engines)('on %s', (name) => {
  const engine = new TestEngine(name)
  let database: Database
  afterAll(() => engine.close())
  beforeEach(async () => {
    database = await engine.fresh()
  })

  /** An upgrade that ended at step 2, which `did` this; then the next one, with this step 2. */
  async function resume(step: string, did: readonly string[], outcome: 'running' | 'failed' = 'running'): Promise<void> {
    await upgrade({ database, migrations: migrations('SELECT 1/0') }).catch(() => undefined)
    for (const statement of did) await database.executeAll([statement]).catch(() => undefined)
    await database.executeAll([`UPDATE autogen.autogen_history SET outcome = '${outcome}' WHERE revision = 'bbbb'`])
    await upgrade({ database, migrations: migrations(step) })
    expect((await readState(database)).rows).toEqual(['bbbb'])
    expect(await value(database, 'SELECT count(*)::int FROM public.a WHERE id = 2')).toBe(1)
  }

  const INDEX = 'CREATE INDEX CONCURRENTLY a_id ON a (id)'
  const oid = (relation: string) => value(database, `SELECT to_regclass('${relation}')::oid`)

  test('an index that was built is not built again', async () => {
    await resume(INDEX, [INDEX, `CREATE TABLE seen AS SELECT 'a_id'::regclass::oid AS index`])
    expect(await oid('a_id')).toBe(await value(database, 'SELECT index FROM seen'))
  })

  test.each(['running', 'failed'] as const)('an invalid index that was left behind gives way to a valid one: %s', async (outcome) => {
    const unique = 'CREATE UNIQUE INDEX CONCURRENTLY a_id ON public.a (id)'
    await resume(unique, [unique, 'DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)'], outcome)
    expect(await database.query(`SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'a'::regclass`)).toEqual([['a_id', true]])
  })

  test('an index of that name that made the step fail is none that the step built', async () => {
    await expect(resume(INDEX, ['CREATE INDEX a_id ON a (id)'], 'failed')).rejects.toThrow('relation "a_id" already exists')
  })

  test('an index that was dropped, or is about to be', async () => {
    await resume('DROP INDEX CONCURRENTLY public.a_id', [])
    database = await engine.fresh()
    await resume('DROP INDEX CONCURRENTLY public.a_id', ['CREATE INDEX a_id ON a (id)'])
    expect(await oid('a_id')).toBeNull()
  })

  test('what a rebuild left behind is dropped before it runs again', async () => {
    const leftover = [INDEX, 'CREATE UNIQUE INDEX CONCURRENTLY a_id_ccnew1 ON a (id)', 'CREATE INDEX kept_ccnew ON a (id)']
    await resume('REINDEX INDEX CONCURRENTLY a_id', leftover)
    expect(await value(database, `SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = 'a'::regclass`)).toBe('a_id kept_ccnew')
  })

  test('a value that an enum has already', async () => {
    await resume(`ALTER TYPE mood ADD VALUE 'happy' BEFORE 'sad'`, [`ALTER TYPE mood ADD VALUE 'happy' BEFORE 'sad'`])
    expect(await value(database, `SELECT array_to_string(enum_range(NULL::mood), ' ')`)).toBe('happy sad')
  })

  const DETACH = 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY'
  test.each([
    ['detached', ['ALTER TABLE p DETACH PARTITION p1']],
    ['half detached', ['SET allow_system_table_mods = on', `UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass`]],
    ['attached still', []],
  ])('a partition that is %s', async (_, did) => {
    await resume(DETACH, did)
    expect(await value(database, `SELECT relispartition FROM pg_class WHERE oid = 'p1'::regclass`)).toBe(false)
  })

  test('what a rebuild of a partitioned table, or of a schema, left behind', async () => {
    const leftover = ['CREATE INDEX CONCURRENTLY p1_id ON p1 (id)', 'INSERT INTO p1 VALUES (1), (1)', 'CREATE UNIQUE INDEX CONCURRENTLY p1_id_ccnew ON p1 (id)']
    const ofPartition = () => value(database, `SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index WHERE indrelid = 'p1'::regclass`)
    await resume('REINDEX TABLE CONCURRENTLY p', leftover)
    expect(await ofPartition()).toBe('p1_id')
    database = await engine.fresh()
    await resume('REINDEX SCHEMA CONCURRENTLY public', leftover)
    expect(await ofPartition()).toBe('p1_id')
  })

  test('an index that PostgreSQL gives a name, and cannot build or has built', async () => {
    const unique = 'CREATE UNIQUE INDEX CONCURRENTLY ON a (id)'
    const indexes = () => database.query(`SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'a'::regclass`)
    await expect(upgrade({ database, migrations: migrations(unique) })).rejects.toThrow('could not create unique index')
    expect(await indexes()).toEqual([])
    await database.executeAll(['DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)', unique])
    await database.executeAll([`UPDATE autogen.autogen_history SET outcome = 'running', progress = '[]' WHERE revision = 'bbbb'`])
    await upgrade({ database, migrations: migrations(unique) })
    expect(await indexes()).toEqual([['a_id_idx', true]])
  })

  test('names mean to the settling what they mean to the step', async () => {
    await database.executeAll(['CREATE SCHEMA decoy', 'CREATE TABLE decoy.a (id int)', 'CREATE INDEX a_id ON decoy.a (id)', 'SET search_path = decoy, public'])
    await resume(INDEX, [])
    await database.executeAll(['RESET search_path', 'DROP SCHEMA decoy CASCADE'])
    expect(await value(database, `SELECT count(*)::int FROM pg_index WHERE indrelid = 'public.a'::regclass`)).toBe(1)
  })

  test('what could stand in a transaction is not done without being noted', async () => {
    const step = 'INSERT INTO a VALUES (7)'
    await upgrade({ database, migrations: [FIRST] })
    await database.executeAll([
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no note'; END $$`,
      'CREATE TRIGGER refuse BEFORE UPDATE ON autogen.autogen_history FOR EACH ROW WHEN (NEW.steps_done = 2) EXECUTE FUNCTION refuse()',
    ])
    await expect(upgrade({ database, migrations: migrations(step) })).rejects.toThrow('no note')
    await database.executeAll(['DROP TRIGGER refuse ON autogen.autogen_history'])
    await upgrade({ database, migrations: migrations(step) })
    expect(await value(database, 'SELECT count(*)::int FROM a WHERE id = 7')).toBe(1)
  })

  test('what refuses to stand in a transaction runs by itself, whatever it looks like', async () => {
    const refusing = `CREATE FUNCTION alone() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
      IF current_setting('autogen.transaction', true) <> '' THEN RAISE SQLSTATE '25001' USING MESSAGE = 'cannot run inside a transaction block'; END IF; RETURN 1; END $$`
    await upgrade({ database, migrations: [FIRST] })
    await database.executeAll([refusing])
    await upgrade({ database, migrations: migrations('SELECT alone()') })
    expect((await readState(database)).rows).toEqual(['bbbb'])
  })

  const REPEATABLE = ['VACUUM a', 'ANALYZE a', "ALTER SYSTEM SET log_min_duration_statement = '-1'", 'REFRESH MATERIALIZED VIEW CONCURRENTLY v', 'CLUSTER']
  test.each(REPEATABLE)('%s can simply be run again', async (step) => {
    await database.executeAll(['CREATE MATERIALIZED VIEW v AS SELECT 1 AS x', 'CREATE UNIQUE INDEX v_x ON v (x)'])
    await resume(step, [step])
    await database.executeAll(['DROP MATERIALIZED VIEW v'])
  })

  if (!engine.manySessions) return

  test('a database that was made, or dropped', async () => {
    const other = `other_${Date.now().toString(36)}`
    const there = () => value(database, `SELECT count(*)::int FROM pg_database WHERE datname = '${other}'`)
    await resume(`CREATE DATABASE ${other}`, [`CREATE DATABASE ${other}`])
    expect(await there()).toBe(1)
    database = await engine.fresh()
    await resume(`DROP DATABASE ${other}`, [`DROP DATABASE ${other}`])
    expect(await there()).toBe(0)
    database = await engine.fresh()
    await expect(resume(`DROP DATABASE ${other}`, [], 'failed')).rejects.toThrow('does not exist')
  })

  describe('really cut off, while it waited for somebody', () => {
    const pending = 'SELECT count(*)::int FROM pg_inherits WHERE inhdetachpending'
    const invalid = 'SELECT count(*)::int FROM pg_index WHERE NOT indisvalid'
    const left = (relation: string) => `SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index WHERE indrelid = '${relation}'::regclass`
    test.each([
      [INDEX, invalid, left('a'), 'a_id'],
      ['CREATE INDEX CONCURRENTLY ON a (id)', invalid, left('a'), 'a_id_idx'],
      ['CREATE INDEX CONCURRENTLY p1_id ON p1 (id)', invalid, left('p1'), 'p1_id'],
      ['DROP INDEX CONCURRENTLY a_x', invalid, left('a'), null],
      ['REINDEX TABLE CONCURRENTLY a', invalid, left('a'), 'a_x'],
      [DETACH, pending, 'SELECT count(*)::int FROM pg_inherits', 0],
    ])('%s', async (step, half, end, expected) => {
      const [victim, other] = [await engine.connect(), await engine.connect()]
      const [begins, cut] = migrations(step) as [Migration, Migration]
      await upgrade({ database, migrations: [begins] })
      if (/a_x|REINDEX/.test(step)) await database.executeAll(['CREATE INDEX a_x ON a (id)'])
      await other.executeAll(['BEGIN', 'SELECT FROM p', 'LOCK TABLE a, p1 IN ROW EXCLUSIVE MODE'])
      const run = upgrade({ database: victim, migrations: [begins, cut] }).catch((error: unknown) => error)
      const halfDone = async () => ((await value(database, half)) as number) > 0
      for (let tries = 0; tries < 500 && !(await halfDone()); tries++) await sleep(10)
      await database.query(`SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()`)
      expect(String(await run)).toContain('was lost')
      expect(await halfDone()).toBe(true)
      await other.executeAll(['ROLLBACK'])
      await upgrade({ database, migrations: [begins, cut] })
      expect([await halfDone(), await value(database, end)]).toEqual([false, expected])
    })
  })
})
