import { setTimeout as sleep } from 'node:timers/promises'
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

test(`a migration of ${STEPS.length} steps that is cut off at ${KILLS} moments always ends as if it never was`, async () => {
  expect(STEPS).toHaveLength(30)
  const times: number[] = []
  for (const name of ['first', 'whole']) {
    await administer(`CREATE DATABASE ${name}`)
    const began = performance.now()
    await box.ok('upgrade', '-d', urlOf(name))
    times.push(performance.now() - began)
  }
  const expected = await stateOf('whole')

  let cut = 0
  for (let run = 0; run < KILLS; run++) {
    const name = `cut_${run}`
    await administer(`CREATE DATABASE ${name}`)
    const child = box.start(['upgrade', '-d', urlOf(name)])
    // Without what it takes to start, moments spread evenly over the run.
    await sleep(Math.min(...times) * (0.3 + 0.65 * ((run * 0.618) % 1)))
    const how = ['kill', 'terminate', 'crash'][run % 3]!
    if (how === 'kill') child.kill('SIGKILL')
    else if (how === 'terminate') await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
    else {
      await server.crash()
      await server.start()
    }
    const { code } = await child.outcome
    if (code !== 0) cut++
    const next = await box.run(['upgrade', '-d', urlOf(name)])
    expect([run, how, next.code, next.stderr]).toEqual([run, how, 0, expect.any(String)])
    expect([run, how, await stateOf(name)]).toEqual([run, how, expected])
    await administer(`DROP DATABASE ${name} WITH (FORCE)`)
  }
  // Otherwise hardly anything was tried.
  expect(cut).toBeGreaterThan(KILLS / 3)
}, 60_000 + KILLS * 20_000)
