import type { Database } from '../../src/database/database.js'
import type { Scratch } from '../../src/database/scratch.js'
import { SchemaModel } from '../../src/model/schema-model.js'
import { compareModels } from '../../src/project/compare.js'
import { provingGround } from '../../src/project/proving-ground.js'
import { reflect } from '../../src/reflector/reflect.js'
import { everything } from '../../src/reflector/scope.js'
import { freshServerDatabase, majors } from '../support/servers.js'

const opened: Database[] = []

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
})

async function open(): Promise<Database> {
  const database = await freshServerDatabase(majors.at(-1)!)
  opened.push(database)
  return database
}

async function scratch(): Promise<Scratch> {
  const database = await open()
  return { database, engine: 'server', close: () => database.close() } as Scratch
}

test('an object of which scratch does not make the same is named', async () => {
  const database = await open()
  await database.executeAll(['CREATE TABLE t (a integer, b integer)', 'CREATE INDEX t_a ON t (a)'])
  const whole = await reflect(database)
  const { objects, ...data } = whole.toData()
  // What nothing can create: an index that lacks those of partitions, of a table that has none.
  const odd = objects.map((object) => (object.ref === 'index:public.t_a' ? { ...object, attrs: { ...object.attrs, invalid: true } } : object))
  const result = await compareModels({
    from: new SchemaModel({ ...data, objects: odd }),
    to: new SchemaModel({ ...data, objects: objects.filter(({ ref }) => ref !== 'column:public.t.b') }),
    scope: everything,
    ground: async (state) => provingGround({ state, scratch: await scratch(), another: scratch, second: scratch, whole: everything, stated: everything, begin: () => undefined }),
  })
  expect(result.operations).toMatchObject([{ type: 'drop', object: { ref: 'column:public.t.b' } }])
  expect(result.unmanaged).toEqual([{ type: 'index', identity: 'public.t_a' }])
})
