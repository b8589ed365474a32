/** After all tests: the servers they used are stopped and their data is removed. */
export default async function stop() {
  await globalThis.stopTestServers?.()
}
