import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as library from '../src/index.js'
import { freshDatabase, majors } from './support/servers.js'
import { USERS } from './cli/sandbox.js'

const oldest = majors[0]!

test('a program does the main job without a command line', async () => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'autogen-library-'))
  const stages: string[] = []
  writeFileSync(path.join(cwd, 'schema.ts'), USERS)
  const project = await library.openProject({ cwd, database: await freshDatabase(oldest), typecheck: false, onStage: (stage) => stages.push(stage) })
  try {
    const { migration, operations } = await library.autogenerate(project, { message: 'users' })
    expect(operations.length).toBeGreaterThan(2)
    expect(migration!.downgrade.steps).toHaveLength(2)
    expect(await library.check(project)).toMatchObject({ inSync: false, pending: [{ message: 'users' }] })
    expect((await library.upgrade(project)).ran.map(({ message }) => message)).toEqual(['users'])
    expect(await library.check(project)).toMatchObject({ inSync: true, operations: [], pending: [] })
    expect((await library.diff(project)).steps).toEqual([])
    expect((await library.pull(project)).source).toContain(`table('users'`)
    const graph = new library.RevisionGraph(await library.readMigrations(path.join(cwd, 'migrations')))
    expect(graph.heads).toEqual([migration!.revision])
    expect((await library.downgrade(project, 'base')).after).toEqual([])
    expect((await library.diff(project)).operations.length).toBe(operations.length)
    expect((await library.stamp(project, 'head')).after).toEqual(graph.heads)
    await expect(library.autogenerate(project, { message: 'again' })).resolves.toMatchObject({ migration: { revision: expect.any(String) } })
    expect(stages).toEqual(expect.arrayContaining(['connecting to the database', 'reading the database', 'elaborating schema.ts', 'proving the upgrade', 'proving the downgrade']))
  } finally {
    await project.close()
  }
  expect(readdirSync(path.join(cwd, 'migrations')).map((name) => name.replace(/^.*_/, '')).sort()).toEqual(['again.ts', 'autogen.lock', 'users.ts'])
  rmSync(cwd, { recursive: true })
})

test('the history by the library: what is there, where the database is, what would run, joining, moving and putting together', async () => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'autogen-library-'))
  writeFileSync(path.join(cwd, 'schema.ts'), USERS)
  const project = await library.openProject({ cwd, database: await freshDatabase(oldest), typecheck: false })
  try {
    expect(await library.ensureVersion(project)).toEqual({ schema: 'autogen', made: true })
    const a = await library.revision(project, { message: 'a' })
    const b = await library.revision(project, { message: 'b' })
    const c = await library.revision(project, { message: 'c', heads: [a.revision], splice: true })
    expect((await library.rebase(project, c.revision)).onto).toBe(b.revision)
    const d = await library.revision(project, { message: 'd', heads: [b.revision], splice: true })
    const joined = await library.merge(project, ['heads'])
    expect((await library.history(project)).map(({ message }) => message)).toEqual(['merge heads', expect.any(String), expect.any(String), 'b', 'a'])
    expect((await library.preview(project, 'upgrade', a.revision)).ran.map(({ revision }) => revision)).toEqual([a.revision])
    await library.upgrade(project, a.revision)
    expect(await library.status(project)).toMatchObject({ current: [a.revision], pending: { length: 4 }, edited: [] })
    expect(await library.current(project)).toMatchObject({ atHeads: false })
    expect((await library.history(project, 'base:current')).map(({ message }) => message)).toEqual(['a'])
    expect(await library.script(project, 'upgrade', `${a.revision}:${b.revision}`)).toContain(b.revision)
    expect((await library.stamp(project, 'head', { dryRun: true })).after).toEqual([joined.revision])
    expect((await library.squash(project, { range: `${a.revision}:${b.revision}`, message: 'both' })).replaced).toHaveLength(2)
    expect((await library.status(project)).current).toEqual([a.revision])
    expect(d.file).toContain(cwd)
  } finally {
    await project.close()
    rmSync(cwd, { recursive: true })
  }
})

test('whatever is done stops on request, and leaves nothing behind', async () => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'autogen-library-'))
  writeFileSync(path.join(cwd, 'schema.ts'), USERS)
  const database = await freshDatabase(oldest)
  const stoppedAt = async (stage: string, work: (project: library.Project) => Promise<unknown>) => {
    const stop = new AbortController()
    const project = await library.openProject({ cwd, database, typecheck: false, signal: stop.signal, onStage: (begun) => begun === stage && stop.abort() })
    const outcome = await work(project).then(() => 'done', (error: unknown) => (error instanceof library.AutogenError ? error.message : error))
    await project.close()
    return outcome
  }
  const request = { message: 'users' }
  for (const stage of ['reading the database', 'starting scratch', 'proving the downgrade']) {
    expect(await stoppedAt(stage, (project) => library.autogenerate(project, request))).toMatch(/^stopped on request/)
  }
  expect(readdirSync(cwd)).not.toContain('migrations')
  expect(await stoppedAt('', (project) => library.autogenerate(project, request))).toBe('done')
  for (const work of [library.check, library.diff, library.status] as ((project: library.Project) => Promise<unknown>)[]) {
    expect(await stoppedAt('connecting to the database', (project) => work(project).then(() => work(project)))).toMatch(/^stopped on request/)
  }
  expect(await stoppedAt('connecting to the database', library.upgrade)).toMatch(/^stopped before the upgrade/)
  expect(await stoppedAt('', library.current)).toBe('done')
  rmSync(cwd, { recursive: true })
})
