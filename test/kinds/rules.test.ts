import { rule, sql } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { majors } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(majors)('on %s', (engine) => {
  test('pull writes rules that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE TABLE log (id integer, "to DO " text)',
      'CREATE TABLE users (id integer, name text)',
      "CREATE RULE \"r DO x\" AS ON INSERT TO users WHERE new.name = ' DO ' DO ALSO (INSERT INTO log VALUES (new.id, ' DO '); DELETE FROM log WHERE id < 0)",
      'CREATE RULE keep AS ON DELETE TO users DO INSTEAD NOTHING',
      'CREATE RULE tell AS ON UPDATE TO users DO NOTIFY users_changed',
      'ALTER TABLE users DISABLE RULE tell',
      'CREATE VIEW names AS SELECT id, name FROM users',
      'CREATE RULE store AS ON INSERT TO names DO INSTEAD INSERT INTO users VALUES (new.id, new.name) RETURNING id, name',
      "COMMENT ON RULE keep ON users IS 'rows stay'",
    ])
    expect(differences).toEqual([])
    expect(source).toContain("rule('keep', { on: 'delete', doInstead: sql`NOTHING` }).comment('rows stay')")
    expect(source).toContain("state: 'disabled'")
  })
})

test('a rule needs an action', () => {
  expect(() => rule('r', { on: 'insert' } as never)).toThrow(/the action of rule r is not SQL/)
  expect(() => rule('r', { on: 'insert', do: sql`` })).toThrow(/the action of rule r is empty/)
})
