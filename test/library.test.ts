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
