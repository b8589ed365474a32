import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { freshDatabase, majors } from '../support/servers.js'
import { CLI, Sandbox, USERS } from './sandbox.js'

const WORKFLOW = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'templates', 'ci', 'github.yml')

/** The commands of the workflow by the names of their steps. */
function commands(): Map<string, string> {
  const found = new Map<string, string>()
  let name = ''
  const lines = readFileSync(WORKFLOW, 'utf8').split('\n')
  lines.forEach((line, at) => {
    name = /^ {6}- name: (.*)/.exec(line)?.[1] ?? name
    const run = /^ {8}run: (.*)/.exec(line)?.[1]
    if (run === undefined) return
    const body = lines.slice(at + 1)
    const end = body.findIndex((each) => !each.startsWith('          '))
    found.set(name, run === '|' ? body.slice(0, end).map((each) => each.slice(10)).join('\n') : run)
  })
  return found
}

/** Stands in for GitHub: keeps one comment in a file, and writes down what it is asked. */
const GH = `#!/bin/sh
echo "$@" >> gh.log
case "$*" in
  *--jq*) if [ -f comment ]; then echo 7; fi ;;
  *body=@review.md*) cp review.md comment ;;
esac
`

let box: Sandbox

beforeEach(() => {
  box = new Sandbox('repository')
  mkdirSync(box.path('node_modules', '.bin'), { recursive: true })
  symlinkSync(path.join(path.dirname(CLI), '..', '..'), box.path('node_modules', 'pg-autogen'))
  box.write('node_modules/.bin/autogen', `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`)
  box.write('bin/gh', GH)
  chmodSync(box.path('node_modules/.bin/autogen'), 0o755)
  chmodSync(box.path('bin/gh'), 0o755)
  box.write('.gitignore', 'node_modules\n.autogen\nbin\n')
})

afterEach(() => box.remove())

const IDENTITY = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }

function git(...args: string[]): void {
  execFileSync('git', args, { cwd: box.folder, env: { ...process.env, ...IDENTITY }, stdio: 'ignore' })
}

/** Runs a step as GitHub does. */
function step(name: string, env: Record<string, string>): { code: number | null; output: string } {
  const script = commands().get(name)
  if (script === undefined) throw new Error(`the workflow has no step "${name}"`)
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', script], {
    cwd: box.folder,
    encoding: 'utf8',
    env: { PATH: `${box.path('bin')}:${path.dirname(process.execPath)}:${process.env.PATH}`, HOME: box.folder, AUTOGEN_TYPECHECK: '0', ...IDENTITY, GITHUB_STEP_SUMMARY: box.path('summary.md'), ...env },
  })
  return { code: status, output: stdout + stderr }
}

test('the workflow checks and reviews a pull request in one comment, and upgrades a staging database', async () => {
  const DATABASE_URL = await freshDatabase(majors.at(-1)!)
  box.env = { DATABASE_URL, AUTOGEN_SCRATCH: 'server' }
  box.write('schema.ts', USERS)
  await box.ok('-m', 'users')
  git('init', '-q', '-b', 'main')
  git('add', '-A')
  git('commit', '-qm', 'users')
  git('checkout', '-qb', 'feature')
  await box.ok('upgrade')
  box.edit('schema.ts', '  email: text().notNull(),\n', '')
  await box.ok('-m', 'no email', '--allow', 'data-loss')
  git('add', '-A')
  git('commit', '-qm', 'no email')

  expect(step('All migrations run, and lead to schema.ts', { DATABASE_URL: 'pglite://.autogen/ci' })).toEqual({ code: 0, output: expect.stringContaining('in sync') })
  const hazards = step('Hazards, beside the lines of this pull request', { BASE: 'main' })
  expect(hazards.code).not.toBe(0)
  expect(hazards.output).toMatch(/::error file=migrations\/\w+_no_email\.ts,line=\d+,col=\d+,title=data-loss/)
  expect(step('Review', { BASE: 'main' }).code).toBe(0)
  for (const asked of ['POST', 'PATCH']) {
    expect(step('The review as one comment, which the next run updates', { COMMENTS: 'repos/a/b/issues/1/comments', COMMENT: 'repos/a/b/issues/comments' })).toEqual({ code: 0, output: '' })
    expect(box.read('gh.log')).toContain(asked)
    expect(box.read('comment')).toMatch(/^<!-- pg-autogen review -->\n\n\*\*1 migration, 1 change; [^]*\*\*data-loss\*\* `column app\.users\.email`/)
  }
  expect(box.read('gh.log')).toContain('repos/a/b/issues/comments/7 --method PATCH')
  expect(box.read('summary.md')).toContain(box.read('comment'))

  expect(step('Before the deploy', { DATABASE_URL }).code).toBe(0)
  expect(step('After the deploy', { DATABASE_URL })).toEqual({ code: 0, output: expect.stringContaining('in sync') })
})

test('split migrations: what the new release needs runs before the deploy, the rest after it', async () => {
  const DATABASE_URL = await freshDatabase(majors.at(-1)!)
  box.env = { DATABASE_URL }
  box.write('schema.ts', USERS)
  await box.ok('-m', 'users')
  const [first] = box.migrations()
  const base = /revision: '(\w+)'/.exec(box.read(`migrations/${first}`))![1]!
  for (const label of ['expand', 'contract']) {
    box.write(
      `migrations/${label}.ts`,
      `import { migration } from 'pg-autogen'\nexport default migration({ revision: '${label}1', revises: '${base}', branchLabels: ['${label}'], message: '${label}',\n  upgrade: (op) => op.execute('SELECT 1'), downgrade: () => {} })\n`,
    )
  }
  await box.ok('lock')
  expect(step('Before the deploy', { DATABASE_URL }).code).toBe(0)
  expect(await box.ok('current')).not.toContain('contract1')
  expect(step('After the deploy', { DATABASE_URL }).code).toBe(0)
  expect(await box.ok('current')).toContain('contract1')
})
