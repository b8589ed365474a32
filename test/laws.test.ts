import fc from 'fast-check'
import { inTransaction, type Database } from '../src/database/database.js'
import { diff } from '../src/differ/diff.js'
import type { SchemaModel } from '../src/model/schema-model.js'
import { invert, invertAll, type Operation } from '../src/operations/operation.js'
import { prove } from '../src/planner/proof.js'
import { reflectWithin } from '../src/reflector/reflect.js'
import { arbitrarySchema, type Ddl } from './support/arbitrary-schema.js'
import { provingGround } from './support/ground.js'
import { freshPglite } from './support/servers.js'

/** The everyday run always tries the same schemas; `npm run test:laws` tries new ones, and fast-check prints the seed of a failure. */
const parameters = { numRuns: Number(process.env.LAWS_RUNS ?? 6), seed: seedOf(process.env.LAWS_SEED ?? '1') }
const patience = 60_000 + parameters.numRuns * 5_000

function seedOf(text: string): number {
  return text === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(text)
}

let reader: Database
beforeAll(async () => {
  reader = await freshPglite()
})
afterAll(() => reader.close())

class Undo extends Error {}

/** The model of a schema, read from inside a transaction that is rolled back. */
async function modelOf(ddl: Ddl): Promise<SchemaModel> {
  let model: SchemaModel | undefined
  await inTransaction(reader, '', async () => {
    await reader.executeAll(ddl)
    model = await reflectWithin(reader)
    throw new Undo()
  }).catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error
  })
  return model!
}

test('a schema does not differ from itself', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySchema, async (ddl) => {
      expect(diff(await modelOf(ddl), await modelOf(ddl))).toEqual([])
    }),
    parameters,
  )
}, patience)

test('the inverse of an inverse is the operation', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySchema, arbitrarySchema, async (a, b) => {
      const operations: Operation[] = diff(await modelOf(a), await modelOf(b))
      expect(operations.map((operation) => invert(invert(operation)))).toEqual(operations)
      expect(invertAll(invertAll(operations))).toEqual(operations)
    }),
    parameters,
  )
}, patience)

test('applying the difference reaches the other schema, and its inverse comes back', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySchema, arbitrarySchema, async (a, b) => {
      const [from, to] = [await modelOf(a), await modelOf(b)]
      const opened: Database[] = []
      const open = async () => {
        const database = await freshPglite()
        opened.push(database)
        return database
      }
      try {
        const ground = await provingGround(open, from)
        const { downgrade } = await prove(ground, await ground.reflect(), to, diff(await ground.reflect(), to))
        expect(diff(downgrade.reached, from).filter(({ type }) => type !== 'alter')).toEqual([])
      } finally {
        for (const database of opened) await database.close()
      }
    }),
    parameters,
  )
}, patience)
