import { connectPostgres } from '../../src/database/postgres.js'
import { lockKey } from '../../src/runner/lock.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox
let url: string

beforeEach(async () => {
  box = new Sandbox()
  url = await freshDatabase(Math.max(...majors))
  box.env = { DATABASE_URL: url }
})

afterEach(() => box.remove())

function add(revision: string, revises: string | null, ...upgrade: string[]): void {
  box.write(`migrations/${revision}.ts`, `import { migration, secret, sql } from 'pg-autogen'
export default migration({ revision: '${revision}', revises: ${JSON.stringify(revises)}, message: 'the ${revision}',
  upgrade: (op) => {
    ${upgrade.join('\n    ')}
  },
  downgrade: () => {},
})
`)
}

type Event = Record<string, unknown> & { event: string; time: string; level: string }

async function logged(...args: string[]) {
  const { code, stdout, stderr } = await box.run([...args, '--log', 'json'])
  const events = stderr.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Event)
  for (const { time, level } of events) expect([time, level]).toEqual([expect.stringMatching(/^\d{4}-.*Z$/), expect.stringMatching(/^(debug|info|warn|error)$/)])
  return { code, stdout, stderr, events, named: (name: string) => events.filter(({ event }) => event === name) }
}

test('--log json: each event of a run is one line of JSON on stderr, the result on stdout stays', async () => {
  add('aaaa', null, "op.execute('CREATE TABLE public.t AS SELECT n AS id, 0 AS done FROM generate_series(1, 500) n')", "op.execute('ALTER TABLE public.t ADD PRIMARY KEY (id)')")
  add('bbbb', 'aaaa', "op.backfill({ table: 'public.t', set: { done: 1 }, where: sql`done = 0`, key: 'id', batchSize: 200 })")
  const { code, stdout, events, named } = await logged('upgrade')
  expect([code, stdout]).toEqual([0, 'done: the database is at bbbb\n'])
  expect(events[0]).toMatchObject({ event: 'command.start', command: 'upgrade' })
  expect(named('stage').map(({ stage }) => stage)).toContain('connecting to the database')
  expect(named('migration.start')).toMatchObject([{ revision: 'aaaa', direction: 'upgrade', message: 'the aaaa', steps: 2 }, { revision: 'bbbb', steps: 1, file: box.path('migrations/bbbb.ts') }])
  expect(named('steps')[0]).toMatchObject({ revision: 'aaaa', from: 1, to: 2, file: box.path('migrations/aaaa.ts'), line: 4 })
  expect(named('backfill.progress').map(({ step, rows }) => [step, rows])).toEqual([[1, 200], [1, 400], [1, 500]])
  expect(named('migration.done')).toMatchObject([{ revision: 'aaaa', milliseconds: expect.any(Number) }, { revision: 'bbbb' }])
  expect(events.at(-1)).toMatchObject({ event: 'command.end', exitCode: 0, milliseconds: expect.any(Number) })
})

test('a failure is an event with its SQLSTATE and place; no secret is in it', async () => {
  add('aaaa', null, "op.execute('CREATE TABLE public.t ()')", "op.execute(sql`SELECT ${secret('THE_PASSWORD')}::integer`)")
  box.env = { ...box.env, THE_PASSWORD: 's3cr3t-word', AUTOGEN_LOG: 'json' }
  const { code, stdout, stderr, named } = await logged('upgrade', '--json')
  expect(code).toBe(1)
  const facts = { revision: 'aaaa', direction: 'upgrade', step: 2, sqlState: '22P02', statement: expect.stringMatching(/^SELECT .*THE_PASSWORD.*::integer$/) }
  expect(JSON.parse(stdout)).toMatchObject({ error: { type: 'MigrationError', ...facts, at: { file: box.path('migrations/aaaa.ts'), line: 5 } } })
  const place = { ...facts, file: box.path('migrations/aaaa.ts'), line: 5 }
  expect([named('migration.failed'), named('error')]).toMatchObject([[{ ...place, level: 'error', milliseconds: expect.any(Number) }], [place]])
  expect(`${stdout}${stderr}`).toContain('invalid input syntax for type integer')
  expect(`${stdout}${stderr}`).not.toContain('s3cr3t')
})

test('what waits for another run says so; other commands and wrong usage are logged alike', async () => {
  add('aaaa', null, "op.execute('CREATE TABLE public.t ()')")
  const holder = await connectPostgres(url)
  await holder.query(`SELECT pg_catalog.pg_advisory_lock(${lockKey('autogen')})`)
  const runs = ['upgrade', 'stamp aaaa', 'ensure-version'].map((line) => box.start([...line.split(' '), '--log', 'json']))
  await Promise.all(runs.map((run) => new Promise<void>((resolve) => run.stderr!.on('data', (text: string) => text.includes('lock.waiting') && resolve()))))
  await holder.close()
  for (const run of runs) {
    const { code, stderr } = await run.outcome
    const waiting = stderr.split('\n').filter((line) => line.includes('lock.waiting')).map((line) => JSON.parse(line) as Event)
    expect([code, waiting]).toMatchObject([0, [{ level: 'warn', holder: expect.stringMatching(/^process \d+ /) }]])
  }

  expect((await logged('heads')).events.map(({ event }) => event)).toEqual(expect.arrayContaining(['command.start', 'command.end']))
  expect((await logged('current', '-d', await freshDatabase(Math.max(...majors)))).named('note')).toMatchObject([{ message: 'no migration has been applied' }, {}])
  expect((await logged('chek')).events).toMatchObject([{ event: 'error', message: 'unknown command "chek"', hint: 'did you mean autogen check?' }, { event: 'command.end', exitCode: 1 }])
  expect(await box.run(['heads', '--log', 'xml'])).toMatchObject({ code: 1, stdout: '', stderr: 'error: there is no log "xml"\nhint: use --log text or --log json (AUTOGEN_LOG)\n' })
})
