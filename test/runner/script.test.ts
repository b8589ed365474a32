import { spawnSync } from 'node:child_process'
import { connectPostgres } from '../../src/database/postgres.js'
import { RefusedError, UsageError } from '../../src/errors.js'
import { planOffline } from '../../src/revisions/history-range.js'
import type { MigrationOperations } from '../../src/revisions/migration.js'
import { recordSteps } from '../../src/revisions/record.js'
import { RevisionGraph } from '../../src/revisions/revision-graph.js'
import type { Direction, Migration } from '../../src/revisions/revision.js'
import { planStampOffline } from '../../src/revisions/stamp.js'
import { downgrade, readState, stamp, upgrade } from '../../src/runner/runner.js'
import { planScript, stampScript, type ScriptOptions } from '../../src/runner/script.js'
import { sql } from '../../src/sql/template.js'
import { observe } from '../support/observer.js'
import { freshDatabase, majors } from '../support/servers.js'
import { migration, steps, tables } from './support.js'

const A = migration('aaaa', [], steps('CREATE TABLE a (id int PRIMARY KEY)'), steps('DROP TABLE a'), "it's first\n\\! echo no")
const B = migration(
  'bbbb',
  ['aaaa'],
  steps("CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT '';'' -- no end'", 'outside: CREATE INDEX CONCURRENTLY i ON a (id)', 'CREATE TABLE b (id int) -- end'),
  steps('DROP TABLE b', 'outside: DROP INDEX CONCURRENTLY i', 'DROP FUNCTION f()'),
)
const recorded = (record: (op: MigrationOperations) => void) => [...recordSteps(record, 'dddd', 'upgrade', '/migrations/dddd.ts').steps]
const D = migration(
  'dddd',
  ['bbbb'],
  recorded((op) => {
    op.assert('not exists (select from a)', 'it is -- empty; still')
    op.execute("ALTER TABLE a ADD t text; COMMENT ON TABLE a IS '\\q'")
    op.bulkInsert('a', Array.from({ length: 25 }, (_, n) => ({ id: n, t: n % 5 === 0 ? null : "it's" })))
    op.backfill({ table: 'a', set: { t: sql`'row ' || id` }, where: sql`t IS NULL`, batchSize: 2, pauseMs: 1 })
    op.outsideTransaction('VACUUM a')
    op.assert('exists (select from a where t = \'row 20\')', 'it is filled')
  }),
  recorded((op) => {
    op.execute('DELETE FROM a; ALTER TABLE a DROP t; COMMENT ON TABLE a IS NULL')
  }),
)
const C = migration('cccc', ['dddd'], steps('SET ROLE pg_monitor', 'SELECT 1'), null)
const ALL = [A, B, D, C]

const psql = spawnSync('psql', ['--version']).status === 0
if (!psql) console.warn('psql is not installed: scripts are made here, but not run')
const withPsql = psql ? test : test.skip

function script(direction: Direction, range: string, migrations: readonly Migration[] = ALL, options?: ScriptOptions): Promise<string> {
  return planScript(planOffline(new RevisionGraph(migrations), direction, range), migrations, options)
}

function runPsql(url: string, input: string, env: Record<string, string> = {}): { code: number | null; errors: string } {
  const { status, stderr } = spawnSync('psql', ['-X', '-q', '-d', url], { input, encoding: 'utf8', env: { ...process.env, ...env } })
  return { code: status, errors: stderr }
}

/** What a user can see of where a database is, with the log without its times and names. */
async function stateOf(url: string): Promise<unknown> {
  const database = await connectPostgres(url)
  try {
    const { rows, entries } = await readState(database)
    const log = entries.map(({ revision, direction, checksum, outcome, stepsDone, stepsHash }) => [revision, direction, checksum, outcome, stepsDone, stepsHash])
    const contents = (await tables(database)).includes('a') ? await database.query('SELECT * FROM a ORDER BY id') : []
    return { tables: await tables(database), rows, log, contents, schema: await observe(database) }
  } finally {
    await database.close()
  }
}

async function byRunner(url: string, work: (options: { database: Awaited<ReturnType<typeof connectPostgres>>; migrations: readonly Migration[] }) => Promise<unknown>): Promise<unknown> {
  const database = await connectPostgres(url)
  try {
    await work({ database, migrations: ALL })
  } finally {
    await database.close()
  }
  return stateOf(url)
}

withPsql.each([Math.min(...majors), Math.max(...majors)])('psql leaves a database of PostgreSQL %s as the runner does', async (major) => {
  const [one, other] = [await freshDatabase(major), await freshDatabase(major)]
  const both = async (text: string, run: Parameters<typeof byRunner>[1]) => {
    expect(runPsql(other, text)).toEqual({ code: 0, errors: '' })
    expect(await stateOf(other)).toEqual(await byRunner(one, run))
  }
  await both(await script('upgrade', 'bbbb'), (options) => upgrade(options, 'bbbb'))
  await both(await script('upgrade', 'bbbb:head'), (options) => upgrade(options, 'head'))
  expect(await stateOf(other)).toMatchObject({ contents: expect.arrayContaining([[20, 'row 20'], [21, "it's"]]), rows: ['cccc'] })
  await both(stampScript(planStampOffline(new RevisionGraph(ALL), ['cccc:dddd']), ALL), (options) => stamp(options, 'dddd'))
  await both(await script('downgrade', 'dddd:bbbb'), (options) => downgrade(options, 'bbbb'))
  await both(await script('upgrade', 'bbbb:+1'), (options) => upgrade(options, '+1'))
  await both(await script('downgrade', 'dddd:base'), (options) => downgrade(options, 'base'))
  // Each can go on with what the other left.
  expect(await byRunner(other, (options) => upgrade(options, 'head'))).toMatchObject({ tables: 'a b', rows: ['cccc'] })
}, 30_000)

withPsql('a script ends at a precondition that is not met, and what it made before stays', async () => {
  const url = await freshDatabase(Math.max(...majors))
  runPsql(url, await script('upgrade', 'bbbb'))
  runPsql(url, 'INSERT INTO a VALUES (1)')
  expect(runPsql(url, await script('upgrade', 'bbbb:dddd'))).toMatchObject({ code: 3, errors: expect.stringContaining('ERROR:  it is -- empty; still') })
  expect(await stateOf(url)).toMatchObject({ rows: ['bbbb'], contents: [[1]] })
})

test('B51 a script has a transaction for each migration, or one for all, and makes the bookkeeping tables', async () => {
  const inside = [A, migration('bbbb', ['aaaa'], steps('SELECT 2'))]
  const transactions = (text: string) => text.split('\n').filter((line) => /^(BEGIN( ISOLATION.*)?|COMMIT);$/.test(line)).map((line) => line[0]).join('')
  expect(transactions(await script('upgrade', 'bbbb', inside))).toBe('BCBCBC')
  expect(transactions(await script('upgrade', 'bbbb', inside, { singleTransaction: true }))).toBe('BCBC')
  expect(await script('upgrade', 'bbbb', inside)).toContain('CREATE TABLE IF NOT EXISTS autogen.autogen_version')
})

withPsql('a script for a database at another revision changes nothing', async () => {
  const url = await freshDatabase(Math.max(...majors))
  runPsql(url, await script('upgrade', 'aaaa'))
  const before = await stateOf(url)
  const { code, errors } = runPsql(url, await script('upgrade', 'bbbb'))
  expect(code).toBe(3)
  expect(errors).toContain('the database is at {aaaa}, and this script is for one at {}')
  expect(await stateOf(url)).toEqual(before)
})

withPsql('the runner goes on after a script that failed outside a transaction', async () => {
  const url = await freshDatabase(Math.max(...majors))
  const broken = { ...B, upgrade: B.upgrade.map((step) => ({ ...step, sql: step.sql.replace('b (id int)', 'a (id int)') })) }
  expect(runPsql(url, await script('upgrade', 'bbbb', [A, broken])).code).toBe(3)
  expect(await byRunner(url, (options) => upgrade(options, 'bbbb'))).toMatchObject({ tables: 'a b', rows: ['bbbb'] })
})

withPsql('one transaction for all takes everything back', async () => {
  const url = await freshDatabase(Math.max(...majors))
  const failing = migration('ffff', ['aaaa'], steps('SELECT 1/0'))
  expect(runPsql(url, await script('upgrade', 'ffff', [A, failing], { singleTransaction: true })).code).toBe(3)
  expect(await stateOf(url)).toMatchObject({ tables: '', rows: [], log: [] })
})

withPsql('a secret is taken from the environment of psql and stands in no script', async () => {
  const url = await freshDatabase(Math.max(...majors))
  const keep = migration('aaaa', [], steps("CREATE TABLE a AS SELECT current_setting('autogen.secret.PG_SCRIPT_TEST') AS t", "outside: COMMENT ON TABLE a IS 'x'"))
  const text = await script('upgrade', 'aaaa', [keep])
  expect(runPsql(url, text)).toMatchObject({ code: 3, errors: expect.stringContaining('PG_SCRIPT_TEST') })
  expect(runPsql(url, text, { PG_SCRIPT_TEST: "it's" })).toEqual({ code: 0, errors: '' })
  const database = await connectPostgres(url)
  expect(await database.query('SELECT t FROM a')).toEqual([["it's"]])
  await database.close()
})

test('what cannot be rendered is refused', async () => {
  await expect(script('downgrade', 'cccc:base')).rejects.toThrow(RefusedError)
  await expect(script('upgrade', 'head', ALL, { singleTransaction: true })).rejects.toThrow(UsageError)
  expect(() => script('downgrade', 'base')).toThrow('needs to know where it starts')
})
