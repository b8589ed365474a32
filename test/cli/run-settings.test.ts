import { connectPostgres } from '../../src/database/postgres.js'
import { lockKey } from '../../src/runner/lock.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox
let url: string

beforeEach(async () => {
  box = new Sandbox()
  url = await freshDatabase(majors.at(-1)!)
  box.env = { DATABASE_URL: url }
})

afterEach(() => box.remove())

function add(revision: string, revises: string | null, ...upgrade: string[]): void {
  box.write(`migrations/${revision}.ts`, `import { migration, sql } from 'pg-autogen'
export default migration({
  revision: '${revision}', revises: ${JSON.stringify(revises)}, message: 'the ${revision}',
  upgrade: (op) => {
    ${upgrade.join('\n    ')}
  },
  downgrade: () => {},
})
`)
}

test('callbacks in the configuration are called around migrations and steps, and one that throws ends the run', async () => {
  add('aaaa', null, "op.execute('CREATE TABLE public.a ()')", "op.execute('CREATE TABLE public.b ()')")
  add('bbbb', 'aaaa', "op.execute('CREATE TABLE public.c ()')")
  box.write('autogen.config.ts', `import { appendFileSync } from 'node:fs'
import { defineConfig } from 'pg-autogen'
const note = (text: string) => appendFileSync('calls', text + '\\n')
export default defineConfig({
  beforeMigration: ({ revision }, direction) => { note('before ' + direction + ' ' + revision); if (revision === 'bbbb') throw new Error('not on a Friday') },
  afterMigration: async ({ revision }) => note('after ' + revision),
  onStep: ({ sql }, { number }) => note(number + ' ' + sql),
})
`)
  expect(await box.run(['upgrade'])).toMatchObject({ code: 1, stderr: expect.stringContaining('not on a Friday') })
  expect(box.read('calls')).toBe('before upgrade aaaa\n1 CREATE TABLE public.a ()\n2 CREATE TABLE public.b ()\nafter aaaa\nbefore upgrade bbbb\n')
  expect(await box.ok('current')).toMatch(/^aaaa /)
})

test('how long another run is waited for: a flag, a variable or a setting', async () => {
  add('aaaa', null, "op.execute('CREATE TABLE public.a ()')")
  const holder = await connectPostgres(url)
  await holder.query(`SELECT pg_catalog.pg_advisory_lock(${lockKey('autogen')})`)
  const busy = { code: 1, stderr: expect.stringMatching(/another run is migrating this database: process \d+ .* holds the lock\nwaited 0 s\n/) }
  expect(await box.run(['upgrade', '--wait-for-run', '0'])).toMatchObject(busy)
  expect(await box.run(['stamp', 'head'], { env: { AUTOGEN_WAIT_FOR_RUN: '0.1' } })).toMatchObject(busy)
  box.write('autogen.config.ts', 'export default { waitForRun: 0 }')
  expect(await box.run(['upgrade'])).toMatchObject(busy)
  await holder.close()
  expect(await box.ok('upgrade')).toContain('done')
})

test.each([
  [['upgrade', '--wait-for-run', 'soon'], {}, '', '--wait-for-run soon is no number of seconds\nhint: write --wait-for-run 60'],
  [['upgrade', '--wait-for-replicas', '0'], {}, '', '--wait-for-replicas 0 is no number of seconds\nhint: write --wait-for-replicas 60'],
  [['upgrade'], { AUTOGEN_WAIT_FOR_REPLICAS: 'yes' }, '', 'AUTOGEN_WAIT_FOR_REPLICAS yes is no number of seconds\nhint: write AUTOGEN_WAIT_FOR_REPLICAS=60'],
  [['upgrade'], {}, 'waitForReplicas: true', 'the setting "waitForReplicas" of the configuration must be a number of seconds, not a boolean'],
  [['upgrade'], {}, 'onStep: 5', 'the setting "onStep" of the configuration must be a function, not a number'],
])('%j %j %s is wrong usage', async (args, env, config, message) => {
  if (config) box.write('autogen.config.ts', `export default { ${config} }`)
  expect(await box.run(args, { env })).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`error: ${message}\n`) })
})

test('a failing step: its place, statement, SQLSTATE, detail and hint, and what is kept', async () => {
  add('aaaa', null, "op.execute('CREATE TABLE public.t (id integer PRIMARY KEY)')", "op.execute(sql`INSERT INTO public.t\n      SELECT 7 FROM generate_series(1, 2)`)")
  const { code, stdout, stderr } = await box.run(['upgrade'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/error: the upgrade of aaaa \(the aaaa\) failed at step 2 of 2: duplicate key value violates unique constraint "t_pkey"\n {2}at migrations\/aaaa\.ts:6:\d+\nSQLSTATE 23505\nKey \(id\)=\(7\) already exists\.\n {2}INSERT INTO public\.t\n {8}SELECT 7 FROM generate_series\(1, 2\)\nnothing of it was kept\n$/)
  add('aaaa', null, "op.execute('SELECT length(5)')")
  expect((await box.run(['upgrade'])).stderr).toMatch(/at migrations\/aaaa\.ts:5:\d+\nSQLSTATE 42883\n {2}SELECT length\(5\)\n {9}\^\nnothing of it was kept\nhint: No function matches the given name and argument types\./)
  add('aaaa', null, "op.execute('CREATE TABLE public.d (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED)')", "op.execute('INSERT INTO public.d VALUES (1), (1)')")
  expect((await box.run(['upgrade'])).stderr).toMatch(/error: the upgrade of aaaa \(the aaaa\) failed: duplicate key [^]*\n {2}at migrations\/aaaa\.ts:\d+\nSQLSTATE 23505\nKey \(id\)=\(1\) already exists\.\nnothing of it was kept\n$/)
})
