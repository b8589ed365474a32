import { spawnSync } from 'node:child_process'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox

beforeEach(async () => {
  box = new Sandbox()
  box.env = { DATABASE_URL: await freshDatabase(Math.max(...majors)) }
  box.write('schema.ts', "import { table, integer } from 'pg-autogen/schema'\nexport const t = table('t', { id: integer() })\n")
})

afterEach(() => box.remove())

function git(...args: string[]): number | null {
  const { status } = spawnSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], { cwd: box.folder })
  return status
}

const lock = () => box.read('migrations/autogen.lock')

test('each migration has its line, and an edited or deleted one is noticed', async () => {
  await box.ok('-m', 'first')
  await box.ok('upgrade')
  const [file] = box.migrations()
  const [, first] = /_([0-9a-f]{12})_first/.exec(file!)!
  expect(lock()).toMatch(new RegExp(`^${first} base [0-9a-f]{32}\nheads ${first}\n$`, 'm'))
  await box.ok('revision', '--empty', '-m', 'second')
  const second = box.migrations()[1]!
  await box.ok('upgrade')
  expect(await box.ok('check')).toBe('in sync\n')

  box.edit(`migrations/${second}`, 'downgrade: (op) => {', "downgrade: (op) => {\n    op.execute('SELECT 1')")
  const edited = await box.run(['check'])
  expect(edited).toMatchObject({ code: 2, stdout: expect.stringMatching(/^Lock file: migration [0-9a-f]{12} was edited after it was listed\n$/) })
  expect(edited.stderr).toContain('autogen lock writes the lock file anew')
  await box.ok('revision', '--empty', '-m', 'third')
  expect((await box.run(['check', '--json'])).stdout).toContain('"type": "edited"')
  await box.ok('lock')
  await box.ok('upgrade')
  expect(await box.ok('check')).toBe('in sync\n')
}, 60_000)

test('two branches that each add a migration collide in git, and a merge puts it right', async () => {
  box.write('.gitignore', '.autogen/\n')
  git('init', '-q', '-b', 'main')
  await box.ok('-m', 'first')
  git('add', '.')
  git('commit', '-qm', 'first')
  git('checkout', '-qb', 'other')
  await box.ok('revision', '--empty', '-m', 'theirs')
  git('add', '.')
  git('commit', '-qm', 'theirs')
  git('checkout', '-q', 'main')
  await box.ok('revision', '--empty', '-m', 'ours')
  git('add', '.')
  git('commit', '-qm', 'ours')
  expect(git('merge', '-q', 'other')).toBe(1)

  const conflict = await box.run(['check'])
  expect(conflict).toMatchObject({ code: 1, stderr: expect.stringContaining('the lock file of the migrations holds a conflict') })
  expect(conflict.stderr).toMatch(/at migrations\/autogen\.lock:\d+\nhint: `autogen rebase <revision>`/)
  await box.ok('merge', 'heads')
  expect(lock().match(/^[0-9a-f]{12} /gm)).toHaveLength(4)
  expect(lock()).not.toMatch(/^[<=>]{7}/m)
  await box.ok('upgrade')
  expect(await box.ok('check')).toBe('in sync\n')
}, 60_000)
