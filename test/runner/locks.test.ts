import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../src/database/database.js'
import type { DatabaseError } from '../../src/errors.js'
import { migration as declare, type MigrationOperations } from '../../src/revisions/migration.js'
import { recordSteps } from '../../src/revisions/record.js'
import type { Migration } from '../../src/revisions/revision.js'
import type { Timeouts } from '../../src/revisions/timeouts.js'
import type { RunEvent } from '../../src/runner/run-migration.js'
import { downgrade, readState, upgrade, type RunOptions } from '../../src/runner/runner.js'
import { sql } from '../../src/sql/template.js'
import { majors } from '../support/servers.js'
import { migration, steps, TestEngine, value } from './support.js'

type Retry = Extract<RunEvent, { type: 'retry' }>

const recorded = (upgradeOf: (op: MigrationOperations) => void) =>
  recordSteps(declare({ revision: 'aaaa', revises: null, upgrade: upgradeOf }).upgrade, 'aaaa', 'upgrade', '/migrations/a.ts').steps

const ADD_COLUMN = migration('aaaa', [], steps("INSERT INTO noted VALUES ('one')", 'ALTER TABLE a ADD COLUMN b int'), steps('ALTER TABLE a DROP COLUMN b'))

describe.each(majors.slice(-1))('on %s', (major) => {
  const engine = new TestEngine(major)
  let database: Database
  let other: Database
  let retries: Retry[]
  afterAll(() => engine.close())
  beforeEach(async () => {
    database = await engine.fresh()
    other = await engine.connect()
    retries = []
    await database.executeAll(['CREATE TABLE a (id int)', 'CREATE TABLE b (id int)', 'INSERT INTO a SELECT generate_series(1, 30)', 'CREATE TABLE noted (what text)'])
    await other.executeAll(["SET application_name = 'report'"])
  })

  /** Runs migrations; `onRetry` is called with each retry. */
  function run(migrations: readonly Migration[], timeouts: Timeouts = {}, { onRetry, ...options }: Partial<RunOptions> & { onRetry?: (retry: Retry) => unknown } = {}) {
    const onEvent = (event: RunEvent) => {
      if (event.type !== 'retry') return
      retries.push(event)
      onRetry?.(event)
    }
    return upgrade({ database, migrations, onEvent, timeouts: { lockTimeoutMs: 200, ...timeouts }, ...options })
  }

  const hold = (...statements: string[]) => other.executeAll(['BEGIN', ...statements])
  const letGo = () => other.executeAll(['ROLLBACK'])
  const log = async () => (await readState(database)).entries.map(({ revision, direction, outcome, stepsDone }) => [revision, direction, outcome, stepsDone])
  const noted = async () => (await database.query('SELECT what, count(*)::int FROM noted GROUP BY 1 ORDER BY 1')) as [string, number][]

  test('behind a transaction that stays open, a migration gives way again and again, and is done once', async () => {
    await hold('SELECT FROM a')
    const [reader, writer] = [await engine.connect(), await engine.connect()]
    const stalls = { read: 0, written: 0 }
    let over = false
    const insist = async (session: Database, sql: string, kind: keyof typeof stalls) => {
      while (!over) {
        const began = performance.now()
        await session.executeAll([sql])
        stalls[kind] = Math.max(stalls[kind], performance.now() - began)
        await sleep(5)
      }
    }
    const others = [insist(reader, 'SELECT FROM a', 'read'), insist(writer, 'INSERT INTO a VALUES (1)', 'written')]
    await run([ADD_COLUMN], {}, { onRetry: ({ retry }) => retry === 3 && void letGo() })
    over = true
    await Promise.all(others)

    expect(retries.length).toBeGreaterThanOrEqual(3)
    expect(retries[0]).toMatchObject({ retry: 1, of: 10, deadlock: false, from: 1, to: 2, waitsFor: 'a lock on public.a' })
    expect(retries[0]!.blockedBy).toEqual([expect.stringMatching(/^process \d+ \(user postgres, report, idle in transaction, since \S+, last query: SELECT FROM a\)$/)])
    // They did queue behind it, but not for longer than it waits.
    expect(stalls.read).toBeGreaterThan(100)
    for (const stall of Object.values(stalls)) expect(stall).toBeLessThan(200 + 200)
    expect(await log()).toEqual([['aaaa', 'upgrade', 'done', 2]])
    expect(await noted()).toEqual([['one', 1]])
  })

  test('a transaction of several statements holds nobody up for longer than one', async () => {
    const third = await engine.connect()
    await hold('LOCK TABLE a IN ACCESS SHARE MODE')
    await third.executeAll(['BEGIN', 'LOCK TABLE b IN ACCESS SHARE MODE'])
    const reader = await engine.connect()
    let stall = 0
    let over = false
    const reading = (async () => {
      while (!over) {
        const began = performance.now()
        await reader.executeAll(['SELECT FROM a'])
        stall = Math.max(stall, performance.now() - began)
        await sleep(5)
      }
    })()
    setTimeout(() => void letGo(), 700)
    const migrations = [migration('aaaa', [], steps('ALTER TABLE a ADD COLUMN b int', 'ALTER TABLE b ADD COLUMN c int'))]
    await run(migrations, { lockTimeoutMs: 1_000 }, { onRetry: () => third.executeAll(['COMMIT']) })
    over = true
    await reading
    expect(retries.length).toBe(1)
    expect(stall).toBeGreaterThan(500)
    expect(stall).toBeLessThan(1_000 + 200)
  })

  test('one that never gets its locks fails as a whole, and says who holds them', async () => {
    await hold('SELECT FROM a')
    const error = await run([ADD_COLUMN], { lockRetries: 2 }).catch((thrown: DatabaseError) => thrown as DatabaseError)
    expect(error).toMatchObject({
      name: 'MigrationError',
      sqlState: '55P03',
      step: 2,
      message: 'the upgrade of aaaa failed at step 2 of 2: canceling statement due to lock timeout, in each of 3 tries',
      detail: expect.stringMatching(/a lock on public\.a is held by process \d+ \(user postgres, report, idle in transaction, since \S+, last query: SELECT FROM a\)[^]*nothing of it was kept/),
      hint: expect.stringContaining('pg_terminate_backend'),
    })
    expect(retries.map(({ retry, of }) => [retry, of])).toEqual([[1, 2], [2, 2]])
    expect([await log(), await noted()]).toEqual([[['aaaa', 'upgrade', 'failed', 0]], []])
    await letGo()
    await run([ADD_COLUMN])
    expect([await log(), await noted()]).toEqual([[['aaaa', 'upgrade', 'failed', 0], ['aaaa', 'upgrade', 'done', 2]], [['one', 1]]])
  })

  test('the one of two that wait for each other tries again', async () => {
    await database.executeAll(["SET deadlock_timeout = '600ms'"])
    await other.executeAll(["SET deadlock_timeout = '1min'"])
    await hold('LOCK TABLE b')
    const running = run([migration('aaaa', [], steps('LOCK TABLE a', 'LOCK TABLE b'))], { lockTimeoutMs: 5_000 })
    while ((await other.query("SELECT FROM pg_locks WHERE relation = 'b'::regclass AND NOT granted")).length === 0) await sleep(5)
    await other.executeAll(['LOCK TABLE a'])
    await letGo()
    await running
    expect(retries).toMatchObject([{ retry: 1, deadlock: true }])
    expect(await log()).toEqual([['aaaa', 'upgrade', 'done', 2]])
  })

  test('only what a transaction did last is tried again, and a function with it', async () => {
    let calls = 0
    const parts = recorded((op) => {
      op.execute("INSERT INTO noted VALUES ('one')")
      op.outsideTransaction('CREATE INDEX CONCURRENTLY a_id ON a (id)')
      op.run(async (db) => {
        if (++calls === 2) await letGo()
        await db.query("INSERT INTO noted VALUES ('two')")
      })
      op.execute('ALTER TABLE b ADD COLUMN c int')
    })
    await hold('LOCK TABLE b IN ACCESS SHARE MODE')
    await run([migration('aaaa', [], [...parts])])
    expect([calls, retries.map(({ from, to }) => [from, to])]).toEqual([2, [[3, 4]]])
    expect([await noted(), await log()]).toEqual([[['one', 1], ['two', 1]], [['aaaa', 'upgrade', 'done', 4]]])
  })

  test('all migrations of a single transaction are tried again together', async () => {
    const second = migration('bbbb', ['aaaa'], steps("INSERT INTO noted VALUES ('two')", 'ALTER TABLE b ADD COLUMN c int'))
    await hold('LOCK TABLE b IN ACCESS SHARE MODE')
    const started: string[] = []
    await upgrade({
      database,
      migrations: [ADD_COLUMN, second],
      timeouts: { lockTimeoutMs: 200 },
      singleTransaction: true,
      onEvent: (event) => {
        if (event.type === 'start') started.push(event.migration.revision)
        if (event.type === 'retry') void letGo()
      },
    })
    expect(started).toEqual(['aaaa', 'bbbb'])
    expect([await noted(), await log()]).toEqual([[['one', 1], ['two', 1]], [['aaaa', 'upgrade', 'done', 2], ['bbbb', 'upgrade', 'done', 2]]])
  })

  test('a downgrade gives way as well', async () => {
    await run([ADD_COLUMN])
    await hold('SELECT FROM a')
    const onEvent = (event: RunEvent) => event.type === 'retry' && void letGo()
    await downgrade({ database, migrations: [ADD_COLUMN], timeouts: { lockTimeoutMs: 200 }, onEvent }, 'base')
    expect(await log()).toEqual([['aaaa', 'upgrade', 'done', 2], ['aaaa', 'downgrade', 'done', 1]])
  })

  test('what waits for older transactions by its nature waits as long as it takes', async () => {
    await other.executeAll(['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT FROM b'])
    // A role may have a timeout of its own.
    await database.executeAll(["SET lock_timeout = '100ms'"])
    setTimeout(() => void letGo(), 700)
    const began = performance.now()
    await run([migration('aaaa', [], steps('outside: CREATE INDEX CONCURRENTLY a_id ON a (id)'))])
    expect(performance.now() - began).toBeGreaterThan(600)
    expect([retries, await database.query('SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = $1::regclass', ['a'])]).toEqual([[], [['a_id', true]]])
    expect(await value(database, 'SHOW lock_timeout')).toBe('100ms')
  })

  test('one that is told to give up clears away what it left before it tries again', async () => {
    await other.executeAll(['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT FROM b'])
    const [step] = recorded((op) => op.outsideTransaction('CREATE INDEX CONCURRENTLY a_id ON a (id)', { lockTimeout: '200ms', lockRetries: 3 }))
    await run([migration('aaaa', [], [step!])], {}, { onRetry: () => letGo() })
    expect(retries).toMatchObject([{ retry: 1, of: 3, waitsFor: 'older transactions' }])
    expect(await database.query("SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'a'::regclass")).toEqual([['a_id', true]])
  })

  test('a batch whose rows somebody else holds is done again, the batches before it are not', async () => {
    await database.executeAll(['ALTER TABLE a ADD COLUMN n int NOT NULL DEFAULT 0'])
    await hold('UPDATE a SET n = 10 WHERE id = 15')
    const fill = recorded((op) => op.backfill({ table: 'a', set: { n: sql`n + 1` }, batchSize: 10, lockTimeout: 300 }))
    await run([migration('aaaa', [], [...fill])], { lockTimeoutMs: 60_000 }, { onRetry: () => other.executeAll(['COMMIT']) })
    expect(retries).toMatchObject([{ retry: 1, waitsFor: 'a row of public.a' }])
    expect(await database.query('SELECT n, count(*)::int FROM a GROUP BY n ORDER BY n')).toEqual([[1, 29], [11, 1]])
  })

  test('a procedure that commits by itself is never done twice', async () => {
    await hold('LOCK TABLE b IN ACCESS SHARE MODE')
    const body = "BEGIN INSERT INTO noted VALUES ('one'); COMMIT; SET LOCAL lock_timeout = '100ms'; LOCK TABLE b; END"
    await expect(run([migration('aaaa', [], steps(`outside: DO $$${body}$$`))])).rejects.toMatchObject({ sqlState: '55P03' })
    expect([retries, await noted()]).toEqual([[], [['one', 1]]])
  })

  test('a run that is stopped does not try again', async () => {
    await hold('SELECT FROM a')
    const stop = new AbortController()
    await expect(run([ADD_COLUMN], {}, { signal: stop.signal, onRetry: () => stop.abort() })).rejects.toThrow('stopped on request')
    expect([retries.length, await noted(), await log()]).toEqual([1, [], [['aaaa', 'upgrade', 'failed', 0]]])
  })

  test('each step has the timeouts that it, its migration or the run says', async () => {
    const settings = "INSERT INTO noted VALUES (current_setting('lock_timeout') || ' ' || current_setting('statement_timeout'))"
    const parts = recorded((op) => {
      op.execute(settings)
      op.execute(settings, { lockTimeout: '0', statementTimeout: '1min' })
      op.execute(settings)
      op.outsideTransaction(settings, { lockTimeout: '3s' })
      op.outsideTransaction(`DO $$BEGIN ${settings}; COMMIT; END$$`)
      op.outsideTransaction(`DO $$BEGIN ${settings}; COMMIT; END$$`, { lockTimeout: 1500 })
      op.run((db) => db.query(settings))
    })
    const here = async () => [await value(database, 'SHOW lock_timeout'), await value(database, 'SHOW statement_timeout')]
    const seen = async () => (await database.query('SELECT what FROM noted ORDER BY ctid')).map(([what]) => what)
    const before = await here()
    await run([{ ...migration('aaaa', [], [...parts]), timeouts: { lockTimeoutMs: 700 } }], { lockTimeoutMs: 5_000, statementTimeoutMs: 90_000 })
    expect(await seen()).toEqual(['700ms 90s', '0 1min', expect.stringMatching(/^6\d\dms 90s$/), '3s 90s', '0 90s', '1500ms 90s', '700ms 90s'])
    expect(await here()).toEqual(before)
  })

  test('what a migration sets by itself stays', async () => {
    const note = "INSERT INTO noted VALUES (current_setting('lock_timeout'))"
    await run([migration('aaaa', [], steps(note, note, "SET LOCAL lock_timeout = '1min'", note, note))], { lockTimeoutMs: 90_000 })
    const seen = (await database.query('SELECT what FROM noted ORDER BY ctid')).map(([what]) => what)
    expect(seen).toEqual(['90s', expect.stringMatching(/^89\d\d\dms$/), '1min', '1min'])
  })
})
