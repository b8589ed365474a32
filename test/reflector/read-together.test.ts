import { randomBytes } from 'node:crypto'
import { inTransaction, type Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { reflect, reflectWithin } from '../../src/reflector/reflect.js'
import { freshDatabase, majors } from '../support/servers.js'

/** Enough columns for a catalog that several sessions read. */
const LARGE = `DO $$ BEGIN
  FOR t IN 1..300 LOOP
    EXECUTE format('CREATE TABLE t%s (%s, PRIMARY KEY (c1))', t, (SELECT string_agg('c' || n || ' int DEFAULT ' || n, ', ') FROM generate_series(1, 50) n));
  END LOOP;
END $$`

describe('a large catalog', () => {
  let url: string
  let database: Database

  beforeAll(async () => {
    url = await freshDatabase(majors.at(-1)!)
    database = await connectPostgres(url)
    await database.executeAll([LARGE])
  })

  afterAll(() => database.close())

  /** A session that remembers how many others were opened from it. */
  function watched(session: Database): { session: Database; opened: () => number } {
    let opened = 0
    const another = () => (opened++, session.another!())
    return { session: new Proxy(session, { get: (target, key) => (key === 'another' ? another : bound(target, key)) }), opened: () => opened }
  }

  function bound(target: Database, key: string | symbol): unknown {
    const value = Reflect.get(target, key, target) as unknown
    return typeof value === 'function' ? value.bind(target) : value
  }

  test('is the same read by several sessions as by one', async () => {
    const { session, opened } = watched(database)
    const together = await reflect(session)
    const alone = await inTransaction(database, '', () => reflectWithin(database))
    expect(opened()).toBeGreaterThan(0)
    expect(together.toData()).toEqual(alone.toData())
    expect(together.objects.size).toBeGreaterThan(30_000)
  })

  test('leaves no session behind', async () => {
    await reflect(database)
    const [[sessions]] = (await database.query('SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()')) as [[number]]
    expect(sessions).toBe(1)
  })

  test.each([
    ['has no place for another', 'CONNECTION LIMIT 1', ''],
    ['does not let snapshots be shared', '', 'REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC'],
  ])('is read by one session where the server %s', async (_, option, revoke) => {
    const role = `single_${randomBytes(4).toString('hex')}`
    await database.executeAll([`CREATE ROLE ${role} LOGIN ${option}`, ...(revoke ? [revoke] : [])])
    const single = await connectPostgres(url.replace(/\/\/[^@/]*@/, `//${role}@`))
    try {
      expect((await reflect(single)).objects.size).toBeGreaterThan(30_000)
      expect((await reflect(single)).objects.size).toBeGreaterThan(30_000)
      expect(await single.query('SELECT current_user')).toEqual([[role]])
    } finally {
      await single.close()
      await database.executeAll([`DROP ROLE ${role}`])
    }
  })
})
