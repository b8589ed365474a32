import { rmSync } from 'node:fs'
import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox

beforeEach(async () => {
  box = new Sandbox()
  box.env = { DATABASE_URL: await freshDatabase(Math.max(...majors)) }
  box.write('migrations/20260101_0900_aaaa_first.ts', migration('aaaa', 'null', 'first', 'CREATE TABLE public.a (id integer)', 'DROP TABLE public.a'))
  box.write('migrations/20260102_0900_bbbb_second.ts', migration('bbbb', "'aaaa'", 'second', 'CREATE TABLE public.b (id integer)', 'DROP TABLE public.b'))
})

afterEach(() => box.remove())

function migration(revision: string, revises: string, message: string, up: string, down: string): string {
  return `import { migration } from 'pg-autogen'
export default migration({
  revision: '${revision}', revises: ${revises}, message: '${message}',
  upgrade: (op) => op.execute('${up}'), downgrade: (op) => op.execute('${down}'),
})`
}

test('status tells where the database is, what is pending and what was edited', async () => {
  const fresh = await box.ok('status')
  expect(fresh).toMatch(/current +base: no migration is applied\npending +2 migrations: autogen upgrade\n {2}↑ aaaa .*first \(1 step\)\n {2}↑ bbbb .*second \(head\) \(1 step\)\n$/)
  expect(fresh).toContain('/test_')
  await box.ok('upgrade', 'aaaa')
  box.edit('migrations/20260101_0900_aaaa_first.ts', 'id integer', 'id bigint')
  const text = await box.ok('status')
  expect(text).toMatch(/current +aaaa .*first/)
  expect(text).toMatch(/edited +aaaa after it was applied: migrations\/20260101_0900_aaaa_first\.ts\n/)
  expect(text).toMatch(/last run +upgrade aaaa done in \d+\.\d\d s, started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by /)
  const json = JSON.parse(await box.ok('status', '--json'))
  expect(json).toMatchObject({ current: ['aaaa'], unknown: [], heads: ['bbbb'], pending: [{ revision: 'bbbb', steps: 1 }], edited: [{ revision: 'aaaa' }], unfinished: null })
})

test('a migration that failed is told of once, also where nothing of it was kept', async () => {
  box.edit('migrations/20260102_0900_bbbb_second.ts', 'CREATE TABLE public.b (id integer)', 'SELECT 1/0')
  await box.run(['upgrade'])
  expect(await box.ok('status')).toMatch(/\)\nlast run +upgrade bbbb failed, started .*: division by zero\n$/)
  box.edit('migrations/20260102_0900_bbbb_second.ts', "op.execute('SELECT 1/0')", "(op.execute('SELECT 1'), op.outsideTransaction('SELECT 1/0'))")
  await box.run(['upgrade'])
  expect(await box.ok('status')).toMatch(/\)\nunfinished +upgrade bbbb failed after step 1, started .*: division by zero\n$/)
})

test('status copes with a database that is ahead of the folder', async () => {
  await box.ok('upgrade')
  rmSync(box.path('migrations/20260102_0900_bbbb_second.ts'))
  expect(await box.ok('status')).toMatch(/current +bbbb \(not in the migrations folder\)\npending +cannot be told/)
})

test('a dry run says what would be done and does nothing', async () => {
  expect(await box.ok('upgrade', '--dry-run')).toBe('↑ aaaa first (1 step)\n↑ bbbb second (1 step)\nthe database would be at bbbb (is at base); nothing was run\n')
  expect(await box.ok('stamp', 'bbbb', '--dry-run')).toBe('would stamp bbbb\n')
  expect(await box.ok('current')).toBe('')
  await box.ok('upgrade')
  expect(JSON.parse(await box.ok('downgrade', '-1', '--dry-run', '--json'))).toEqual({
    direction: 'downgrade', before: ['bbbb'], after: ['aaaa'], wouldRun: [{ revision: 'bbbb', message: 'second' }],
  })
  expect(await box.ok('current')).toMatch(/^bbbb /)
})

test('--sql needs no database', async () => {
  box.env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }
  expect(await box.ok('upgrade', '--sql', 'aaaa:bbbb')).toMatch(/^-- upgrade from aaaa to bbbb\n[^]*CREATE TABLE public\.b \(id integer\);/)
  expect(await box.ok('downgrade', '--sql', 'bbbb:base')).toMatch(/DROP TABLE public\.b;[^]*DROP TABLE public\.a;/)
  expect(JSON.parse(await box.ok('stamp', '--sql', '--json', 'head')).sql).toContain("VALUES ('bbbb')")
  expect(await box.run(['downgrade', '--sql', 'base'])).toMatchObject({ code: 1, stderr: expect.stringContaining('write from:to, as in head:base') })
})

test('B52 current and --check-heads: no table, which is not made, behind, two heads, one that a dependency implies', async () => {
  expect(await box.run(['current', '--check-heads'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/no migration has been applied\n.*2 migrations are not applied: autogen upgrade head\n.*missing: bbbb/) })
  const session = await connectPostgres(box.env.DATABASE_URL!)
  expect(await session.query(`SELECT FROM pg_namespace WHERE nspname = 'autogen'`)).toEqual([])
  await session.close()
  await box.ok('upgrade', 'aaaa')
  expect(await box.run(['current'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^aaaa .*first\n$/) })
  expect((await box.run(['current', '--check-heads'])).code).toBe(1)
  await box.ok('upgrade')
  expect(await box.run(['current', '--check-heads'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^bbbb .*second \(head\)\n$/), stderr: '' })
  box.write('migrations/20260103_0900_cccccccc_third.ts', migration('cccccccc', "'aaaa'", 'third', 'SELECT 1', 'SELECT 1'))
  expect(await box.run(['current', '--check-heads'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/1 migration is not applied: autogen upgrade heads\n.*missing: cccccccc/) })
  await box.ok('upgrade', 'heads')
  expect(await box.ok('current', '--check-heads')).toMatch(/^bbbb {6}.*\(head\)\ncccccccc {2}.*\(head\)\n$/)
  box.write('migrations/20260104_0900_dddd_fourth.ts', migration('dddd', "'cccccccc', dependsOn: 'bbbb'", 'fourth', 'SELECT 1', 'SELECT 1'))
  await box.ok('upgrade', 'heads')
  expect(await box.ok('current', '--check-heads')).toMatch(/^dddd .*fourth \(head\)\n$/)
})
