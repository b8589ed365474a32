import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import * as library from '../../src/index.js'
import { freshDatabase, majors } from '../support/servers.js'
import { USERS } from '../cli/sandbox.js'

const oldest = majors[0]!
let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'autogen-given-'))
  writeFileSync(path.join(cwd, 'schema.ts'), USERS)
})

afterEach(() => rmSync(cwd, { recursive: true }))

/** The main job on a connection, which is opened several times over. */
async function job(connection: library.GivenConnection): Promise<void> {
  const use = async <T>(work: (project: library.Project) => Promise<T>) => {
    const project = await library.openProject({ cwd, connection, typecheck: false, scratch: 'embedded' })
    return work(project).finally(() => project.close())
  }
  await use((project) => library.autogenerate(project, { message: 'users' }))
  expect((await use((project) => library.upgrade(project))).ran).toHaveLength(1)
  expect(await use(library.check)).toMatchObject({ inSync: true })
  expect((await use((project) => library.downgrade(project, 'base'))).after).toEqual([])
  await use((project) => library.upgrade(project))
}

test('a client of node-postgres stays as it was, and open', async () => {
  const client = new pg.Client(await freshDatabase(oldest))
  await client.connect()
  try {
    await client.query(`SET search_path = app; SET lock_timeout = '7s'`)
    await job(client)
    expect((await client.query('SELECT count(*)::int AS rows, current_setting($1) AS waits FROM users', ['lock_timeout'])).rows).toEqual([{ rows: 0, waits: '7s' }])
    expect((await client.query('SELECT int8 $$1$$ AS one')).rows).toEqual([{ one: '1' }])
    await client.query('BEGIN')
    const project = await library.openProject({ cwd, connection: client })
    await expect(library.upgrade(project)).rejects.toThrow('the connection is in a transaction')
    await project.close()
    await client.query('COMMIT')
  } finally {
    await client.end()
  }
  expect(client.listenerCount('error')).toBe(0)
})

test('a client that is not connected is refused', async () => {
  const project = await library.openProject({ cwd, connection: new pg.Client(await freshDatabase(oldest)) })
  await expect(library.upgrade(project)).rejects.toMatchObject({ message: 'the client is not connected', hint: 'call connect() first' })
})

test('a pool gets its clients back', async () => {
  const pool = new pg.Pool({ connectionString: await freshDatabase(oldest), max: 1 })
  try {
    await job(pool)
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
    expect((await pool.query('SELECT count(*)::int AS rows FROM app.users')).rows).toEqual([{ rows: 0 }])
  } finally {
    await pool.end()
  }
})

test('a PGlite stays open', async () => {
  const engine = await PGlite.create()
  try {
    await job(engine)
    expect((await engine.query('SELECT count(*)::int AS rows FROM app.users')).rows).toEqual([{ rows: 0 }])
  } finally {
    await engine.close()
  }
})
