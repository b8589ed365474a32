import { createJiti } from 'jiti'

/** Opens scratch for the database in argv[2] with the mode in argv[3] and the roles that follow, says so, and waits to be ended. */
const jiti = createJiti(import.meta.url)
const { openScratch } = await jiti.import('../../src/database/scratch.ts')
const { connectPostgres } = await jiti.import('../../src/database/postgres.ts')
const [, , liveUrl, mode, ...roles] = process.argv
const live = await connectPostgres(liveUrl)
await openScratch({ mode, live, liveUrl, mayWriteToLive: true, extensions: [], roles })
process.stdout.write('open\n')
setInterval(() => undefined, 1000)
