import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox
let url: string

beforeEach(async () => {
  box = new Sandbox()
  url = await freshDatabase(Math.max(...majors))
  box.env = { DATABASE_URL: url }
  add('aaaa', 'null', ['CREATE TABLE public.a (id integer)'], ['DROP TABLE public.a'])
  add('mine', "'aaaa' /* what it follows */", ['CREATE TABLE public.m (id integer)'], ['DROP TABLE public.m'])
  add('more', "'mine'", ['ALTER TABLE public.m ADD b integer'], ['ALTER TABLE public.m DROP b'])
  add('them', "'aaaa'", ['CREATE TABLE public.x (id integer)'], ['DROP TABLE public.x'])
})

afterEach(() => box.remove())

function add(revision: string, revises: string, up: string[], down: string[], facts = ''): void {
  const calls = (statements: string[]) => statements.map((sql) => `op.execute('${sql}')`).join('; ')
  box.write(`migrations/${revision}.ts`, `import { migration } from 'pg-autogen'
export default migration({ revision: '${revision}', revises: ${revises}, ${facts}
  upgrade: (op) => { ${calls(up)} }, downgrade: (op) => { ${calls(down)} } })
`)
}

test('a branch follows the other head once it was proven there', async () => {
  const before = box.read('migrations/mine.ts')
  expect(await box.ok('rebase', 'more')).toBe('migrations/mine.ts follows them now; upgrade and downgrade of these 2 are proven in scratch\n')
  expect(box.read('migrations/mine.ts')).toBe(before.replace("'aaaa' /*", "'them' /*"))
  expect(await box.ok('heads')).toMatch(/^more /)
  expect(box.read('migrations/autogen.lock')).toContain('\nmine them ')
  await box.ok('upgrade')
  const session = await connectPostgres(url)
  expect(await session.query(`SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'`)).toEqual([['a m x']])
  await session.close()
}, 60_000)

test('what a branch only depends on stays where it is', async () => {
  add('exp1', "'aaaa'", ['CREATE TABLE public.e (id integer)'], ['DROP TABLE public.e'])
  add('con1', "'them'", ['ALTER TABLE public.e ADD b integer'], ['ALTER TABLE public.e DROP b'], "dependsOn: ['exp1'],")
  expect(await box.ok('rebase', 'con1', '--onto', 'more')).toBe('migrations/them.ts follows more now; upgrade and downgrade of these 2 are proven in scratch\n')
  expect(await box.ok('heads')).toMatch(/^con1 .*\nexp1 /)
}, 60_000)

test('what cannot run behind the other head is not moved', async () => {
  add('them', "'aaaa'", ['CREATE TABLE public.m (other integer)'], ['DROP TABLE public.m'])
  const files = box.files().map((file) => [file, box.read(file)])
  expect(await box.run(['rebase', 'more'])).toMatchObject({ code: 1, stderr: expect.stringContaining('relation "m" already exists') })
  expect(box.files().map((file) => [file, box.read(file)])).toEqual(files)
}, 60_000)

test('what the database has run is not moved', async () => {
  await box.ok('upgrade', 'more')
  expect(await box.run(['rebase', 'more'])).toMatchObject({ code: 1, stderr: expect.stringContaining('take it back first: autogen downgrade aaaa') })
}, 60_000)

test('several heads, or none, are an error that names the choices', async () => {
  add('also', "'aaaa'", ['SELECT 1'], [])
  expect((await box.run(['rebase', 'more'])).stderr).toMatch(/is ambiguous: it could mean also, them\nhint: write --onto also or --onto them\n/)
  await box.ok('rebase', 'more', '--onto', 'also')
  expect((await box.run(['rebase', 'more', '--onto', 'also'])).stderr).toContain('revision mine follows also already')
  expect((await box.run(['rebase', 'also', '--onto', 'more'])).stderr).toContain('revision more follows also already')
}, 60_000)
