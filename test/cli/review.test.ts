import { execFileSync } from 'node:child_process'
import { majors, server } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox

beforeEach(async () => {
  box = new Sandbox()
  box.env = { AUTOGEN_SCRATCH: (await server(Math.max(...majors))).url }
})

afterEach(() => box.remove())

function git(...args: string[]): string {
  const identity = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  return execFileSync('git', args, { cwd: box.folder, env: { ...process.env, ...identity }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

function commitAll(): void {
  git('add', '-A')
  git('commit', '-qm', 'x')
}

/** A migration that runs `upgrade`, and undoes it by `downgrade`; null: it cannot. */
function migration(revision: string, revises: string | null, upgrade: string[], downgrade: string[] | null, message = revision): void {
  const steps = (list: string[]) => list.map((sql) => `    op.execute(${JSON.stringify(sql)})`).join('\n')
  const back = downgrade ? `  downgrade: (op) => {\n${steps(downgrade)}\n  },\n` : ''
  box.write(
    `migrations/${revision}.ts`,
    `import { migration } from 'pg-autogen'\nexport default migration({\n  revision: '${revision}',\n  revises: ${JSON.stringify(revises)},\n  message: ${JSON.stringify(message)},\n  upgrade: (op) => {\n${steps(upgrade)}\n  },\n${back}})\n`,
  )
}

interface Reviewed {
  readonly hazards: number
  readonly removed: readonly string[]
  readonly migrations: readonly { readonly revision: string; readonly edited: boolean; readonly phase: string | null; readonly operations: readonly { readonly object: string }[]; readonly proof: { readonly result: string }; readonly hazards: readonly { readonly code: string; readonly object: string }[] }[]
}

async function reviewed(...args: string[]): Promise<Reviewed> {
  return JSON.parse(await box.ok('review', ...args, '--json')) as Reviewed
}

const revisions = ({ migrations }: Reviewed) => migrations.map(({ revision, edited }) => (edited ? `${revision} edited` : revision))

test('what a branch adds to the history, against where it left the default branch', async () => {
  git('init', '-q', '-b', 'main')
  migration('aaaa', null, ['CREATE TABLE users (id bigint PRIMARY KEY, email text)'], ['DROP TABLE users'])
  migration('bbbb', 'aaaa', ['CREATE TABLE logs (id bigint)'], ['DROP TABLE logs'])
  commitAll()
  expect(await box.ok('review')).toBe('<!-- pg-autogen review -->\n\n**No migrations that main does not have.**\n')
  git('checkout', '-qb', 'feature')
  migration('cccc', 'bbbb', ['ALTER TABLE users DROP COLUMN email'], ['ALTER TABLE users ADD COLUMN email text'])
  commitAll()
  // What main gets meanwhile is not of this branch.
  git('checkout', '-q', 'main')
  box.write('migrations/dddd.ts', 'not read')
  commitAll()
  git('checkout', '-q', 'feature')
  box.edit('migrations/bbbb.ts', 'id bigint', 'id integer')
  const found = await reviewed('--base', 'main')
  expect(revisions(found)).toEqual(['bbbb edited', 'cccc'])
  expect(found.migrations.map(({ phase, proof }) => [phase, proof.result])).toEqual([['expand', 'proven'], ['contract', 'proven']])
  expect(found.migrations[1]!.hazards.map(({ code, object }) => `${code} ${object}`)).toEqual(['data-loss column public.users.email', 'breaks-code column public.users.email'])
  git('rm', '-qf', 'migrations/aaaa.ts', 'migrations/bbbb.ts', 'migrations/cccc.ts')
  expect((await reviewed()).removed).toEqual(['migrations/aaaa.ts', 'migrations/bbbb.ts'])
  // Where squash keeps it, databases that have run it know it still.
  box.write('migrations/_replaced/aaaa.ts', '')
  expect((await reviewed()).removed).toEqual(['migrations/bbbb.ts'])
})

test('without git the heads, or the revisions that are named; --strict makes what nobody accepts exit 3', async () => {
  migration('aaaa', null, ['CREATE TABLE users (id bigint PRIMARY KEY, email text)'], ['DROP TABLE users'])
  migration('bbbb', 'aaaa', ['ALTER TABLE users DROP COLUMN email'], ['ALTER TABLE users ADD COLUMN email text'])
  migration('cccc', 'bbbb', ['CREATE TABLE gone (id bigint)'], ['SELECT 1'])
  expect(revisions(await reviewed('aaaa:bbbb'))).toEqual(['aaaa', 'bbbb'])
  const strict = (...args: string[]) => box.run(['review', ...args, '--strict'])
  expect((await strict('bbbb', '--allow', 'breaks-code')).code).toBe(3)
  expect((await strict('bbbb', '--allow', 'data-loss:public.users,breaks-code:public.users.email')).code).toBe(0)
  const unproven = await strict()
  expect([unproven.code, unproven.stdout]).toEqual([3, expect.stringContaining('the downgrade does not lead back; what is still to be done after it: `- table public.gone`')])
})

test('a migration that fails is named with its place, those behind it are not tried; exit 1', async () => {
  migration('aaaa', null, ['CREATE TABLE users (id bigint)', 'ALTER TABLE userz ADD b text'], null)
  migration('bbbb', 'aaaa', ['CREATE TABLE b ()'], ['DROP TABLE b'])
  const { code, stdout } = await box.run(['review', ':'])
  expect(code).toBe(1)
  expect(stdout).toContain('phase not known · ❌ the upgrade fails at `migrations/aaaa.ts:8`: relation "userz" does not exist')
  expect(stdout).toContain('❌ not tried, since one before it fails')
})

test('roles that a migration makes and alters are changes; those that it only names are not', async () => {
  box.env = { AUTOGEN_SCRATCH: 'native' }
  migration('aaaa', null, ['CREATE ROLE review_app', 'CREATE TABLE t ()', 'GRANT SELECT ON t TO review_app, review_elsewhere'], ['DROP TABLE t', 'DROP ROLE review_app'])
  migration('bbbb', 'aaaa', ['ALTER ROLE review_app LOGIN'], ['ALTER ROLE review_app NOLOGIN'])
  const found = await reviewed(':')
  expect(found.migrations.map(({ operations }) => operations.map((each) => each.object).filter((ref) => ref.startsWith('role:')))).toEqual([['role:review_app'], ['role:review_app']])
  expect(found.migrations.map(({ proof }) => proof.result)).toEqual(['proven', 'proven'])
})

test('what has another name is renamed, not lost', async () => {
  migration('aaaa', null, ['CREATE TABLE users (id bigint PRIMARY KEY, email text, note varchar(10))'], ['DROP TABLE users'])
  const [to, back] = [['users RENAME TO people', 'people RENAME email TO mail', 'people ALTER note TYPE varchar(20)'], ['people ALTER note TYPE varchar(10)', 'people RENAME mail TO email', 'people RENAME TO users']]
  migration('bbbb', 'aaaa', to.map((sql) => `ALTER TABLE ${sql}`), back.map((sql) => `ALTER TABLE ${sql}`))
  const { stdout } = await box.run(['review', 'bbbb'])
  expect(stdout).toContain('> table public.users to public.people\n    > column email to mail\n    ~ column note: type character varying(10) → character varying(20)\n')
  expect(stdout).toContain('phase **breaking** · proven')
  expect([...stdout.matchAll(/\*\*([a-z-]+)\*\* `/g)].map(([, code]) => code)).toEqual(['breaks-code', 'breaks-code'])
  expect(stdout).toContain('`table public.people`: code that uses the old name fails as soon as it has the new one — `migrations/bbbb.ts:7`')
  expect(stdout).toContain('-- 3: ACCESS EXCLUSIVE (held already) on public.people, metadata only')
})

test.each([
  [['review', '--base', 'main'], '--base main asks git'],
  [['review', 'aaaa', '--base', 'main'], 'not both'],
  [['review', 'zzzz'], 'zzzz'],
])('%j is wrong usage', async (args, message) => {
  migration('aaaa', null, [], [])
  const { code, stderr } = await box.run(args)
  expect([code, stderr]).toEqual([1, expect.stringContaining(message)])
})
