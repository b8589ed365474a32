/**
 * `npm run bench [-- 100 1000 5000]`: what pull, check and a first edit cost beside `pg_dump -s` of the same database, in one run on one
 * machine, and what installable peers take (`npm ci --prefix bench/peers` installs them). Needs a built project; pg_dump is taken from PATH
 * or PG_DUMP and must not be older than the server.
 */
import { mkdtempSync, rmSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startNative } from '../src/database/native.js'
import type { Database } from '../src/database/database.js'
import { connectPostgres } from '../src/database/postgres.js'
import { diff } from '../src/differ/diff.js'
import { reflect } from '../src/reflector/reflect.js'
import { generateSchema } from './generate.js'
import { measureGraph } from './graph.js'
import { measure, median } from './measure.js'
import { describePeers, measurePeers, type PeerFigure } from './peers.js'

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const PG_DUMP = process.env.PG_DUMP ?? 'pg_dump'
const MAJOR = Number(process.env.BENCH_MAJOR ?? 15)
const sizes = process.argv.slice(2).map(Number).filter(Boolean)
const runs = 3

interface Figures {
  readonly tables: number
  readonly dump: number
  readonly rows: [name: string, ms: number, mb: number | undefined, limit?: string][]
  readonly peers: readonly PeerFigure[]
}

const all: Figures[] = []
const server = await startNative({ major: MAJOR })
try {
  for (const tables of sizes.length > 0 ? sizes : [100, 1000, 5000]) all.push(await benchmark(tables))
} finally {
  await server.stop()
}

const base = await measure(process.execPath, ['-e', '0'], { runs: 7 })
const help = await measure(process.execPath, [CLI, '--help'], { runs: 7 })
print(all)
console.log(`\nautogen --help: ${help.ms.toFixed(0)} ms, ${(help.ms - base.ms).toFixed(0)} ms more than node -e 0 (at most 40)`)
growth(all)
console.log('\nA history of 10,000 revisions (at most 100 ms each):')
for (const [name, ms] of measureGraph()) console.log(`  ${name.padEnd(26)} ${ms.toFixed(1)} ms`)

async function benchmark(tables: number): Promise<Figures> {
  const name = `bench_${tables}`
  await administer(`CREATE DATABASE ${name}`)
  const target = urlOf(name)
  const database = await connectPostgres(target)
  await database.executeAll(generateSchema(tables))
  await database.executeAll(['VACUUM ANALYZE'])

  const folder = mkdtempSync(path.join(tmpdir(), 'autogen-bench-'))
  const env = { DATABASE_URL: target, AUTOGEN_SCRATCH: 'server', NO_COLOR: '1' }
  try {
    const autogen = (args: string[], options: Parameters<typeof measure>[2] = {}) => measure(process.execPath, [CLI, ...args], { env, cwd: folder, runs, ...options })
    const dump = await measure(PG_DUMP, ['-s', '-d', target], { runs: 5 })
    const pull = await autogen(['pull', '--force'])
    const cold = await autogen(['check'], { runs: 1 })
    const check = await autogen(['check'])

    const reflections: number[] = []
    const diffs: number[] = []
    let statements = 0
    for (let run = 0; run < 5; run++) {
      const start = performance.now()
      const model = await reflect(counting(database, (count) => (statements += count)))
      reflections.push(performance.now() - start)
      const other = await reflect(database)
      const compared = performance.now()
      if (diff(model, other).length > 0) throw new Error('two readings of one database differ')
      diffs.push(performance.now() - compared)
    }

    const schema = path.join(folder, 'schema.ts')
    const source = readFileSync(schema, 'utf8')
    writeFileSync(schema, source.replace(/(\n\s+)(code: )/, '$1added_by_bench: text(),$1$2'))
    const edit = await autogen(['revision', '-m', 'one column'], { runs: 1 })
    await database.close()
    await administer(`CREATE DATABASE ${name}_copy TEMPLATE ${name}`)
    const peers = await measurePeers(target, urlOf(`${name}_copy`), tables)
    return {
      tables,
      dump: dump.ms,
      peers,
      rows: [
        ['pg_dump -s', dump.ms, dump.mb],
        ['pull', pull.ms, pull.mb],
        ['check, first', cold.ms, cold.mb],
        ['check, nothing changed', check.ms, check.mb, tables === 1000 ? '≤ 1.2 × pg_dump' : tables === 5000 ? '< 350 MB' : undefined],
        ['reflection alone', median(reflections), undefined, tables === 1000 ? '≤ 0.4 × pg_dump' : tables === 5000 ? '≤ 0.5 × pg_dump' : undefined],
        ['diff alone', median(diffs), undefined],
        ['edit to migration, proof included', edit.ms, edit.mb],
        [`statements sent by one reflection: ${statements / 5}`, NaN, undefined, 'more tables need no more; 21 of them set up two more sessions for a large catalog'],
      ],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function administer(statement: string): Promise<void> {
  const admin = await connectPostgres(server.url)
  await admin.executeAll([statement])
  await admin.close()
}

function urlOf(database: string): string {
  return server.url.replace('/postgres?', `/${database}?`)
}

/** The same session, counting what is sent through it and through those opened from it. */
function counting(database: Database, count: (statements: number) => void): Database {
  return {
    version: database.version,
    engine: database.engine,
    label: database.label,
    query: (sql, parameters) => (count(1), database.query(sql, parameters)),
    queryAll: (list) => (count(list.length), database.queryAll(list)),
    executeAll: (list) => (count(list.length), database.executeAll(list)),
    onNotice: (listener) => database.onNotice(listener),
    another: async () => counting(await database.another!(), count),
    close: () => database.close(),
  }
}

function print(figures: readonly Figures[]): void {
  console.log(describePeers().join('\n'))
  for (const { tables, dump, rows, peers } of figures) {
    console.log(`\n${tables} tables on PostgreSQL ${MAJOR}`)
    const line = (name: string, ms?: number, mb?: number, remark?: string): void => {
      const time = ms === undefined || Number.isNaN(ms) ? '' : `${ms.toFixed(0).padStart(7)} ms  ${(ms / dump).toFixed(2).padStart(6)} × pg_dump`
      console.log(`  ${name.padEnd(36)}${time}${mb === undefined ? '' : `  ${mb.toFixed(0).padStart(4)} MB`}${remark ? `   (${remark})` : ''}`)
    }
    for (const row of rows) line(...row)
    for (const { name, ms, mb, remark } of peers) line(name, ms, mb, remark)
  }
}

function growth(figures: readonly Figures[]): void {
  for (let n = 1; n < figures.length; n++) {
    const [small, large] = [figures[n - 1]!, figures[n]!]
    console.log(`\ngrowth from ${small.tables} to ${large.tables} tables (× ${large.tables / small.tables}):`)
    large.rows.forEach(([name, ms], row) => {
      if (!Number.isNaN(ms)) console.log(`  ${name.padEnd(36)}× ${(ms / small.rows[row]![1]).toFixed(1)}`)
    })
  }
}
