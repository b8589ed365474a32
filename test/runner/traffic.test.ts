import { connectPostgres } from '../../src/database/postgres.js'
import { Sandbox } from '../cli/sandbox.js'
import { freshDatabase, majors } from '../support/servers.js'
import { keepOpen, Traffic, type TrafficReport } from '../support/traffic.js'
import { GRADUAL, schemaOf, trafficCases, type TrafficCase } from '../support/traffic-cases.js'

/** The changes that an application must not notice, those of a migration, or of a release, together. */
const UNNOTICED = [
  trafficCases([
    'column added with a default', 'enum value added', 'partition added', 'view over a changed column replaced', 'column type changed',
    'index added', 'unique added', 'foreign key added', 'check added', 'NOT NULL set',
  ]),
  trafficCases(['column renamed', 'table renamed']),
]
const ROWS = 5_000
const LOCK_TIMEOUT_MS = 500
let box: Sandbox
beforeEach(() => {
  box = new Sandbox()
  box.env = { AUTOGEN_LOCK_TIMEOUT: `${LOCK_TIMEOUT_MS}ms`, AUTOGEN_GRADUAL: GRADUAL }
})
afterEach(() => box.remove())

async function execute(url: string, statements: readonly string[]): Promise<void> {
  const database = await connectPostgres(url)
  await database.executeAll(statements).finally(() => database.close())
}

/** Does `change` while 16 sessions go on with their queries and the transaction of a report is open, until `change` lets it go. */
async function underTraffic(url: string, cases: readonly Pick<TrafficCase, 'tables' | 'reads' | 'writes'>[], change: (letGo: () => Promise<void>) => Promise<unknown>): Promise<TrafficReport> {
  const [reads, writes] = [cases.flatMap((each) => each.reads), cases.flatMap((each) => each.writes)]
  const traffic = await Traffic.start({ url, reads, writes, rows: ROWS, readers: 8, writers: 8 })
  const report = await keepOpen(url, cases.flatMap(({ tables }) => tables))
  await change(() => report.letGo())
  return traffic.stop()
}

test('an application notices nothing of migrations', async () => {
  const all = UNNOTICED.flat()
  const url = (box.env.DATABASE_URL = await freshDatabase(majors.at(-1)!))
  box.write('schema.ts', schemaOf(all))
  await box.ok('-m', 'before')
  await box.ok('upgrade')
  await execute(url, all.flatMap(({ fill }) => fill(ROWS)))
  for (const [index, cases] of UNNOTICED.entries()) {
    box.write('schema.ts', schemaOf(UNNOTICED.slice(index + 1).flat(), UNNOTICED.slice(0, index + 1).flat()))
    const next = cases.flatMap((each) => each.next ?? [])
    await box.ok('-m', `change ${index}`, '--allow', 'all', ...(next.length > 0 ? ['--split'] : []))
    for (const [target, used] of next.length > 0 ? ([['expand@head', cases], ['contract@head', next]] as const) : ([['head', cases]] as const)) {
      const { longest, failures, queries, lateMs } = await underTraffic(url, used, async (letGo) => {
        const run = box.start(['upgrade', target])
        run.stderr!.on('data', (told: string) => told.includes('retry 2 of 10') && void letGo())
        expect(await run.outcome).toMatchObject({ code: 0, stderr: expect.stringContaining('retry 2 of 10') })
      })
      expect(failures).toEqual([])
      expect(longest.length).toBe(new Set(used.flatMap(({ reads, writes }) => [...reads, ...writes]).map(({ name }) => name)).size)
      expect(queries).toBeGreaterThan(500)
      expect(longest[0]!.ms).toBeLessThan(LOCK_TIMEOUT_MS + 200 + lateMs)
    }
  }
  expect(await box.run(['check'])).toMatchObject({ code: 0 })
})

test('of plain DDL it would notice', async () => {
  const [users] = trafficCases(['column added with a default'])
  const url = await freshDatabase(majors.at(-1)!)
  const columns = 'id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner bigint, email text, amount integer, note text'
  await execute(url, ['CREATE SCHEMA app', `CREATE TABLE app.users (${columns})`, ...users!.fill(ROWS)])
  const { longest, failures } = await underTraffic(url, [users!], async (letGo) => {
    setTimeout(() => void letGo(), 1_000)
    await execute(url, [...users!.naive, 'ALTER TABLE app.users DROP COLUMN amount'])
  })
  expect(longest[0]!.ms).toBeGreaterThan(LOCK_TIMEOUT_MS + 200)
  expect(failures).toContain('column added with a default: update: column "amount" does not exist')
})
