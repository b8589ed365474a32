import { Sandbox } from './sandbox.js'

let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
})

afterEach(() => box.remove())

/** A migration file; `body` stands in its functions. */
function migration(revision: string, revises: string | null, upgrade: string[], downgrade: string[] | null = []): void {
  const lines = (name: string, body: string[]) => [`  ${name}: (op) => {`, ...body.map((line) => `    ${line}`), '  },']
  box.write(
    `migrations/20260101_000${revision[0]}_${revision}_x.ts`,
    [`import { migration, sql } from 'pg-autogen'`, '', 'export default migration({', `  revision: '${revision}',`, `  revises: ${revises === null ? 'null' : `'${revises}'`},`, ...lines('upgrade', upgrade), ...(downgrade ? lines('downgrade', downgrade) : []), '})', ''].join('\n'),
  )
}

const found = (stdout: string) => (JSON.parse(stdout) as { hazards: { rule: string; at: { file: string; line: number }; direction?: string }[] }).hazards.map(({ rule, at }) => `${at.file.replace(/.*_(\w+)_x\.ts$/, '$1')}:${at.line} ${rule}`)

test('a hazard, where it stands, what it leads to and what to do instead; exit 3', async () => {
  box.write('db/1.sql', "SET lock_timeout = '2s'; SET statement_timeout = '9s';\nCREATE INDEX users_email_idx\n  ON app.users (email);\n")
  expect(await box.run(['lint', 'db/1.sql'])).toEqual({
    code: 3,
    stdout: [
      'db/1.sql:2:1 strong-lock create-index app.users',
      '  writes of the table wait until the index is built',
      '  instead: CREATE INDEX CONCURRENTLY users_email_idx ON app.users (email), outside a transaction',
      '1 hazard in 3 statements',
      '',
    ].join('\n'),
    stderr: '',
  })
  expect((await box.run(['lint', 'db', '--allow', 'strong-lock'])).stdout).toBe('no hazards, 1 allowed in 3 statements\n')
})

test('advice fails nothing, and can be left out', async () => {
  box.write('a.sql', 'ALTER TABLE users ADD COLUMN age int;')
  const { code, stdout } = await box.run(['lint', '*.sql'])
  expect(code).toBe(0)
  expect(stdout).toContain('a.sql:1:30 advice (table-rewrite) integer-column users.age')
  expect((await box.run(['lint', 'a.sql', '--strict'])).code).toBe(3)
  expect(await box.ok('lint', 'a.sql', '--no-advice')).toBe('no hazards in 1 statement\n')
})

test('what cannot be read is exit 1, and the rest is looked at', async () => {
  box.write('a.sql', 'SELEC 1;')
  box.write('b.sql', 'DROP TABLE b;')
  const { code, stdout } = await box.run(['lint', 'a.sql', 'b.sql'])
  expect(code).toBe(1)
  expect(stdout).toContain('a.sql:1:1 error: syntax error at or near "SELEC"')
  expect(stdout).toContain('b.sql:1:1 data-loss drop-table b')
})

test.each([
  [['lint', 'gone.sql'], 'gone.sql does not exist'],
  [['lint', 'a.sql', '--pg', '9'], '--pg 9 is no major version of PostgreSQL that is supported'],
  [['lint', 'dead'], 'dead'],
])('%j is wrong usage', async (args, message) => {
  box.write('a.sql', 'SELECT 1')
  const { code, stderr } = await box.run(args)
  expect(code).toBe(1)
  expect(stderr).toContain(message)
})

test('standard input', async () => {
  const child = box.start(['lint', '-', '--json'], { through: ['/bin/sh', '-c', 'echo "DROP TABLE a" | exec "$@"', 'sh'] })
  const { code, stdout } = await child.outcome
  expect(code).toBe(3)
  expect(found(stdout)).toEqual(['(stdin):1 drop-table'])
})

test('migrations: one transaction, steps outside it, and what earlier ones say', async () => {
  migration('1aaa', null, [
    'op.execute(sql`CREATE TABLE app.users (id bigint PRIMARY KEY, name varchar(20))`)',
    'op.execute(sql`CREATE INDEX ON app.users (name)`)',
  ])
  migration('2bbb', '1aaa', [
    'op.execute(sql`ALTER TABLE app.users ALTER COLUMN name TYPE text`)',
    'op.execute(sql`',
    '  ALTER TABLE app.users ADD CONSTRAINT c CHECK (name IS NOT NULL) NOT VALID`)',
    'op.execute(sql`ALTER TABLE app.users VALIDATE CONSTRAINT c`)',
    'op.outsideTransaction(sql`CREATE INDEX CONCURRENTLY i ON app.users (id)`)',
    'op.execute(sql`ALTER TABLE app.users VALIDATE CONSTRAINT c`)',
    'op.execute(sql`ALTER TABLE app.users ALTER name SET NOT NULL`)',
    'op.execute(sql`CREATE INDEX CONCURRENTLY j ON app.users (id)`)',
    "op.backfill({ table: 'app.users', set: { name: 'x' } })",
    '// autogen-ignore create-index: 200 rows',
    'op.execute(sql`CREATE INDEX k ON app.users (id)`)',
    'op.run(async () => {})',
  ], ['// autogen-ignore drop-column: added above', 'op.execute(sql`ALTER TABLE app.users DROP COLUMN x`)', "op.execute('DROP TABLE app.users')"])
  migration('3ccc', '2bbb', ['op.execute(sql`SELECT 1`)'], null)

  const all = await box.run(['lint', '--json'])
  expect(all).toMatchObject({ code: 3, stderr: '' })
  expect(found(all.stdout)).toEqual(['2bbb:10 validate-under-lock', '2bbb:14 not-in-transaction', '3ccc:3 no-downgrade'])
  const { ignored, advice, notes, errors } = JSON.parse(all.stdout) as Record<string, { rule: string; reason?: string; object?: string }[]>
  expect([ignored!.map(({ rule, reason }) => [rule, reason]), notes, errors]).toEqual([[['create-index', '200 rows']], [], []])
  expect(advice!.map(({ rule, object }) => `${rule} ${object}`)).toEqual(['varchar-column app.users.name', 'foreign-call op.run'])

  // One migration, by its id or its file: what stands before it is known, and not told.
  expect(found((await box.run(['lint', 'migrations/20260101_0002_2bbb_x.ts', '--json'])).stdout)).toEqual(['2bbb:10 validate-under-lock', '2bbb:14 not-in-transaction'])
  expect(found((await box.run(['lint', '3ccc:', '--json'])).stdout)).toEqual(['3ccc:3 no-downgrade'])
  expect(found((await box.run(['lint', 'migrations', '2bbb', '--downgrade', '--json'])).stdout)).toEqual([
    '2bbb:10 validate-under-lock',
    '2bbb:14 not-in-transaction',
    '2bbb:23 drop-table',
    '3ccc:3 no-downgrade',
  ])
})

test('a project without migrations has nothing to be told', async () => {
  expect(await box.run(['lint'])).toEqual({ code: 0, stdout: 'no hazards in 0 statements\n', stderr: '' })
})

test('SARIF and annotations of a workflow', async () => {
  box.write('db/1 a.sql', '-- autogen-ignore drop-table: gone: 100 %\nDROP TABLE a;\nDROP TABLE b;\nDROP TABL c')
  const { code, stdout } = await box.run(['lint', 'db', '--format', 'sarif', '--no-advice'])
  expect(code).toBe(1)
  const { version, runs } = JSON.parse(stdout)
  expect(version).toBe('2.1.0')
  expect(runs[0].tool.driver.rules.map(({ id }: { id: string }) => id)).toContain('drop-table')
  expect(runs[0].invocations[0]).toMatchObject({ executionSuccessful: false, toolExecutionNotifications: [{ message: { text: 'syntax error at or near "TABL"' } }] })
  expect(runs[0].results).toEqual([
    expect.objectContaining({ ruleId: 'drop-table', level: 'error', locations: [{ physicalLocation: { artifactLocation: { uri: 'db/1%20a.sql' }, region: { startLine: 3, startColumn: 1 } } }] }),
    expect.objectContaining({ ruleId: 'drop-table', suppressions: [{ kind: 'inSource', justification: 'gone: 100 %' }] }),
  ])
  expect((await box.run(['lint', 'db', '--format', 'github', '--no-advice'])).stdout).toMatch(
    /^::error file=db\/1 a\.sql,line=4,col=6,title=error::syntax error at or near "TABL"%0A.*\n::error file=db\/1 a\.sql,line=3,col=1,title=data-loss%3A drop-table::b: .*%0Ainstead: .*\n$/,
  )
})

test('SQL files of another tool may stand where migrations of the project would', async () => {
  box.write('migrations/0001_a.up.sql', 'DROP TABLE a;\n')
  for (const folder of ['migrations', '.']) expect((await box.run(['lint', folder, '--no-advice'])).stdout).toContain('migrations/0001_a.up.sql:1:1 data-loss drop-table a')
})
