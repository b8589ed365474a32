import { reflectWithin } from '../../src/reflector/reflect.js'
import { everything } from '../../src/reflector/scope.js'
import { freshSession, majors } from '../support/servers.js'

/** Without a provider, which PostgreSQL does not bring along, only the catalogs themselves can hold a label. */
const LABELS = `
  INSERT INTO pg_seclabel (objoid, classoid, objsubid, provider, label) VALUES
    ('app.users'::regclass, 'pg_class'::regclass, 0, 'dummy', 'classified'),
    ('app.users'::regclass, 'pg_class'::regclass, 2, 'dummy', 'secret'),
    ('app.users_id_seq'::regclass, 'pg_class'::regclass, 0, 'other', 'odd ''one''')`
const SHARED_LABEL = `
  INSERT INTO pg_shseclabel (objoid, classoid, provider, label) SELECT oid, 'pg_subscription'::regclass, 'dummy', 'unclassified' FROM pg_subscription WHERE subname = 'incoming'`

describe.each(majors)('on %s', (engine) => {
  test('labels are read with what they are on', async () => {
    const database = await freshSession(engine)
    try {
      await database.executeAll([
        'BEGIN',
        'SET LOCAL allow_system_table_mods = on',
        'CREATE SCHEMA app',
        'CREATE TABLE app.users (id integer GENERATED ALWAYS AS IDENTITY, email text)',
        `CREATE SUBSCRIPTION incoming CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)`,
        LABELS,
        SHARED_LABEL,
      ])
      const { objects, unmanaged } = await reflectWithin(database, everything)
      const labels = [...objects.values()].filter(({ kind }) => kind === 'security_label')
      expect(labels.map(({ id, attrs }) => [id.on, id.provider, attrs.label]).sort()).toEqual([
        ['COLUMN app.users.email', 'dummy', 'secret'],
        ['SEQUENCE app.users_id_seq', 'other', `odd 'one'`],
        ['SUBSCRIPTION incoming', 'dummy', 'unclassified'],
        ['TABLE app.users', 'dummy', 'classified'],
      ])
      expect(unmanaged).toEqual([])
    } finally {
      await database.close()
    }
  })
})
