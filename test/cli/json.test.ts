import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox, USERS } from './sandbox.js'

let box: Sandbox

beforeAll(async () => {
  box = new Sandbox()
  box.env = { DATABASE_URL: await freshDatabase(majors.at(-1)!), AUTOGEN_SCRATCH: 'server' }
  box.write('schema.ts', USERS)
  add('aaaa', null, 'a')
  add('bbbb', 'aaaa', 'b')
  add('cccc', 'aaaa', 'c')
  add('dddd', 'bbbb', 'd')
})

afterAll(() => box.remove())

function add(revision: string, revises: string | null, table: string): void {
  box.write(`migrations/${revision}.ts`, `import { migration } from 'pg-autogen'
export default migration({ revision: '${revision}', revises: ${JSON.stringify(revises)},
  upgrade: (op) => op.execute('CREATE TABLE public.${table} (id integer)'), downgrade: (op) => op.execute('DROP TABLE public.${table}') })
`)
}

/** Command lines in the order in which they work, each with its exit code and something of its document. */
const LINES: readonly (readonly [line: string, code: number, document: unknown])[] = [
  ['list-templates', 0, expect.arrayContaining([expect.objectContaining({ name: 'default' })])],
  ['init', 0, expect.arrayContaining([expect.objectContaining({ written: true })])],
  ['status', 0, { current: [], heads: ['cccc', 'dddd'] }],
  ['heads', 0, [{ revision: 'cccc' }, { revision: 'dddd' }]],
  ['branches', 0, [{ revision: 'aaaa', branches: ['bbbb', 'cccc'] }]],
  ['history -r aaaa:dddd -i', 0, [{ revision: 'dddd', current: false }, { revision: 'bbbb' }, { revision: 'aaaa' }]],
  ['show dddd', 0, { revision: 'dddd', upgrade: [{ type: 'execute' }] }],
  ['lint dddd', 0, { version: 1, hazards: [] }],
  ['review aaaa', 0, { version: 1, migrations: [{ revision: 'aaaa', proof: { result: 'proven' } }] }],
  ['edit dddd', 0, { revision: 'dddd', file: expect.stringContaining('dddd.ts') }],
  ['current --check-heads', 1, { atHeads: false }],
  ['rebase cccc --onto dddd', 0, { onto: 'dddd', moved: [{ revision: 'cccc' }] }],
  ['merge aaaa dddd', 1, { error: { type: 'RevisionError' } }],
  ['lock', 0, { file: expect.stringContaining('autogen.lock') }],
  ['ensure-version', 0, { schema: 'autogen', made: true }],
  ['upgrade bbbb', 0, { direction: 'upgrade', after: ['bbbb'] }],
  ['upgrade --dry-run', 0, { wouldRun: [{ revision: 'dddd' }, { revision: 'cccc' }] }],
  ['downgrade -1', 0, { direction: 'downgrade', after: ['aaaa'] }],
  ['stamp bbbb', 0, { before: ['aaaa'], after: ['bbbb'] }],
  ['check', 2, { inSync: false }],
  ['diff --exit-code', 2, { from: expect.any(String) }],
  ['lint', 0, { version: 1, hazards: [] }],
  ['revision -m x', 1, { error: { type: 'RevisionError' } }],
  ['squash bbbb:dddd', 0, { revision: 'dddd', replaced: ['bbbb', 'dddd'] }],
  ['pull', 1, { error: { type: 'UsageError', hint: expect.stringContaining('--force') } }],
  ['pull --stdout', 0, { source: expect.stringContaining('export const') }],
  ['upgrade --bogus', 1, { error: { type: 'UsageError' } }],
]

test.each(LINES)('autogen %s --json: one JSON document on stdout (exit %i)', async (line, code, document) => {
  const run = await box.run([...line.split(' '), '--json'])
  let parsed: unknown
  try {
    parsed = JSON.parse(run.stdout)
  } catch {
    throw new Error(`stdout is no JSON document:\n${run.stdout}\n${run.stderr}`)
  }
  expect([run.code, parsed]).toMatchObject([code, document])
})

test('every command is among these', async () => {
  const names = [...(await box.ok('--help')).matchAll(/^ {2}([a-z][\w-]*) .*/gm)].map(([, name]) => name!)
  expect(names.length).toBeGreaterThan(20)
  const tried = new Set(LINES.map(([line]) => line.split(' ')[0]))
  expect(names.filter((name) => !tried.has(name))).toEqual([])
})
