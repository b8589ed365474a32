import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import * as library from '../../src/index.js'
import { freshDatabase, majors } from '../support/servers.js'

const SCHEMA = `import { table, bigint, text } from 'pg-autogen/schema'
export const users = table('users', { id: bigint().primaryKey(), name: text() })
`

describe('a database that was found in sync', () => {
  let cwd: string
  let url: string
  let database: Database

  beforeAll(async () => {
    cwd = mkdtempSync(path.join(tmpdir(), 'autogen-check-'))
    url = await freshDatabase(majors.at(-1)!)
    database = await connectPostgres(url)
    await database.executeAll(['CREATE TABLE users (id bigint PRIMARY KEY, name text)'])
  })

  beforeEach(() => writeFileSync(path.join(cwd, 'schema.ts'), SCHEMA))

  afterAll(async () => {
    await database.close()
    rmSync(cwd, { recursive: true })
  })

  async function check(): Promise<library.CheckResult> {
    const project = await library.openProject({ cwd, database: url, typecheck: false })
    try {
      return await library.check(project)
    } finally {
      await project.close()
    }
  }

  test('is recognised, until something happens in it', async () => {
    expect((await check()).inSync).toBe(true)
    expect((await check()).inSync).toBe(true)
    await database.executeAll(['ALTER TABLE users ADD COLUMN age integer'])
    const { inSync, operations } = await check()
    expect(inSync).toBe(false)
    expect(operations).toMatchObject([{ type: 'drop', object: { ref: 'column:public.users.age' } }])
    await database.executeAll(['ALTER TABLE users DROP COLUMN age'])
    expect((await check()).inSync).toBe(true)
  })

  test.each([
    ['a comment', `COMMENT ON COLUMN users.name IS 'who'`, 'COMMENT ON COLUMN users.name IS NULL'],
    ['a default', `ALTER TABLE users ALTER name SET DEFAULT 'x'`, 'ALTER TABLE users ALTER name DROP DEFAULT'],
    ['a name', 'ALTER TABLE users RENAME name TO title', 'ALTER TABLE users RENAME title TO name'],
    ['an index', 'CREATE INDEX users_name ON users (name)', 'DROP INDEX users_name'],
    ['a function', `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`, 'DROP FUNCTION f()'],
    ['a setting of the table', 'ALTER TABLE users ENABLE ROW LEVEL SECURITY', 'ALTER TABLE users DISABLE ROW LEVEL SECURITY'],
  ])('is not taken for in sync with %s more or less', async (_, there, back) => {
    await database.executeAll([there])
    expect((await check()).inSync).toBe(false)
    await database.executeAll([back])
    expect((await check()).inSync).toBe(true)
  })

  test('is compared again when schema.ts changed', async () => {
    expect((await check()).inSync).toBe(true)
    writeFileSync(path.join(cwd, 'schema.ts'), SCHEMA.replace('name: text()', 'name: text().notNull()'))
    expect((await check()).operations).toMatchObject([{ type: 'alter', to: { ref: 'column:public.users.name' } }])
  })

  test('still names what is not managed', async () => {
    const [[oid]] = (await database.query('SELECT lo_create(0)')) as [[number]]
    try {
      const [first, second] = [await check(), await check()]
      expect(first.unmanaged).toMatchObject([{ type: 'large objects', identity: '(1)' }])
      expect(second).toEqual(first)
    } finally {
      await database.query(`SELECT lo_unlink(${oid})`)
    }
  })
})
