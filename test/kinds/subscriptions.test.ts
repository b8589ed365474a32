import type { Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { openScratch } from '../../src/database/scratch.js'
import { elaborate } from '../../src/declaration/elaborate.js'
import { diff } from '../../src/differ/diff.js'
import { renderSchemaFile } from '../../src/generator/schema-file.js'
import { plan } from '../../src/planner/plan.js'
import { authorsIntent } from '../../src/project/authors-intent.js'
import { reflect } from '../../src/reflector/reflect.js'
import { scopeOf } from '../../src/reflector/scope.js'
import type { Step } from '../../src/revisions/revision.js'
import { downgrade, upgrade } from '../../src/runner/runner.js'
import { integer, manage, schema, secret, subscription, table } from '../../src/schema.js'
import { migration } from '../runner/support.js'
import { freshDatabase, majors } from '../support/servers.js'

const publicSchema = schema('public')
const items = table('items', { id: integer().primaryKey() })
const declarations = (...declared: { declarations(): ReturnType<typeof items.declarations> }[]) => [publicSchema, items, ...declared].flatMap((each) => each.declarations())

async function eventually(work: () => Promise<unknown>, wanted: unknown): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (JSON.stringify(await work()) === JSON.stringify(wanted)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(await work()).toEqual(wanted)
}

describe.each(majors)('on a server of major %i', (major) => {
  let publisher: Database
  let subscriber: Database
  let subscriberUrl: string
  const slot = `items_${major}_${process.pid}`

  beforeAll(async () => {
    const url = await freshDatabase(major)
    publisher = await connectPostgres(url)
    await publisher.executeAll(['CREATE TABLE items (id int PRIMARY KEY)', 'INSERT INTO items VALUES (1)', 'CREATE PUBLICATION items FOR TABLE items'])
    await publisher.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`)
    subscriberUrl = await freshDatabase(major)
    subscriber = await connectPostgres(subscriberUrl)
    const [[host, port, name]] = (await publisher.query(
      `SELECT split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database()`,
    )) as [[string, string, string]]
    process.env.ITEMS_CONNECTION = `host=${host} port=${port} dbname=${name} user=postgres password=hunter2`
  })
  afterAll(async () => {
    await subscriber.close()
    await publisher.close()
  })

  async function stepsTo(declared: ReturnType<typeof declarations>): Promise<{ up: Step[]; down: Step[]; left: number }> {
    const scope = scopeOf(manage({ schemas: 'all' }), declared.map(({ object }) => object), { versionSchema: 'autogen' })
    const scratch = await openScratch({ mode: 'server', live: subscriber, liveUrl: subscriberUrl, mayWriteToLive: true, extensions: [] })
    try {
      const from = await reflect(subscriber, scope)
      const to = await elaborate(scratch.database, declared, { scope, commit: true })
      const workers = await scratch.database.query(`SELECT subname FROM pg_subscription WHERE subenabled AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`)
      expect(workers).toEqual([])
      const steps = (a: typeof from, b: typeof to): Step[] =>
        plan(a, b, diff(a, b), authorsIntent(declared)).map(({ statement }) => ({ ...statement, type: statement.transaction === 'outside' ? 'outside' : 'execute' }))
      return { up: steps(from, to), down: steps(to, from), left: diff(from, to).length }
    } finally {
      await scratch.close()
    }
  }

  test('an enabled one replicates, is the same as in scratch, and goes with its slot', async () => {
    const wanted = declarations(subscription('items', { publications: ['items'], connection: secret('ITEMS_CONNECTION'), slotName: slot, enabled: true }).comment('all'))
    const { up, down } = await stepsTo(wanted)
    const migrations = [migration('aaaa', [], up, down)]
    await upgrade({ database: subscriber, migrations })
    await eventually(() => subscriber.query('SELECT id FROM items'), [[1]])
    await publisher.executeAll(['INSERT INTO items VALUES (2)'])
    await eventually(() => subscriber.query('SELECT id FROM items'), [[1], [2]])
    expect((await stepsTo(wanted)).left).toBe(0)

    const model = await reflect(subscriber)
    expect(JSON.stringify([...model.objects.values()])).not.toMatch(/hunter2|dbname/)
    const source = renderSchemaFile(model)
    expect(source).toContain(`connection: secret('ITEMS_CONNECTION')`)
    expect(source).not.toContain('hunter2')

    await downgrade({ database: subscriber, migrations }, 'base')
    expect(await publisher.query(`SELECT slot_name FROM pg_replication_slots WHERE slot_name = '${slot}'`)).toEqual([])
    expect((await reflect(subscriber)).unmanaged).toEqual([])
  }, 60_000)

  test('a connection string that PostgreSQL refuses is not shown', async () => {
    process.env.WRONG_CONNECTION = 'host=nowhere hunter2'
    const { up } = await stepsTo(declarations(subscription('wrong', { publications: ['items'], connection: secret('WRONG_CONNECTION') })))
    const error = await upgrade({ database: subscriber, migrations: [migration('bbbb', [], up)] }).catch((each: unknown) => each as Error)
    expect(error).toMatchObject({ sqlState: '42601' })
    expect(JSON.stringify([(error as Error).message, error])).not.toContain('hunter2')
  })

  test('those of other databases take no part', async () => {
    await publisher.executeAll(["CREATE SUBSCRIPTION elsewhere CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE)"])
    expect((await reflect(subscriber)).get('subscription:elsewhere')).toBeUndefined()
    expect((await reflect(publisher)).get('subscription:elsewhere')?.attrs).toEqual({ publications: ['p'], slotName: null })
    await publisher.executeAll(['DROP SUBSCRIPTION elsewhere'])
  })
})

test.each([
  ['a connection string in schema.ts', { publications: ['p'], connection: 'password=hunter2' as never }, /is a secret/],
  ['no publications', { publications: [], connection: secret('A') }, /has no publications/],
  ['enabled without a slot', { publications: ['p'], connection: secret('A'), enabled: true, slotName: null }, /has no slot/],
  ['a slot with capitals', { publications: ['p'], connection: secret('A'), slotName: 'Slot' }, /no name for a replication slot/],
])('%s is refused', (_, options, message) => {
  expect(() => subscription('s', options)).toThrow(message)
})
