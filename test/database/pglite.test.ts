import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import type { Database } from '../../src/database/database.js'
import { embeddedExtensions, openPglite } from '../../src/database/pglite.js'

let folder: string
const opened: Database[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'autogen-embedded-'))
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  rmSync(folder, { recursive: true, force: true })
})

async function open(dataDir: string, extensions: readonly string[] = []): Promise<Database> {
  const database = await openPglite({ dataDir, extensions })
  opened.push(database)
  return database
}

test('every extension it names can be created', async () => {
  const database = await open(path.join(folder, 'db'), embeddedExtensions())
  await database.executeAll(embeddedExtensions().map((name) => `CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`))
  const names = (await database.query('select extname from pg_extension')).flat()
  expect(names).toEqual(expect.arrayContaining([...embeddedExtensions()]))
  expect((await database.query('select name from pg_available_extensions')).length).toBe(embeddedExtensions().length + 1)
})

test('an extension it does not have is refused by name', async () => {
  await expect(openPglite({ extensions: ['citext', 'postgis'] })).rejects.toMatchObject({
    message: 'the embedded engine does not have the extension postgis',
    hint: expect.stringContaining('citext'),
  })
})

test('a database on disk keeps what is in it, and gives its lock back', async () => {
  const directory = path.join(folder, 'nested/ü "db"')
  const first = await open(directory)
  await first.executeAll(['CREATE TABLE kept (id int)', 'INSERT INTO kept VALUES (7)'])
  await first.close()
  expect(existsSync(path.join(directory, 'autogen.lock'))).toBe(false)
  const second = await open(directory)
  expect(await second.query('select id from kept')).toEqual([[7]])
  expect(second.label).toBe(`pglite://${directory}`)
})

test('a directory in use by another process names that process; when it was killed, the lock is taken over', async () => {
  const directory = path.join(folder, 'db')
  const child = spawn(process.execPath, [path.resolve('test/support/open-pglite.mjs'), directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await expect(openPglite({ dataDir: directory })).rejects.toMatchObject({
    message: `the embedded database in ${directory} is in use by process ${child.pid}`,
    hint: expect.stringContaining('one process at a time'),
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const database = await open(directory)
  expect(await database.query(`select count(*)::int from pg_class where relname = 'made_by_child'`)).toEqual([[1]])
})

test('Ctrl-C gives the lock back', async () => {
  const directory = path.join(folder, 'db')
  const child = spawn(process.execPath, [path.resolve('test/support/open-pglite.mjs'), directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT'])
  expect(existsSync(path.join(directory, 'autogen.lock'))).toBe(false)
})

test('a lock whose pid belongs to another process now is stale; one of another machine is not', async () => {
  const directory = path.join(folder, 'db')
  await (await open(directory)).close()
  const lock = path.join(directory, 'autogen.lock')
  writeFileSync(lock, JSON.stringify({ host: hostname(), pid: process.pid, started: 'long ago' }))
  await (await open(directory)).close()
  writeFileSync(lock, 'torn')
  await (await open(directory)).close()
  writeFileSync(lock, JSON.stringify({ host: 'elsewhere', pid: 1, started: '' }))
  await expect(openPglite({ dataDir: directory })).rejects.toThrow(/in use by process 1 on elsewhere/)
  expect(readFileSync(lock, 'utf8')).toContain('elsewhere')
})

test('a directory that holds something else is an error, not a crash', async () => {
  const directory = path.join(folder, 'db')
  await (await open(directory)).close()
  writeFileSync(path.join(directory, 'PG_VERSION'), '12\n')
  await expect(openPglite({ dataDir: directory })).rejects.toMatchObject({ message: expect.stringContaining('does not start') })
  const file = path.join(folder, 'file')
  writeFileSync(file, '')
  await expect(openPglite({ dataDir: path.join(file, 'db') })).rejects.toMatchObject({ message: expect.stringContaining('cannot make the directory') })
})

test('two in-memory databases know nothing of each other', async () => {
  const [one, two] = [await openPglite(), await openPglite()]
  opened.push(one, two)
  await one.executeAll(['CREATE TABLE only_here ()'])
  expect(await two.query(`select count(*)::int from pg_class where relname = 'only_here'`)).toEqual([[0]])
})
