import type { Database } from '../../src/database/database.js'
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
    expect(await value(database, 'SELECT count(*)::int FROM a WHERE id = 2')).toBe(1)
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
})
