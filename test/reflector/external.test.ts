import type { Database } from '../../src/database/database.js'
import type { Declared } from '../../src/authoring/declared.js'
import { elaborate } from '../../src/declaration/elaborate.js'
import { outlineOf } from '../../src/declaration/schema-cache.js'
import { diff } from '../../src/differ/diff.js'
import { describeOperation } from '../../src/operations/describe.js'
import { reflect } from '../../src/reflector/reflect.js'
import { scopeOf } from '../../src/reflector/scope.js'
import { bigint, extension, integer, manage, schema, table, type Manage } from '../../src/schema.js'
import { engines, freshSession } from '../support/servers.js'

const publicSchema = schema('public')

describe.each(engines)('on %s', (engine) => {
  let database: Database
  let scratch: Database
  beforeEach(async () => {
    database = await freshSession(engine, ['citext'])
    scratch = await freshSession(engine, ['citext'])
  })
  afterEach(async () => {
    await database.close()
    await scratch.close()
  })

  async function differences(scope: Manage, ...declared: Declared[]): Promise<{ operations: string[]; unmanaged: readonly unknown[] }> {
    const declarations = [publicSchema, ...declared].flatMap((each) => each.declarations())
    const stated = scopeOf(scope, outlineOf(declarations, scope), { versionSchema: 'autogen', sparesExtensions: true })
    const from = await reflect(database, stated)
    return { operations: diff(from, await elaborate(scratch, declarations, { scope: stated })).map(describeOperation), unmanaged: from.unmanaged }
  }

  test('what the scope calls external is left alone unless it is declared', async () => {
    await database.executeAll([
      'CREATE TABLE events (id integer, at date NOT NULL) PARTITION BY RANGE (at)',
      `CREATE TABLE events_p1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`,
      'CREATE INDEX ON events_p1 (id)',
      'CREATE SCHEMA partman',
      'CREATE TABLE partman.config (id integer)',
      'CREATE TABLE "q.*x" (id integer)',
    ])
    const scope = manage({ schemas: 'all', external: ['public.events*', 'partman.*', 'public.q.*'] })
    const events = table('events', { id: integer(), at: bigint() })
    expect((await differences(manage({ schemas: 'all' }))).operations).not.toEqual([])
    expect(await differences(scope)).toEqual({ operations: [], unmanaged: [] })
    expect((await differences(scope, events)).operations.join('\n')).toMatch(/table public\.events/)
    expect((await differences(scope, events)).operations.join('\n')).not.toMatch(/events_p1|partman/)
    expect((await differences(manage({ schemas: 'all', external: ['public.events*', 'partman.*', 'public.qx'] }))).operations).toEqual(['- table public."q.*x"', '- column public."q.*x".id'])
  })

  test('what extensions make later in their own schemas is left alone unless it is declared', async () => {
    // As pgmq does: its schema and its bookkeeping belong to the extension, the queues that its functions make do not.
    await database.executeAll([
      'CREATE EXTENSION citext',
      'CREATE SCHEMA pgmq',
      'ALTER EXTENSION citext ADD SCHEMA pgmq',
      'CREATE TABLE pgmq.meta (id integer PRIMARY KEY)',
      'ALTER EXTENSION citext ADD TABLE pgmq.meta',
      'CREATE TABLE pgmq.q_orders (id integer PRIMARY KEY)',
      'CREATE INDEX ON pgmq.q_orders (id)',
      'CREATE TABLE other (id integer)',
    ])
    const { operations, unmanaged } = await differences(manage({ schemas: 'all' }), extension('citext'))
    expect(operations).toEqual(['- table public.other', '- column public.other.id'])
    expect(unmanaged).toEqual([])
  })
})

test('a wrong list is refused', () => {
  expect(() => manage({ external: 'public.*' as never })).toThrow(/cannot take "public\.\*" for external/)
})
