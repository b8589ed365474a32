import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../src/database/database.js'
import { startNative, type NativeServer } from '../../src/database/native.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { Sandbox } from '../cli/sandbox.js'
import { observe } from '../support/observer.js'
import { CrashingServer } from '../support/restart.js'
import { majors } from '../support/servers.js'

/** Moments at which a run is cut off; `npm run test:kill` tries many more. */
const KILLS = Number(process.env.KILLS ?? 6)

const outside = (sql: string) => `op.outsideTransaction(${JSON.stringify(sql)})`
const inside = (sql: string) => `op.execute(${JSON.stringify(sql)})`

/** Thirty steps, some in a transaction and some not, that take some time each; a few that are outside could stand in a transaction as well. */
const STEPS = [
  inside(`CREATE TYPE mood AS ENUM ('sad')`),
  inside('CREATE TABLE people (id integer, mood mood, name text)'),
  inside(`INSERT INTO people SELECT n, 'sad', 'person ' || n FROM generate_series(1, 3000) n`),
  outside('CREATE UNIQUE INDEX CONCURRENTLY people_id ON people (id)'),
  inside('ALTER TABLE people ADD CONSTRAINT people_pkey PRIMARY KEY USING INDEX people_id'),
  outside(`ALTER TYPE mood ADD VALUE 'happy'`),
  inside(`UPDATE people SET mood = 'happy' WHERE id % 2 = 0`),
  outside('VACUUM people'),
  ...['name', 'mood', '(lower(name))'].map((what, n) => outside(`CREATE INDEX CONCURRENTLY people_${n} ON people (${what.replace(/^\((.*)\)$/, '($1)')})`)),
  outside('CREATE INDEX CONCURRENTLY ON people (name, mood)'),
  inside(`CREATE TABLE events (at integer, what text) PARTITION BY RANGE (at); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE events_2 (LIKE events)`),
  inside(`INSERT INTO events SELECT n, 'event ' || n FROM generate_series(0, 999) n; INSERT INTO events_2 SELECT n + 1000, what FROM events, LATERAL (SELECT at) one(n)`),
  outside('ALTER TABLE events_2 ADD CONSTRAINT within CHECK (at >= 1000 AND at < 2000 AND at IS NOT NULL) NOT VALID'),
  outside('ALTER TABLE events_2 VALIDATE CONSTRAINT within'),
  outside('ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000)'),
  outside('CREATE INDEX events_at ON ONLY events (at)'),
  outside('CREATE INDEX CONCURRENTLY events_2_at ON events_2 (at)'),
  outside('ALTER INDEX events_at ATTACH PARTITION events_2_at'),
  outside('ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY'),
  inside('ALTER TABLE people ADD COLUMN score integer; UPDATE people SET score = 0'),
  `op.backfill({ table: 'people', set: { score: sql\`score + id * 2\` }, batchSize: 100 })`,
  inside('ALTER TABLE people ADD CONSTRAINT scored CHECK (score IS NOT NULL) NOT VALID'),
  outside('ALTER TABLE people VALIDATE CONSTRAINT scored'),
  inside('ALTER TABLE people ALTER COLUMN score SET NOT NULL; ALTER TABLE people DROP CONSTRAINT scored'),
  outside('DROP INDEX CONCURRENTLY people_0'),
  outside('REINDEX TABLE CONCURRENTLY people'),
  outside('INSERT INTO people SELECT max(id) + 1, NULL, NULL, 0 FROM people'),
  outside('DROP INDEX CONCURRENTLY people_2'),
]

let box: Sandbox
let native: NativeServer
let server: CrashingServer

beforeAll(async () => {
  box = new Sandbox()
  box.write('migrations/1.ts', `import { migration, sql } from 'pg-autogen'\nexport default migration({\n  revision: '0123456789ab', revises: null, message: 'long',\n  upgrade: (op) => {\n    ${STEPS.join('\n    ')}\n  },\n  downgrade: (op) => op.irreversible('not asked for'),\n})\n`)
  native = await startNative({ major: majors.at(-1)!, settings: { max_connections: '60' } })
  server = await CrashingServer.of(native.url)
})

afterAll(async () => {
  await server.stop()
  await native.stop()
  box.remove()
})

async function administer(sql: string): Promise<void> {
  const database = await connectPostgres(native.url)
  await database.executeAll([sql]).finally(() => database.close())
}

const urlOf = (name: string) => native.url.replace('/postgres?', `/${name}?`)

/** Everything that the migration leads to. */
async function stateOf(name: string): Promise<unknown> {
  const database = await connectPostgres(urlOf(name))
  try {
    const rows = await database.query(`
      SELECT (SELECT count(*) || md5(string_agg(p::text, ',' ORDER BY p.id)) FROM people p), (SELECT count(*) FROM events), (SELECT count(*) FROM events_1), (SELECT count(*) FROM pg_inherits WHERE inhdetachpending), (SELECT string_agg(conname, ',') FROM pg_constraint WHERE NOT convalidated),
        (SELECT string_agg(revision, ',') FROM autogen.autogen_version), (SELECT count(*) FROM pg_index WHERE NOT indisvalid)`)
    return [rows, await observe(database)]
  } finally {
    await database.close()
  }
}

/** Waits until the log of a run says that so many steps are done, or the run is over. */
async function reached(name: string, step: number, over: () => boolean): Promise<void> {
  const database = await connectPostgres(urlOf(name))
  while (!over() && (await stepsDone(database)) < step) await sleep(1)
  await database.close()
}

/** -1 before there is a log, and again when a server that crashed had not written it yet. */
async function stepsDone(database: Database): Promise<number> {
  const [row] = await database.query('SELECT max(steps_done) FROM autogen.autogen_history').catch(() => [])
  return (row?.[0] as number | null | undefined) ?? -1
}

test(`a migration of ${STEPS.length} steps that is cut off at ${KILLS} moments always ends as if it never was`, async () => {
  expect(STEPS).toHaveLength(30)
  await administer('CREATE DATABASE whole')
  await box.ok('upgrade', '-d', urlOf('whole'))
  const expected = await stateOf('whole')

  const cut: { how: string; steps: number }[] = []
  let runs = 0
  for (; cut.length < KILLS && runs < KILLS * 2; runs++) {
    const name = `cut_${runs}`
    await administer(`CREATE DATABASE ${name}`)
    const child = box.start(['upgrade', '-d', urlOf(name)])
    let isOver = false
    const outcome = child.outcome.finally(() => (isOver = true))
    // Spread evenly over the steps, and over what a step takes.
    await reached(name, Math.floor(STEPS.length * ((runs * 0.618) % 1)), () => isOver)
    await sleep((runs * 3.7) % 20)
    const how = ['kill', 'terminate', 'crash'][runs % 3]!
    if (how === 'kill') child.kill('SIGKILL')
    else if (how === 'terminate') await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
    else {
      await server.crash()
      await server.start()
    }
    if ((await outcome).code !== 0) {
      const database = await connectPostgres(urlOf(name))
      cut.push({ how, steps: await stepsDone(database) })
      await database.close()
    }
    const next = await box.run(['upgrade', '-d', urlOf(name)])
    expect([runs, how, next.code, next.stderr]).toEqual([runs, how, 0, expect.any(String)])
    expect([runs, how, await stateOf(name)]).toEqual([runs, how, expected])
    await administer(`DROP DATABASE ${name} WITH (FORCE)`)
  }
  const places = new Set(cut.map(({ steps }) => steps))
  const times = (how: string) => cut.filter((each) => each.how === how).length
  if (process.env.KILLS) console.log(`${cut.length} of ${runs} runs were cut off, behind ${places.size} different steps: ${times('kill')} by SIGKILL, ${times('terminate')} with their session, ${times('crash')} with the server`)
  // Otherwise hardly anything was tried.
  expect(cut).toHaveLength(KILLS)
  expect(places.size).toBeGreaterThanOrEqual(Math.min(KILLS, STEPS.length) / 2)
}, 60_000 + KILLS * 20_000)
