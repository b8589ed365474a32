import type { Database } from '../../src/database/database.js'
import { backfillBlock, backfillOf, type BackfillInput } from '../../src/revisions/backfill.js'
import { migration as declare, type MigrationOperations } from '../../src/revisions/migration.js'
import { recordSteps } from '../../src/revisions/record.js'
import type { Migration } from '../../src/revisions/revision.js'
import type { RunEvent } from '../../src/runner/run-migration.js'
import { readState, upgrade } from '../../src/runner/runner.js'
import { sql } from '../../src/sql/template.js'
import { engines } from '../support/servers.js'
import { migration, steps, TestEngine, value } from './support.js'

const recorded = (upgradeOf: (op: MigrationOperations) => void) =>
  recordSteps(declare({ revision: 'bbbb', revises: 'aaaa', upgrade: upgradeOf }).upgrade, 'bbbb', 'upgrade', '/migrations/b.ts').steps
const FIRST = migration('aaaa', [], steps('CREATE TABLE "Some T" (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, d int NOT NULL DEFAULT 1)', 'INSERT INTO "Some T" (id) SELECT n * 10 FROM generate_series(1, 95) n'))
const filling = (input: Partial<BackfillInput> = {}): Migration =>
  migration('bbbb', ['aaaa'], [
    ...recorded((op) => {
      op.execute('ALTER TABLE "Some T" ADD COLUMN later text')
      // Not what anybody should write, but it shows a row that is done twice.
      op.backfill({ table: '"Some T"', set: { n: sql`n + 1 / d` }, batchSize: 10, ...input })
      op.execute('ALTER TABLE "Some T" ALTER COLUMN n DROP DEFAULT')
    }),
  ])

describe.each(engines)('on %s', (name) => {
  const engine = new TestEngine(name)
  let database: Database
  afterAll(() => engine.close())
  beforeEach(async () => {
    database = await engine.fresh()
    await upgrade({ database, migrations: [FIRST] })
  })

  const counts = () => database.query('SELECT n, count(*)::int FROM "Some T" GROUP BY n ORDER BY n')
  const last = async () => (await readState(database)).entries.at(-1)

  test('rows are updated batch by batch, each committed by itself', async () => {
    const progress: Extract<RunEvent, { type: 'progress' }>[] = []
    await upgrade({ database, migrations: [FIRST, filling()], onEvent: (event) => event.type === 'progress' && progress.push(event) })
    expect(progress.map(({ rows, reached, step }) => [step, rows, reached])).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 950].map((key, n) => [2, Math.min((n + 1) * 10, 95), String(key)]))
    expect(await counts()).toEqual([[1, 95]])
    expect(await last()).toMatchObject({ outcome: 'done', stepsDone: 3, progress: null })
    expect(await value(database, 'SELECT count(DISTINCT xmin::text)::int FROM "Some T"')).toBe(10)
  })

  test('only the rows that are asked for', async () => {
    await upgrade({ database, migrations: [FIRST, filling({ where: sql`id % 20 = 0`, set: { n: 7 }, batchSize: 1000 })] })
    expect(await counts()).toEqual([[0, 48], [7, 47]])
  })

  test('stopped on request, the next run goes on behind what is done', async () => {
    const stop = new AbortController()
    let batches = 0
    const onEvent = (event: RunEvent) => event.type === 'progress' && ++batches === 3 && stop.abort()
    await expect(upgrade({ database, migrations: [FIRST, filling()], onEvent, signal: stop.signal })).rejects.toMatchObject({
      detail: expect.stringContaining('step 1 is done; the next upgrade goes on in step 2, behind the row 300'),
    })
    expect(await last()).toMatchObject({ outcome: 'failed', stepsDone: 1, progress: '300' })
    await upgrade({ database, migrations: [FIRST, filling()] })
    expect(await counts()).toEqual([[1, 95]])
    expect((await readState(database)).rows).toEqual(['bbbb'])
  })

  test('a row that cannot be updated takes its batch back, not those before', async () => {
    await database.executeAll(['UPDATE "Some T" SET d = 0 WHERE id = 450'])
    await expect(upgrade({ database, migrations: [FIRST, filling()] })).rejects.toMatchObject({ message: 'the upgrade of bbbb failed at step 2 of 3: division by zero' })
    expect(await counts()).toEqual([[0, 55], [1, 40]])
    await database.executeAll(['UPDATE "Some T" SET d = 1'])
    await upgrade({ database, migrations: [FIRST, filling()] })
    expect(await counts()).toEqual([[1, 95]])
  })

  test('as the first step, and where there is nothing to do', async () => {
    const only = (input: BackfillInput) => migration('bbbb', ['aaaa'], [...recorded((op) => op.backfill(input))])
    await upgrade({ database, migrations: [FIRST, only({ table: '"Some T"', set: { n: 1 }, where: 'id < 0' })] })
    expect(await counts()).toEqual([[0, 95]])
  })

  test('a key that is no column', async () => {
    await expect(upgrade({ database, migrations: [FIRST, filling({ key: 'nr' })] })).rejects.toMatchObject({
      message: 'the upgrade of bbbb failed at step 2 of 3: the backfill of "Some T" takes its rows by nr, which is no column of it',
      hint: expect.stringContaining('name a unique column of it'),
    })
  })

  test('keys of other types', async () => {
    await database.executeAll([
      `CREATE TABLE keyed (k text COLLATE "C" PRIMARY KEY, u uuid UNIQUE, t timestamptz UNIQUE, n int)`,
      `INSERT INTO keyed SELECT 'it''s ' || n, md5(n::text)::uuid, '2026-01-01'::timestamptz + n * interval '1.5 ms' FROM generate_series(1, 30) n`,
    ])
    const by = (key: string, n: number) => recorded((op) => op.backfill({ table: 'public.keyed', set: { n }, where: `n IS DISTINCT FROM ${n}`, key, batchSize: 7 }))
    await upgrade({ database, migrations: [FIRST, migration('bbbb', ['aaaa'], [...by('k', 1), ...by('u', 2), ...by('t', 3)])] })
    expect(await database.query('SELECT n, count(*)::int FROM keyed GROUP BY n')).toEqual([[3, 30]])
  })

  test('a script does the same', async () => {
    await database.executeAll([backfillBlock(backfillOf({ table: '"Some T"', set: { n: sql`n + 1` }, batchSize: 10, pauseMs: 1 }, { file: 'm.ts', line: 1 }))])
    expect(await counts()).toEqual([[1, 95]])
    expect(await value(database, 'SELECT count(DISTINCT xmin::text)::int FROM "Some T"')).toBe(10)
  })

  test('in scratch it is one statement', async () => {
    await upgrade({ database, migrations: [FIRST, filling()], scratch: true })
    expect(await counts()).toEqual([[1, 95]])
    expect(await value(database, 'SELECT count(DISTINCT xmin::text)::int FROM "Some T"')).toBe(1)
  })
})

test.each([
  [{ set: {} }, 'a backfill sets nothing'],
  [{ batchSize: 0 }, 'the batchSize of a backfill is 0'],
  [{ pauseMs: -1 }, 'the pauseMs of a backfill is -1'],
  [{ set: { id: 1 } }, 'a backfill cannot set id, by which it takes the rows'],
])('what makes no sense is said with its place: %j', (input, message) => {
  expect(() => recorded((op) => op.backfill({ table: 't', set: { n: 1 }, ...input }))).toThrow(expect.objectContaining({ message, at: expect.objectContaining({ file: expect.stringContaining('backfill.test') }) }))
})
