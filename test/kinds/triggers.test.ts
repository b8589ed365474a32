import { SchemaError } from '../../src/errors.js'
import { func, integer, table, trigger } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

const touch = func('touch', { returns: 'trigger', language: 'plpgsql', body: 'begin return new; end' })

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes triggers that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'",
      'CREATE TABLE other (id integer)',
      'CREATE TABLE users (gone integer, id integer, "Na,me" text)',
      'ALTER TABLE users DROP COLUMN gone',
      `CREATE TRIGGER "T WHEN (x" BEFORE UPDATE OF "Na,me", id OR INSERT ON users FOR EACH ROW
         WHEN (new."Na,me" <> ') EXECUTE FUNCTION x(') EXECUTE FUNCTION touch('a', '', 'it''s \\ \`\${x}')`,
      'CREATE TRIGGER log AFTER UPDATE ON users REFERENCING OLD TABLE AS was NEW TABLE AS "Is" FOR EACH STATEMENT EXECUTE FUNCTION touch()',
      'CREATE CONSTRAINT TRIGGER late AFTER INSERT ON users FROM other DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch()',
      'CREATE TRIGGER off BEFORE TRUNCATE ON users EXECUTE FUNCTION touch()',
      'ALTER TABLE users DISABLE TRIGGER off',
      'ALTER TABLE users ENABLE ALWAYS TRIGGER late',
      'CREATE VIEW names AS SELECT id FROM users',
      'CREATE TRIGGER store INSTEAD OF INSERT OR DELETE ON names FOR EACH ROW EXECUTE FUNCTION touch()',
      'CREATE TABLE events (day integer) PARTITION BY RANGE (day)',
      'CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10)',
      'CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20)',
      'CREATE TRIGGER seen AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch()',
      'ALTER TABLE events_2 DISABLE TRIGGER seen',
      "COMMENT ON TRIGGER log ON users IS 'what was'",
    ])
    expect(differences).toEqual([])
    expect(source).toContain("triggerState('seen', 'disabled')")
    expect(source).toContain("trigger('off', { before: ['truncate'], execute: touch, state: 'disabled' })")
  })

  test('another condition replaces a trigger in place, its state alone is set', async () => {
    const users = (...elements: ReturnType<typeof trigger>[]) => table('users', { id: integer() }, () => elements)
    const { up } = await databases.migration(
      engine,
      [touch, users(trigger('a', { before: 'insert', forEach: 'row', execute: touch }), trigger('b', { before: 'insert', execute: touch }))],
      [
        touch,
        users(
          trigger('a', { before: ['insert', 'update'], forEach: 'row', execute: touch }),
          trigger('b', { before: 'insert', execute: touch, state: 'disabled' }),
        ),
      ],
    )
    expect(up).toEqual([expect.stringContaining('CREATE OR REPLACE TRIGGER a'), 'ALTER TABLE public.users DISABLE TRIGGER b'])
  })
})

test.each([
  ['no events', () => trigger('t', { execute: touch } as never), /trigger t has no events/],
  ['an undefined column', () => trigger('t', { before: 'update', of: [undefined as never], execute: touch }), /the name of a column is not a string/],
  ['no function', () => trigger('t', { before: 'update' } as never), /the function of trigger t is not SQL/],
])('%s is refused', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
})
