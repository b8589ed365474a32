import { eventTrigger, func } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { majors } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

const guard = func('guard', { returns: 'event_trigger', language: 'plpgsql', body: 'begin end' })

describe.each(majors)('on %s', (engine) => {
  test('pull writes event triggers that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      "CREATE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'",
      "CREATE EVENT TRIGGER drops ON sql_drop WHEN TAG IN ('DROP VIEW', 'DROP TABLE') EXECUTE FUNCTION guard()",
      'CREATE EVENT TRIGGER "Odd one" ON ddl_command_end EXECUTE FUNCTION guard()',
      'ALTER EVENT TRIGGER "Odd one" ENABLE REPLICA',
    ])
    expect(differences).toEqual([])
    expect(source).toContain("eventTrigger('drops', { on: 'sql_drop', tags: ['DROP VIEW', 'DROP TABLE'], execute: guard })")
  })

  test('its state is set, anything else replaces it', async () => {
    const drops = (options: object) => eventTrigger('drops', { on: 'sql_drop', execute: guard, ...options })
    const { up } = await databases.migration(engine, [guard, drops({})], [guard, drops({ state: 'disabled' })])
    expect(up).toEqual(['ALTER EVENT TRIGGER drops DISABLE'])
    const { up: replaced } = await databases.migration(engine, [guard, drops({})], [guard, drops({ tags: ['drop table'] })])
    expect(replaced[0]).toBe('DROP EVENT TRIGGER drops')
    expect(replaced[1]).toContain("WHEN TAG IN ('DROP TABLE')")
  })
})
