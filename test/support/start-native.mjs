import { createJiti } from 'jiti'

/** Starts a server of the major in argv[2], prints its url, and waits to be ended; SIGUSR2 makes it exit by itself. */
const { startNative } = await createJiti(import.meta.url).import('../../src/database/native.ts')
const { url } = await startNative({ major: Number(process.argv[2]) })
process.on('SIGUSR2', () => process.exit(3))
process.stdout.write(url)
setInterval(() => undefined, 1000)
