import { createJiti } from 'jiti'

/** Opens the embedded database in argv[2], makes a table, says so, and waits to be ended. */
const { openPglite } = await createJiti(import.meta.url).import('../../src/database/pglite.ts')
const database = await openPglite({ dataDir: process.argv[2] })
await database.executeAll(['CREATE TABLE made_by_child ()'])
process.stdout.write('open\n')
setInterval(() => undefined, 1000)
