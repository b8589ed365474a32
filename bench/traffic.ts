/**
 * `npm run bench:traffic [-- "index added" …]`: what an application notices of a change to a table of five million rows (`ROWS`), made as anybody would
 * type it and by autogen. 8 sessions write and 8 read; a report now and then keeps its transaction open for `REPORT_S` seconds. Needs a built project.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startNative } from '../src/database/native.js'
import { connectPostgres } from '../src/database/postgres.js'
import { keepOpen, Traffic, type TrafficReport } from '../test/support/traffic.js'
import { GRADUAL, schemaOf, TRAFFIC_CASES, trafficCases, type TrafficCase } from '../test/support/traffic-cases.js'

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const ROWS = Number(process.env.ROWS ?? 5_000_000)
const REPORT_S = Number(process.env.REPORT_S ?? 3)
const MAJOR = Number(process.env.BENCH_MAJOR ?? 18)
const LOCK_TIMEOUT = process.env.AUTOGEN_LOCK_TIMEOUT ?? '2s'
/** A full server of an application has more than a test's. */
const SETTINGS = { shared_buffers: '512MB', max_wal_size: '8GB', maintenance_work_mem: '256MB', max_connections: '60' }

interface Outcome extends TrafficReport {
  readonly seconds: number
  /** Why the change itself failed. */
  readonly error?: string
}

const cases = process.argv.length > 2 ? trafficCases(process.argv.slice(2)) : TRAFFIC_CASES
const server = await startNative({ major: MAJOR, settings: SETTINGS })
const stopped = () => void server.stop().then(() => process.exit(130))
process.once('SIGINT', stopped)
try {
  console.log(`${ROWS.toLocaleString('en')} rows on PostgreSQL ${MAJOR}, lock_timeout ${LOCK_TIMEOUT}; transactions of a report: ${REPORT_S} s\n`)
  console.log(line('', 'plain DDL', 'autogen', 'longest stall, failed queries, duration'))
  for (const each of cases) {
    const [naive, ours] = await compared(each)
    console.log(line(each.name, described(naive), described(ours), [...new Set([naive.error, ours.error, ours.failures[0]].filter(Boolean))].join('; ')))
  }
} finally {
  await server.stop()
}

/** One database before the change, twice: one for each way to make it. */
async function compared(each: TrafficCase): Promise<[Outcome, Outcome]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'autogen-traffic-'))
  const [url, copy] = [urlOf('ours'), urlOf('naive')]
  await execute(server.url, ['CREATE DATABASE ours'])
  try {
    const autogen = (...args: string[]) => runAutogen(folder, url, args)
    writeFileSync(path.join(folder, 'schema.ts'), schemaOf([each]))
    await autogen('-m', 'before')
    await autogen('upgrade')
    await execute(url, [...each.fill(ROWS), 'VACUUM ANALYZE', 'CHECKPOINT'])
    writeFileSync(path.join(folder, 'schema.ts'), schemaOf([], [each]))
    await autogen('-m', 'after', '--allow', 'all', ...(each.next ? ['--split'] : []))
    await execute(server.url, [`CREATE DATABASE naive TEMPLATE ours${MAJOR >= 15 ? ' STRATEGY FILE_COPY' : ''}`])
    const naive = await underTraffic(copy, each, () => execute(copy, ['BEGIN', ...each.naive, 'COMMIT']))
    if (!each.next) return [naive, await underTraffic(url, each, () => autogen('upgrade'))]
    const expand = await underTraffic(url, each, () => autogen('upgrade', 'expand@head'))
    return [naive, together(expand, await underTraffic(url, each.next, () => autogen('upgrade', 'contract@head')))]
  } finally {
    for (const name of ['naive', 'ours']) await execute(server.url, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`])
    rmSync(folder, { recursive: true, force: true })
  }
}

async function underTraffic(url: string, { reads, writes, tables }: Pick<TrafficCase, 'reads' | 'writes' | 'tables'>, change: () => Promise<unknown>): Promise<Outcome> {
  const traffic = await Traffic.start({ url, reads, writes, rows: ROWS })
  let over = false
  const reports = (async () => {
    while (!over) {
      const report = await keepOpen(url, tables)
      await sleep(REPORT_S * 1_000)
      await report.letGo()
      await sleep(REPORT_S * 500)
    }
  })()
  await sleep(500)
  const began = performance.now()
  const error = await change().then(() => undefined, (thrown: Error) => thrown.message)
  const seconds = (performance.now() - began) / 1_000
  over = true
  await reports
  return { ...(await traffic.stop()), seconds, ...(error !== undefined && { error }) }
}

function together(first: Outcome, second: Outcome): Outcome {
  const longest = [...first.longest, ...second.longest].sort((a, b) => b.ms - a.ms)
  const error = first.error ?? second.error
  return { ...second, longest, failures: [...first.failures, ...second.failures], seconds: first.seconds + second.seconds, ...(error !== undefined && { error }) }
}

function runAutogen(folder: string, url: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, DATABASE_URL: url, AUTOGEN_SCRATCH: 'server', AUTOGEN_TYPECHECK: '0', AUTOGEN_LOCK_TIMEOUT: LOCK_TIMEOUT, AUTOGEN_GRADUAL: GRADUAL, NO_COLOR: '1' }
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(told.slice(-500)))))
  })
}

async function execute(url: string, statements: readonly string[]): Promise<void> {
  const database = await connectPostgres(url)
  await database.executeAll(statements).finally(() => database.close())
}

function urlOf(database: string): string {
  return server.url.replace('/postgres?', `/${database}?`)
}

/** `3,012 ms    0   4.1 s`. */
function described({ longest, failures, seconds, error }: Outcome): string {
  const stall = `${Math.round(longest[0]?.ms ?? 0).toLocaleString('en')} ms`
  return `${stall.padStart(10)} ${String(failures.length).padStart(5)} ${(error === undefined ? `${seconds.toFixed(1)} s` : 'failed').padStart(8)}`
}

function line(name: string, naive: string, ours: string, remark: string): string {
  return `${name.padEnd(38)}${naive.padStart(26)}${ours.padStart(28)}   ${remark}`.trimEnd()
}
