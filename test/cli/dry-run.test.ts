import { writeFileSync } from 'node:fs'
import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox, schemaFile, USERS } from './sandbox.js'

const newest = majors.at(-1)!
let box: Sandbox

beforeEach(async () => {
  box = new Sandbox()
  box.env = { DATABASE_URL: await freshDatabase(newest) }
})

afterEach(() => box.remove())

function add(revision: string, revises: string | null, table: string): void {
  box.write(`migrations/${revision}.ts`, `import { migration } from 'pg-autogen'
export default migration({ revision: '${revision}', revises: ${revises === null ? null : `'${revises}'`},
  upgrade: (op) => op.execute('CREATE TABLE public.${table} (id integer)'), downgrade: (op) => op.execute('DROP TABLE public.${table}') })
`)
}

const contents = () => box.files().map((file) => [file, box.read(file)])

/** Runs a command without and with `--json`, asserts that no file changed, and gives back what it would have written. */
async function tried(...args: string[]) {
  const before = contents()
  const [{ code, stdout, stderr }, json] = await Promise.all([box.run([...args, '--dry-run']), box.run([...args, '--dry-run', '--json'])])
  expect([code, json.code]).toEqual([0, 0])
  expect(contents()).toEqual(before)
  const { dryRun, wouldWrite } = JSON.parse(json.stdout) as { dryRun: boolean; wouldWrite: { action: string; file: string; to?: string; content?: string }[] }
  expect(dryRun).toBe(true)
  const name = (file: string) => file.slice(box.folder.length + 1)
  return { stdout, stderr, changes: wouldWrite.map(({ action, file, to, content }) => ({ action, file: name(file), ...(to && { to: name(to) }), content })) }
}

test('revision prints the file that it would write, after the proof, and writes neither lock, baseline nor anything afterwards', async () => {
  box.write('schema.ts', USERS)
  box.write('autogen.config.ts', `export default { afterWrite: 'touch called' }\n`)
  const { stdout, stderr, changes } = await tried('-m', 'first', '--rev-id', 'f1f1')
  expect(changes).toMatchObject([{ action: 'create', file: expect.stringMatching(/^migrations\/.*_f1f1_first\.ts$/), content: stdout }, { action: 'create', file: 'migrations/autogen.lock' }])
  expect(stderr).toMatch(/\+ table app\.users[^]*would write migrations\/.*_f1f1_first\.ts: \d+ steps up, \d+ steps down, both proven in scratch\nwould write migrations\/autogen\.lock\nnothing was written\n$/)
  await box.ok('-m', 'first', '--rev-id', 'f1f1')
  expect(box.read(`migrations/${box.migrations()[0]}`)).toBe(stdout)
  expect(box.files()).toContain('called')

  await box.ok('upgrade')
  box.write('schema.ts', schemaFile(`export const app = schema('app')`))
  expect(await box.run(['-m', 'lossy', '--dry-run'])).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('hint: allow it with --allow data-loss') })
  expect((await tried('-m', 'lossy', '--allow', 'data-loss')).changes[1]).toMatchObject({ action: 'replace', file: 'migrations/autogen.lock' })
  expect((await tried('revision', '--empty', '-m', 'by hand')).stdout).toContain(`message: 'by hand'`)
}, 60_000)

test('the baseline of a database with objects is not written either', async () => {
  const session = await connectPostgres(box.env.DATABASE_URL!)
  await session.executeAll(['CREATE TABLE public.old (id integer)'])
  await session.close()
  box.write('schema.ts', `import { integer, table } from 'pg-autogen/schema'\nexport const old = table('old', { id: integer(), more: integer() })\n`)
  const { changes, stderr } = await tried('-m', 'first')
  expect(changes[0]).toMatchObject({ action: 'create', file: 'migrations/baseline.sql', content: expect.stringContaining('CREATE TABLE public.old') })
  expect(stderr).toMatch(/would write migrations\/baseline\.sql\nwould write migrations\/autogen\.lock\nnothing was written\n$/)
}, 60_000)

test('--sql prints the SQL of the upgrade in place of a migration', async () => {
  box.write('schema.ts', USERS)
  const { code, stdout } = await box.run(['revision', '--autogenerate', '--sql'])
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^-- \+ schema app\nCREATE SCHEMA app;\n-- \+ table app\.users\nCREATE TABLE app\.users \([^]*\);\n$/)])
  expect(JSON.parse(await box.ok('--sql', '--json')).sql).toEqual(['CREATE SCHEMA app', expect.stringMatching(/^CREATE TABLE/)])
  expect(box.files()).toEqual(['schema.ts'])
  expect(await box.run(['revision', '--empty', '--sql'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--sql and --empty exclude each other') })
  expect(await box.run(['-m', 'x', '--dry-run'], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' } })).toMatchObject({ code: 1, stdout: '' })
}, 60_000)

test('merge, rebase, squash and lock', async () => {
  add('aaaa', null, 'a')
  add('mine', 'aaaa', 'm')
  add('more', 'mine', 'o')
  add('them', 'aaaa', 'x')
  const merge = await tried('merge', 'heads', '-m', 'both', '--rev-id', 'dddd')
  expect(merge.changes).toMatchObject([{ action: 'create', file: expect.stringMatching(/_dddd_both\.ts$/), content: merge.stdout }, { action: 'create', file: 'migrations/autogen.lock' }])
  expect(merge.stdout).toContain(`revises: ['more', 'them'],`)

  const rebase = await tried('rebase', 'more')
  expect(rebase.changes).toMatchObject([{ action: 'replace', file: 'migrations/mine.ts' }, { action: 'create', file: 'migrations/autogen.lock' }])
  expect(rebase.stdout).toBe(box.read('migrations/mine.ts').replace(`revises: 'aaaa'`, `revises: 'them'`))
  expect(rebase.stderr).toMatch(/^would write migrations\/mine\.ts: it follows them there; upgrade and downgrade of these 2 are proven in scratch\n/)

  const squash = await tried('squash', 'mine:more', '-m', 'together')
  expect(squash.changes).toMatchObject([
    { action: 'move', file: 'migrations/mine.ts', to: 'migrations/_replaced/mine.ts' },
    { action: 'move', file: 'migrations/more.ts', to: 'migrations/_replaced/more.ts' },
    { action: 'create', file: expect.stringMatching(/_more_together\.ts$/), content: squash.stdout },
    { action: 'create', file: 'migrations/autogen.lock' },
  ])
  expect(squash.stderr).toContain('would move migrations/mine.ts to migrations/_replaced/mine.ts\n')

  const lock = await tried('lock')
  await box.ok('lock')
  expect(box.read('migrations/autogen.lock')).toBe(lock.stdout)
}, 60_000)

test('pull, init and ensure-version', async () => {
  const init = await tried('init', '--template', 'modules')
  expect(init.stdout).toBe('would write autogen.config.ts\nwould write schema/app.ts\nwould write schema/orders.ts\nwould write schema/users.ts\nwould write migrations/\n')
  const pull = await tried('pull')
  expect(pull.changes).toEqual([{ action: 'create', file: 'schema.ts', content: pull.stdout }])
  box.write('schema.ts', '// mine')
  expect(await box.run(['pull', '--dry-run'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('schema.ts exists already') })
  // A file in place of the folder: root may write anywhere else.
  writeFileSync(box.path('file'), '')
  for (const args of [[], ['--dry-run']]) {
    expect(await box.run(['pull', '--schema', 'file/schema.ts', ...args])).toMatchObject({ code: 1, stderr: expect.stringMatching(/file\/schema\.ts cannot be written: E\w+\nhint: check that the folder/) })
  }
  expect(await box.ok('ensure-version', '--dry-run')).toBe('would make the bookkeeping tables in schema autogen\n')
  expect(JSON.parse(await box.ok('ensure-version', '--dry-run', '--json'))).toEqual({ dryRun: true, schema: 'autogen', wouldMake: true })
  await box.ok('ensure-version')
  expect(await box.ok('ensure-version', '--dry-run')).toBe('the bookkeeping tables are in schema autogen\n')
}, 60_000)
