import { spawnSync } from 'node:child_process'
import { connectPostgres } from '../../src/database/postgres.js'
import { RefusedError, UsageError } from '../../src/errors.js'
import { planOffline } from '../../src/revisions/history-range.js'
import { RevisionGraph } from '../../src/revisions/revision-graph.js'
import type { Direction, Migration } from '../../src/revisions/revision.js'
import { planStampOffline } from '../../src/revisions/stamp.js'
import { downgrade, readState, stamp, upgrade } from '../../src/runner/runner.js'
import { planScript, stampScript, type ScriptOptions } from '../../src/runner/script.js'
import { freshDatabase, majors } from '../support/servers.js'
import { migration, steps, tables } from './support.js'

const A = migration('aaaa', [], steps('CREATE TABLE a (id int PRIMARY KEY)'), steps('DROP TABLE a'), "it's first\n\\! echo no")
const B = migration(
  'bbbb',
  ['aaaa'],
  steps("CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT '';'' -- no end'", 'outside: CREATE INDEX CONCURRENTLY i ON a (id)', 'CREATE TABLE b (id int) -- end'),
  steps('DROP TABLE b', 'outside: DROP INDEX CONCURRENTLY i', 'DROP FUNCTION f()'),
)
const C = migration('cccc', ['bbbb'], steps('SET ROLE pg_monitor', 'SELECT 1'), null)
const ALL = [A, B, C]

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
    return { tables: await tables(database), rows, log }
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
  const states = [await byRunner(one, (options) => upgrade(options, 'cccc'))]
  expect(runPsql(other, await script('upgrade', 'cccc'))).toEqual({ code: 0, errors: '' })
  expect(await stateOf(other)).toEqual(states[0])

  const stamped = await byRunner(one, (options) => stamp(options, 'bbbb'))
  expect(runPsql(other, stampScript(planStampOffline(new RevisionGraph(ALL), ['cccc:bbbb']), ALL))).toEqual({ code: 0, errors: '' })
  expect(await stateOf(other)).toEqual(stamped)

  const down = await byRunner(one, (options) => downgrade(options, 'base'))
  expect(runPsql(other, await script('downgrade', 'bbbb:base'))).toEqual({ code: 0, errors: '' })
  expect(await stateOf(other)).toEqual(down)

  // Each can go on with what the other left.
  expect(await byRunner(other, (options) => upgrade(options, 'head'))).toMatchObject({ tables: 'a b', rows: ['cccc'] })
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
