import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

const MIGRATION = `import { migration, sql } from 'pg-autogen'
export default migration({
  revision: '0123456789ab',
  revises: null,
  message: 'a column',
  statementTimeout: '5min',
  upgrade: (op) => {
    op.execute(sql\`ALTER TABLE users ADD COLUMN email text\`)
    op.outsideTransaction(sql\`CREATE INDEX CONCURRENTLY users_email ON users (email)\`)
    op.outsideTransaction(sql\`VACUUM FULL users\`, { lockTimeout: 500 })
  },
})
`

let box: Sandbox
beforeEach(() => {
  box = new Sandbox()
  box.write('migrations/1.ts', MIGRATION)
})
afterEach(() => box.remove())

test('who holds the lock is said between the tries and at the end', async () => {
  const url = await freshDatabase(majors.at(-1)!)
  const other = await connectPostgres(url)
  try {
    await other.executeAll(["SET application_name = 'nightly report'", 'CREATE TABLE users (id int)', 'BEGIN', "SELECT FROM users WHERE id = 4711"])
    const args = ['upgrade', '-d', url, '--lock-timeout', '300ms', '--lock-retries', '1']
    const { code, stderr } = await box.run(args)
    expect(code).toBe(1)
    const holder = String.raw`a lock on public\.users (is )?held by process \d+ \(user postgres, nightly report, idle in transaction, since \S+, last query: SELECT FROM users WHERE id = …\)`
    expect(stderr).toMatch(new RegExp(`waiting for ${holder}; retry 1 of 1 in 0\\.\\d s\\n`))
    expect(stderr).toMatch(new RegExp(`failed at step 1 of 3: canceling statement due to lock timeout, in each of 2 tries[^]*${holder}[^]*hint: .*pg_terminate_backend`))
    await other.executeAll(['ROLLBACK'])
    expect(await box.run(args)).toMatchObject({ code: 0 })
  } finally {
    await other.close()
  }
})

test('a script for psql has the same timeouts', async () => {
  const script = await box.ok('upgrade', '--sql', '--lock-timeout', '1s')
  expect(script).toContain('psql does not try again')
  const settings = script.split('\n').filter((line) => /lock_timeout|statement_timeout|users/.test(line) && !line.startsWith('--'))
  expect(settings).toEqual([
    "SET LOCAL lock_timeout = '1s';",
    "SET LOCAL statement_timeout = '300s';",
    'ALTER TABLE users ADD COLUMN email text;',
    'SET lock_timeout = 0;',
    "SET statement_timeout = '300s';",
    'CREATE INDEX CONCURRENTLY users_email ON users (email);',
    'RESET lock_timeout;',
    'RESET statement_timeout;',
    "SET lock_timeout = '500ms';",
    "SET statement_timeout = '300s';",
    'VACUUM FULL users;',
    'RESET lock_timeout;',
    'RESET statement_timeout;',
  ])
})

test('a timeout that makes no sense is refused where it stands', async () => {
  box.edit('migrations/1.ts', "'5min'", "'5 minutes'")
  expect(await box.run(['history'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/statementTimeout is "5 minutes"\s+at migrations\/1\.ts:2[^]*hint: write it with its unit/) })
  box.edit('migrations/1.ts', "'5 minutes'", "'5min'")
  box.edit('migrations/1.ts', 'lockTimeout: 500', "lockTimeout: '500'")
  expect(await box.run(['upgrade', '--sql'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/in the upgrade of revision 0123456789ab, lockTimeout is "500"\s+at migrations\/1\.ts:10/) })
  expect(await box.run(['upgrade', '--lock-timeout', '2'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--lock-timeout is "2"') })
})
