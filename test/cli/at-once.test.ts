import { connectPostgres } from '../../src/database/postgres.js'
import { readState } from '../../src/runner/runner.js'
import { observe } from '../support/observer.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

const PROCESSES = 16
const numbers = Array.from({ length: PROCESSES }, (_, number) => number)
let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
  add('aaaa', null, `op.execute('CREATE TABLE public.a (id int PRIMARY KEY)'); op.execute('INSERT INTO public.a SELECT generate_series(1, 500)')`)
  add('bbbb', 'aaaa', `op.execute('ALTER TABLE public.a ADD b int'); op.backfill({ table: 'public.a', set: { b: 7 }, batchSize: 200 }); op.outsideTransaction('CREATE INDEX CONCURRENTLY a_b ON public.a (b)')`)
})

afterEach(() => box.remove())

function add(revision: string, revises: string | null, upgrade: string): void {
  box.write(`migrations/${revision}.ts`, `import { migration } from 'pg-autogen'
export default migration({ revision: '${revision}', revises: ${JSON.stringify(revises)}, upgrade: (op) => { ${upgrade} }, downgrade: () => {} })
`)
}

async function stateOf(url: string): Promise<unknown> {
  const database = await connectPostgres(url)
  try {
    const { rows, entries } = await readState(database)
    const log = entries.map(({ revision, outcome }) => `${revision} ${outcome}`)
    return { rows, log, a: await database.query('SELECT count(*)::int, sum(b)::int FROM a'), schema: await observe(database) }
  } finally {
    await database.close()
  }
}

const done = { rows: ['bbbb'], log: ['aaaa done', 'bbbb done'], a: [[500, 3500]] }

test.each([[16, []], [5, ['--pooler']]])('%i processes upgrade one database at once: each migration runs once %j', async (processes, options) => {
  const url = await freshDatabase(majors.at(-1)!)
  const runs = await Promise.all(Array.from({ length: processes }, () => box.run(['upgrade', '-d', url, '--json', ...options])))
  expect(runs.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual(runs.map(() => [0, '']))
  const ran = runs.flatMap(({ stdout }) => (JSON.parse(stdout) as { ran: { revision: string }[] }).ran.map(({ revision }) => revision))
  expect(ran.sort()).toEqual(['aaaa', 'bbbb'])
  expect(await stateOf(url)).toMatchObject(done)
}, 60_000)

test(`${PROCESSES} databases of one server are upgraded at once and do not disturb each other`, async () => {
  const urls = await Promise.all(numbers.map(() => freshDatabase(majors.at(-1)!)))
  const runs = await Promise.all(urls.map((url) => box.run(['upgrade', '-d', url])))
  expect(runs.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual(numbers.map(() => [0, '']))
  const [first, ...others] = await Promise.all(urls.map(stateOf))
  expect(first).toMatchObject(done)
  for (const other of others) expect(other).toEqual(first)
  // A lock of one database is none of another.
  expect(runs.map(({ stderr }) => stderr).join('')).not.toContain('waiting for another run')
}, 60_000)
