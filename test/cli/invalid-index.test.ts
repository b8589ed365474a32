import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox, schemaFile } from './sandbox.js'

let box: Sandbox
beforeEach(() => (box = new Sandbox()))
afterEach(() => box.remove())

test('an index whose build failed does not pass for one: it is named, and built anew', async () => {
  const url = (box.env.DATABASE_URL = await freshDatabase(Math.max(...majors)))
  const database = await connectPostgres(url)
  try {
    await database.executeAll(['CREATE TABLE users (id bigint PRIMARY KEY, email text, name text)', `INSERT INTO users VALUES (1, 'a', 'n'), (2, 'a', 'n')`])
    for (const column of ['email', 'name']) await expect(database.executeAll([`CREATE UNIQUE INDEX CONCURRENTLY users_${column} ON users (${column})`])).rejects.toThrow('could not create unique index')
    await database.executeAll(['DELETE FROM users WHERE id = 2'])
    box.write('schema.ts', schemaFile(`import { unique, uniqueIndex } from 'pg-autogen/schema'`, `export const users = table('users', { id: bigint().primaryKey(), email: text(), name: text() }, (t) => [uniqueIndex('users_email').on(t.email), unique('users_name').on(t.name)])`))
    const { code, stdout, stderr } = await box.run(['check'])
    expect(code).toBe(2)
    expect(stdout).toContain('+ index public.users_email')
    expect(stderr).toContain('? index public.users_email (invalid: its build failed, or goes on)')
    await box.ok('-m', 'indexes')
    await box.ok('upgrade')
    expect(await box.run(['check'])).toMatchObject({ code: 0, stderr: '' })
    expect(await database.query(`SELECT count(*)::int FROM pg_index WHERE indrelid = 'users'::regclass AND indisvalid AND indisunique`)).toEqual([[3]])
  } finally {
    await database.close()
  }
})
