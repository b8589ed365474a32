import { createServer } from 'node:http'
import { createJiti } from 'jiti'

/**
 * Before all tests: a small service in the process that outlives every test file, which starts the server of a major when a
 * test first asks for it. GET /<major> answers with its url.
 */
export default async function start() {
  const jiti = createJiti(import.meta.url)
  const { startNative } = await jiti.import('../../src/database/native.ts')
  const servers = new Map()
  const service = createServer((request, response) => {
    // A test that waits for a program blocks its loop: a connection that is kept would be gone when it is used again.
    response.setHeader('connection', 'close')
    const major = Number(request.url.slice(1))
    if (!servers.has(major)) servers.set(major, startNative({ major, settings: { max_connections: '60' } }))
    servers.get(major).then(
      ({ url }) => response.end(url),
      (error) => response.writeHead(500).end([error.message, error.detail, error.hint].filter(Boolean).join('\n')),
    )
  })
  await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve))
  service.unref()
  process.env.AUTOGEN_TEST_SERVERS = `http://127.0.0.1:${service.address().port}`
  globalThis.stopTestServers = async () => {
    service.close()
    await Promise.allSettled([...servers.values()].map(async (server) => (await server).stop()))
  }
}
