import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** A port of this machine on which nobody listens now. */
export async function freePort(): Promise<number> {
  const service = createServer().listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { port } = service.address() as AddressInfo
  service.close()
  await once(service, 'close')
  return port
}
