import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connectPostgres } from '../../src/database/postgres.js'
import * as library from '../../src/index.js'
import { freshDatabase, majors } from '../support/servers.js'

const GRANTS = `SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attacl IS NOT NULL AND NOT attisdropped ORDER BY attname`

/** What grants on columns become while nobody manages privileges: the migration's SQL, and the columns with grants at first, after it, and after its inverse. */
async function changed(column: string): Promise<{ sql: string[]; granted: unknown[] }> {
  const cwd = mkdtempSync(path.join(tmpdir(), 'autogen-grants-'))
  const url = await freshDatabase(majors.at(-1)!)
  const database = await connectPostgres(url)
  try {
    await database.executeAll(['CREATE TABLE users (id bigint, name text)', 'GRANT INSERT (id, name) ON users TO PUBLIC'])
    const granted = async () => (await database.query(GRANTS)).map(([name]) => name)
    const states = [await granted()]
    writeFileSync(path.join(cwd, 'schema.ts'), `import { table, bigint, text } from 'pg-autogen/schema'\nexport const users = table('users', { id: bigint()${column} })\n`)
    const project = await library.openProject({ cwd, database: url, typecheck: false, allow: ['data-loss'] })
    const { migration } = await library.autogenerate(project, { message: 'one' })
    await library.upgrade(project, 'head')
    states.push(await granted())
    expect((await library.check(project)).inSync).toBe(true)
    await library.downgrade(project, 'base')
    states.push(await granted())
    await project.close()
    return { sql: migration!.upgrade.steps.map(({ statement }) => statement.sql), granted: states }
  } finally {
    await database.close()
    rmSync(cwd, { recursive: true })
  }
}

test('grants on a column follow it to its new name', async () => {
  const { sql, granted } = await changed(`, title: text().renamedFrom('name')`)
  expect(sql).toEqual(['ALTER TABLE public.users RENAME COLUMN name TO title'])
  expect(granted).toEqual([['id', 'name'], ['id', 'title'], ['id', 'name']])
})

test('grants on a column go with it, and come back with it', async () => {
  const { sql, granted } = await changed('')
  expect(sql).toEqual(['ALTER TABLE public.users DROP COLUMN name'])
  expect(granted).toEqual([['id', 'name'], ['id'], ['id', 'name']])
})
