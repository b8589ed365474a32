import type { Database } from '../../src/database/database.js'
import type { MigrationError } from '../../src/runner/migration-error.js'
import type { RunEvent } from '../../src/runner/run-migration.js'
import { downgrade, preview, readState, stamp, upgrade } from '../../src/runner/runner.js'
import { engines } from '../support/servers.js'
import { migration, steps, tables, TestEngine, value } from './support.js'

const A = migration('aaaa', [], steps('CREATE TABLE a (id int PRIMARY KEY)'), steps('DROP TABLE a'), 'first')
const B = migration('bbbb', ['aaaa'], steps('CREATE TABLE b (id int)', 'INSERT INTO b VALUES (1)'), steps('DROP TABLE b'))
const C = migration('cccc', ['bbbb'], steps('CREATE TABLE c (id int)'), steps('DROP TABLE c'))
const ALL = [A, B, C]

async function failure(work: Promise<unknown>): Promise<MigrationError> {
  try {
    await work
  } catch (error) {
    return error as MigrationError
  }
  throw new Error('it did not fail')
}

async function log(database: Database): Promise<string[]> {
  const { entries } = await readState(database)
  return entries.map((entry) => `${entry.direction} ${entry.revision} ${entry.outcome} ${entry.stepsDone}`)
}

describe.each(engines)('on %s', (name) => {
  const engine = new TestEngine(name)
  let database: Database
  afterAll(() => engine.close())
  beforeEach(async () => {
    database = await engine.fresh()
  })

  describe('upgrade and downgrade', () => {
    test('to the head and back', async () => {
      const events: RunEvent[] = []
      const result = await upgrade({ database, migrations: ALL, onEvent: (event) => events.push(event) })
      expect(result).toMatchObject({ before: [], after: ['cccc'] })
      expect(result.ran.map((each) => each.revision)).toEqual(['aaaa', 'bbbb', 'cccc'])
      expect(await tables(database)).toBe('a b c')
      expect((await readState(database)).rows).toEqual(['cccc'])
      expect(events.map((event) => event.type)).toEqual(['start', 'steps', 'done', 'start', 'steps', 'done', 'start', 'steps', 'done'])

      expect((await downgrade({ database, migrations: ALL }, '-1')).after).toEqual(['bbbb'])
      expect((await downgrade({ database, migrations: ALL }, 'base')).after).toEqual([])
      expect(await tables(database)).toBe('')
      expect((await readState(database)).rows).toEqual([])
      expect(await log(database)).toEqual([
        'upgrade aaaa done 1',
        'upgrade bbbb done 2',
        'upgrade cccc done 1',
        'downgrade cccc done 1',
        'downgrade bbbb done 1',
        'downgrade aaaa done 1',
      ])
    })

    test('callbacks are awaited around each migration, and told each step', async () => {
      const told: string[] = []
      const later = async (text: string) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        told.push(text)
      }
      const callbacks = {
        beforeMigration: ({ revision }: { revision: string }, direction: string) => later(`before ${direction} ${revision}`),
        afterMigration: ({ revision }: { revision: string }) => later(`after ${revision}`),
        onStep: (step: { sql: string }, place: { number: number }) => told.push(`${place.number} ${step.sql}`),
      }
      await upgrade({ database, migrations: ALL, ...callbacks }, 'bbbb')
      expect(told).toEqual(['before upgrade aaaa', '1 CREATE TABLE a (id int PRIMARY KEY)', 'after aaaa', 'before upgrade bbbb', '1 CREATE TABLE b (id int)', '2 INSERT INTO b VALUES (1)', 'after bbbb'])
      const refusing = { ...callbacks, beforeMigration: () => Promise.reject(new Error('not now')) }
      expect((await failure(upgrade({ database, migrations: ALL, ...refusing }))).message).toBe('not now')
      expect((await readState(database)).rows).toEqual(['bbbb'])
    })

    test('the log says who ran what', async () => {
      await upgrade({ database, migrations: [A] })
      expect((await readState(database)).entries[0]).toMatchObject({
        revision: 'aaaa',
        direction: 'upgrade',
        checksum: A.checksum,
        who: expect.any(String),
        host: expect.any(String),
        packageVersion: expect.stringMatching(/^\d/),
        started: expect.stringMatching(/^20/),
        milliseconds: expect.any(Number),
        outcome: 'done',
        error: null,
      })
    })

    test('nothing to do', async () => {
      await upgrade({ database, migrations: ALL })
      const again = await upgrade({ database, migrations: ALL })
      expect(again).toMatchObject({ before: ['cccc'], after: ['cccc'], ran: [] })
    })

    test('a preview runs nothing', async () => {
      const planned = await preview({ database, migrations: ALL }, 'upgrade', '+2')
      expect(planned.ran.map((each) => each.revision)).toEqual(['aaaa', 'bbbb'])
      expect(await tables(database)).toBe('')
      expect(await value(database, `SELECT count(*)::int FROM pg_namespace WHERE nspname = 'autogen'`)).toBe(0)
    })

    test('branches and a merge', async () => {
      const left = migration('left', ['aaaa'], steps('CREATE TABLE l ()'), steps('DROP TABLE l'))
      const right = migration('right', ['aaaa'], steps('CREATE TABLE r ()'), steps('DROP TABLE r'))
      const merge = migration('merge', ['left', 'right'], [], [])
      expect((await upgrade({ database, migrations: [A, left, right] }, 'heads')).after).toEqual(['left', 'right'])
      expect((await readState(database)).rows).toEqual(['left', 'right'])
      expect((await upgrade({ database, migrations: [A, left, right, merge] })).after).toEqual(['merge'])
      expect((await downgrade({ database, migrations: [A, left, right, merge] }, 'aaaa')).after).toEqual(['aaaa'])
      expect(await tables(database)).toBe('a')
    })

    describe('an event trigger that forbids everything', () => {
      beforeEach(async () => {
        await database.executeAll([
          `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is disabled', tg_tag; END $$`,
          'CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION refuse()',
        ])
      })
      afterEach(() => database.executeAll(['DROP EVENT TRIGGER guard']))

      test.each([false, true])('may be taken away by the first migration itself (single transaction: %s)', async (singleTransaction) => {
        const opening = migration('aaaa', [], steps('ALTER EVENT TRIGGER guard DISABLE', 'CREATE TABLE a ()', 'ALTER EVENT TRIGGER guard ENABLE'))
        const insert = migration('bbbb', ['aaaa'], steps('ALTER EVENT TRIGGER guard DISABLE', 'CREATE TABLE b ()', 'ALTER EVENT TRIGGER guard ENABLE'))
        await upgrade({ database, migrations: [opening, insert], singleTransaction })
        expect(await tables(database)).toBe('a b')
        expect(await log(database)).toEqual(['upgrade aaaa done 3', 'upgrade bbbb done 3'])
      })

      test('says that the bookkeeping tables cannot be made', async () => {
        const error = await failure(upgrade({ database, migrations: [migration('aaaa', [], steps('SELECT 1'))] }))
        expect(error.message).toContain('CREATE SCHEMA is disabled')
        expect(await log(database)).toEqual([])
      })
    })

    test('a migration without a downgrade is refused before anything runs', async () => {
      const forever = migration('bbbb', ['aaaa'], steps('CREATE TABLE b ()'), null)
      await upgrade({ database, migrations: [A, forever, C] })
      const error = await failure(downgrade({ database, migrations: [A, forever, C] }, 'base'))
      expect(error).toMatchObject({ message: expect.stringContaining('revision bbbb cannot be undone; it has no downgrade. Nothing was run'), exitCode: 3, at: { file: '/migrations/bbbb.ts' } })
      expect(await tables(database)).toBe('a b c')
      expect((await downgrade({ database, migrations: [A, forever, C], skipIrreversible: true }, 'base')).ran).toHaveLength(3)
      expect(await tables(database)).toBe('b')
      expect((await readState(database)).rows).toEqual([])
    })
  })

  describe('settings', () => {
    test('migrations run under their own, and the session gets its own back', async () => {
      const spy = migration(
        'aaaa',
        [],
        steps(
          `CREATE TABLE seen AS SELECT 1 AS step, current_setting('search_path') AS path, current_setting('check_function_bodies') AS bodies`,
          `outside: INSERT INTO seen SELECT 2, current_setting('search_path'), current_setting('check_function_bodies')`,
          `INSERT INTO seen SELECT 3, current_setting('search_path'), current_setting('check_function_bodies')`,
          `SET search_path = pg_catalog`,
          `outside: INSERT INTO public.seen SELECT 5, current_setting('search_path'), current_setting('check_function_bodies')`,
        ),
      )
      await database.query(`SET search_path = "My ""Path", pg_temp`)
      await upgrade({ database, migrations: [spy] })
      expect(await database.query(`SELECT path, bodies FROM public.seen ORDER BY step`)).toEqual(Array(4).fill(['public', 'off']))
      expect(await value(database, 'SHOW search_path')).toBe(`"My ""Path", pg_temp`)
      expect(await value(database, 'SHOW check_function_bodies')).toBe('on')
      await database.query('RESET search_path')
    })

    test('a role that a migration leaves set does not last', async () => {
      const role = `painter_${Date.now().toString(36)}`
      await database.executeAll([`CREATE ROLE ${role}`, `GRANT ALL ON SCHEMA public TO ${role}`])
      const paints = migration('aaaa', [], steps(`SET ROLE ${role}`, 'CREATE TABLE painted ()', 'outside: SELECT 1', `SET ROLE ${role}`))
      await upgrade({ database, migrations: [paints, B] })
      expect(await value(database, `SELECT string_agg(tableowner, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'`)).toBe(`postgres ${role}`)
      expect(await value(database, 'SELECT current_user')).toBe('postgres')
      await database.executeAll([`DROP OWNED BY ${role}`, `DROP ROLE ${role}`])
    })

    test('B54 a connection in a transaction is refused', async () => {
      await database.executeAll(['BEGIN', 'CREATE TABLE mine ()'])
      expect((await failure(upgrade({ database, migrations: ALL }))).message).toBe('the connection is in a transaction')
      await database.executeAll(['COMMIT'])
      expect(await tables(database)).toBe('mine')

      await database.executeAll(['BEGIN'])
      await database.query('SELECT 1/0').catch(() => undefined)
      expect((await failure(upgrade({ database, migrations: ALL }))).message).toBe('the connection is in a transaction')
      await database.executeAll(['ROLLBACK'])
    })

    test('bookkeeping in another schema', async () => {
      const versionSchema = 'My "Schema'
      await upgrade({ database, migrations: ALL, versionSchema })
      expect((await readState(database, versionSchema)).rows).toEqual(['cccc'])
      expect((await readState(database)).rows).toEqual([])
      await downgrade({ database, migrations: ALL, versionSchema }, 'base')
      await database.executeAll([`DROP SCHEMA "My ""Schema" CASCADE`])
    })
  })

  describe('failures', () => {
    const broken = migration('bbbb', ['aaaa'], steps('CREATE TABLE b (id int)', 'INSERT INTO b VALUES (1/0)', 'CREATE TABLE never ()'), [], 'second')

    test('B54 in the middle: the migration is rolled back, those before it are kept', async () => {
      const error = await failure(upgrade({ database, migrations: [A, broken, C] }))
      expect(error).toMatchObject({
        message: 'the upgrade of bbbb (second) failed at step 2 of 3: division by zero',
        step: 2,
        sqlState: '22012',
        statement: 'INSERT INTO b VALUES (1/0)',
        at: { file: '/migrations/m.ts', line: 11 },
        detail: 'SQLSTATE 22012\n  INSERT INTO b VALUES (1/0)\nnothing of it was kept',
      })
      expect(await tables(database)).toBe('a')
      expect((await readState(database)).rows).toEqual(['aaaa'])
      const { entries } = await readState(database)
      expect(entries.at(-1)).toMatchObject({ revision: 'bbbb', outcome: 'failed', stepsDone: 0, error: error.message })

      await upgrade({ database, migrations: ALL })
      expect(await tables(database)).toBe('a b c')
    })

    test('rows that a change of the schema cannot bear: how to find them; not where the migration writes them itself', async () => {
      const full = migration('bbbb', ['aaaa'], steps('INSERT INTO a VALUES (1)', 'ALTER TABLE a ADD COLUMN n int NOT NULL'))
      expect(await failure(upgrade({ database, migrations: [A, full] }))).toMatchObject({ sqlState: '23502', hint: expect.stringMatching(/^rows are in the way: `autogen check --count`/) })
      const other = migration('bbbb', ['aaaa'], steps("CREATE TABLE b AS SELECT 'x' AS n", 'ALTER TABLE b ALTER COLUMN n TYPE int USING n::int'))
      expect(await failure(upgrade({ database, migrations: [A, other] }))).toMatchObject({ sqlState: '22P02', hint: expect.stringMatching(/^rows are in the way/) })
      const own = migration('bbbb', ['aaaa'], steps('ALTER TABLE a ADD COLUMN n int NOT NULL', 'INSERT INTO a VALUES (1, NULL)'))
      expect((await failure(upgrade({ database, migrations: [A, own] }))).hint).toBeUndefined()
    })

    test('in scratch nothing is said of the database', async () => {
      const error = await failure(upgrade({ database, migrations: [A, broken], scratch: true }))
      expect(error.detail).toMatch(/\nthat was in scratch, where the migrations run on an empty database; yours is as it was$/)
    })

    test('the server\'s detail and hint are there', async () => {
      const insert = migration('bbbb', ['aaaa'], steps('INSERT INTO a VALUES (1), (1)'))
      const error = await failure(upgrade({ database, migrations: [A, insert] }))
      expect(error.detail).toBe('SQLSTATE 23505\nKey (id)=(1) already exists.\n  INSERT INTO a VALUES (1), (1)\nnothing of it was kept')
      const typo = migration('bbbb', ['aaaa'], steps('SELECT idd FROM a'))
      const misspelt = await failure(upgrade({ database, migrations: [A, typo] }))
      expect(misspelt.hint).toMatch(/column "a.id"/)
      expect(misspelt.detail).toContain('  SELECT idd FROM a\n         ^\n')
    })

    test('at commit', async () => {
      const deferred = migration(
        'bbbb',
        ['aaaa'],
        steps('CREATE TABLE b (id int REFERENCES a DEFERRABLE INITIALLY DEFERRED)', 'INSERT INTO b VALUES (7)'),
      )
      const error = await failure(upgrade({ database, migrations: [A, deferred] }))
      expect(error.message).toMatch(/^the upgrade of bbbb failed: insert or update on table "b" violates foreign key constraint/)
      expect(error.at).toEqual({ file: '/migrations/bbbb.ts', line: 3 })
      expect(await tables(database)).toBe('a')
    })

    test('B54 all in one transaction: nothing is kept', async () => {
      const error = await failure(upgrade({ database, migrations: [A, broken, C], singleTransaction: true }))
      expect(error.message).toBe('the upgrade of bbbb (second) failed at step 2 of 3: division by zero')
      expect(await tables(database)).toBe('')
      expect((await readState(database)).rows).toEqual([])
      expect(await log(database)).toEqual(['upgrade bbbb failed 0'])
      expect((await upgrade({ database, migrations: ALL, singleTransaction: true })).after).toEqual(['cccc'])
      expect(await tables(database)).toBe('a b c')
    })

    test('a script that ends its transaction', async () => {
      const commits = migration('bbbb', ['aaaa'], steps('CREATE TABLE b ()', 'COMMIT', 'CREATE TABLE later ()'))
      const error = await failure(upgrade({ database, migrations: [A, commits] }))
      expect(error.message).toBe('the upgrade of bbbb failed: a statement ended the transaction of the migration')
      expect(error.detail).toMatch(/^a statement of it ended its transaction: what ran before that is committed/)
      expect((await readState(database)).rows).toEqual(['aaaa'])
      const reopens = migration('bbbb', ['aaaa'], steps('ROLLBACK', 'BEGIN'))
      expect((await failure(upgrade({ database, migrations: [A, reopens] }))).message).toMatch(/ended the transaction/)
      const fails = migration('bbbb', ['aaaa'], steps('CREATE TABLE kept ()', 'COMMIT', 'SELECT 1/0'))
      expect((await failure(upgrade({ database, migrations: [A, fails] }))).detail).toMatch(/a statement of it ended its transaction/)
    })

    test('B54 a script that leaves a transaction open', async () => {
      const opens = migration('bbbb', ['aaaa'], steps('outside: BEGIN'))
      const error = await failure(upgrade({ database, migrations: [A, opens] }))
      expect(error.message).toBe('the upgrade of bbbb failed at step 1 of 1: the statement left a transaction open')
      expect((await upgrade({ database, migrations: ALL })).after).toEqual(['cccc'])
    })
  })

  describe('steps outside a transaction', () => {
    const indexed = (second = 'outside: CREATE INDEX CONCURRENTLY a_id ON a (id)') =>
      migration(
        'bbbb',
        ['aaaa'],
        steps('INSERT INTO a VALUES (1)', second, 'INSERT INTO a VALUES (2)', 'outside: VACUUM a'),
        steps('outside: DROP INDEX CONCURRENTLY a_id', 'DELETE FROM a'),
      )

    test('run by themselves, and the version moves last', async () => {
      const events: string[] = []
      const onEvent = (event: RunEvent) => event.type === 'steps' && events.push(`${event.from}-${event.to}`)
      await upgrade({ database, migrations: [A, indexed(), migration('cccc', ['bbbb'], [])], onEvent })
      expect(events).toEqual(['1-1', '1-1', '2-2', '3-3', '4-4'])
      expect(await value(database, `SELECT count(*)::int FROM a`)).toBe(2)
      expect((await readState(database)).rows).toEqual(['cccc'])
      expect((await log(database))[1]).toBe('upgrade bbbb done 4')
      await downgrade({ database, migrations: [A, indexed(), migration('cccc', ['bbbb'], [])] }, 'aaaa')
      expect(await value(database, `SELECT to_regclass('a_id') IS NULL`)).toBe(true)
    })

    test('after a failure the next upgrade goes on where it stopped', async () => {
      const wrong = indexed('outside: CREATE INDEX CONCURRENTLY a_id ON a (idd)')
      const error = await failure(upgrade({ database, migrations: [A, wrong] }))
      expect(error).toMatchObject({
        message: 'the upgrade of bbbb failed at step 2 of 4: column "idd" does not exist',
        detail: expect.stringContaining('step 1 is done; the next upgrade goes on at step 2'),
      })
      expect((await readState(database)).rows).toEqual(['aaaa'])
      expect((await log(database)).at(-1)).toBe('upgrade bbbb failed 1')

      const starts: RunEvent[] = []
      await upgrade({ database, migrations: [A, indexed()], onEvent: (event) => event.type === 'start' && starts.push(event) })
      expect(starts).toMatchObject([{ migration: { revision: 'bbbb' }, resumesAt: 2 }])
      expect(await value(database, `SELECT string_agg(id::text, ' ' ORDER BY id) FROM a`)).toBe('1 2')
      expect((await readState(database)).rows).toEqual(['bbbb'])
    })

    test('a failure in a later transaction keeps what is behind it', async () => {
      const late = (last: string) => migration('bbbb', ['aaaa'], steps('INSERT INTO a VALUES (1)', 'outside: VACUUM a', 'INSERT INTO a VALUES (2)', last))
      await failure(upgrade({ database, migrations: [A, late('INSERT INTO a VALUES (2)')] }))
      expect((await log(database)).at(-1)).toBe('upgrade bbbb failed 2')
      expect(await value(database, 'SELECT count(*)::int FROM a')).toBe(1)
      await upgrade({ database, migrations: [A, late('INSERT INTO a VALUES (3)')] })
      expect(await value(database, 'SELECT count(*)::int FROM a')).toBe(3)
    })

    test('nothing else runs before the half-done migration is finished', async () => {
      const wrong = indexed('outside: CREATE INDEX CONCURRENTLY a_id ON a (idd)')
      await failure(upgrade({ database, migrations: [A, wrong] }))
      const stopped = 'the upgrade of revision bbbb stopped half-way, after step 1'
      expect((await failure(downgrade({ database, migrations: [A, indexed()] }, 'base'))).message).toBe(stopped)
      expect((await failure(upgrade({ database, migrations: [A, migration('other', ['aaaa'], [])] }))).message).toBe(stopped)
      const edited = migration('bbbb', ['aaaa'], steps('INSERT INTO a VALUES (9)', 'outside: VACUUM a'))
      expect((await failure(upgrade({ database, migrations: [A, edited] }))).message).toBe(
        'revision bbbb stopped after step 1 and was edited in the steps that are done',
      )
      const earlier = migration('abcd', ['aaaa'], steps('CREATE TABLE earlier ()'))
      await upgrade({ database, migrations: [A, indexed(), earlier] }, 'heads')
      expect((await readState(database)).rows).toEqual(['abcd', 'bbbb'])
    })

    test('a stamp settles it too', async () => {
      await failure(upgrade({ database, migrations: [A, indexed('outside: SELECT 1/0')] }))
      await stamp({ database, migrations: [A, indexed()] }, 'bbbb')
      expect((await upgrade({ database, migrations: [A, indexed()] })).ran).toEqual([])
    })

    test('do not fit into one transaction', async () => {
      const error = await failure(upgrade({ database, migrations: [A, indexed()], singleTransaction: true }))
      expect(error.message).toBe('revision bbbb has a step outside a transaction, so that the run cannot be one transaction')
      expect(await tables(database)).toBe('')
    })
  })

  describe('the version table', () => {
    test('B52 reading never makes it', async () => {
      expect(await readState(database)).toEqual({ rows: [], entries: [] })
      await upgrade({ database, migrations: [] })
      await failure(downgrade({ database, migrations: ALL }, '-1'))
      expect(await value(database, `SELECT count(*)::int FROM pg_namespace WHERE nspname = 'autogen'`)).toBe(0)
    })

    test('B53 changed by somebody else: rolled back', async () => {
      await upgrade({ database, migrations: [A] })
      const meddling = migration('bbbb', ['aaaa'], steps('CREATE TABLE b ()', `UPDATE autogen.autogen_version SET revision = 'zzzz'`))
      const error = await failure(upgrade({ database, migrations: [A, meddling] }))
      expect(error.message).toBe('the upgrade of bbbb failed: the version table was changed by somebody else while this ran')
      expect(error.detail).toBe('expected one row, found 0: update aaaa to bbbb\nnothing of it was kept')
      expect(await tables(database)).toBe('a')
      expect((await readState(database)).rows).toEqual(['aaaa'])
    })

    test('B53 a row that is there twice', async () => {
      await upgrade({ database, migrations: [A] })
      await database.executeAll(['ALTER TABLE autogen.autogen_version DROP CONSTRAINT autogen_version_pkey', `INSERT INTO autogen.autogen_version VALUES ('aaaa')`])
      expect((await failure(upgrade({ database, migrations: ALL }))).message).toMatch(/holds revision aaaa more than once; expected one row/)
    })

    test('a revision that is not in the folder', async () => {
      await upgrade({ database, migrations: [A, B] })
      const error = await failure(upgrade({ database, migrations: [A] }))
      expect(error.message).toBe('the database is at revision bbbb, which is not in the migrations folder')
      expect((await readState(database)).rows).toEqual(['bbbb'])
      expect(await log(database)).toHaveLength(2)
    })

    test('an applied migration that was edited', async () => {
      await upgrade({ database, migrations: [A, B] })
      const edited = migration('aaaa', [], steps('CREATE TABLE a (id bigint)'), steps('DROP TABLE a'))
      const error = await failure(upgrade({ database, migrations: [edited, B, C] }))
      expect(error).toMatchObject({ message: 'the upgrade of revision aaaa was edited after it was applied to this database', at: { file: '/migrations/aaaa.ts', line: 3 } })
      expect((await readState(database)).rows).toEqual(['bbbb'])
      expect((await upgrade({ database, migrations: [edited, B, C], allowEdited: true })).after).toEqual(['cccc'])
      await downgrade({ database, migrations: [edited, B, C] }, 'base')
      expect((await upgrade({ database, migrations: [edited, B, C] })).after).toEqual(['cccc'])
    })

    test('without the right to make it', async () => {
      const role = `guest_${Date.now().toString(36)}`
      await database.executeAll([`CREATE ROLE ${role}`, `SET ROLE ${role}`])
      const error = await failure(upgrade({ database, migrations: [A] }))
      await database.executeAll(['RESET ROLE', `DROP ROLE ${role}`])
      expect(error.message).toMatch(/^the bookkeeping tables cannot be made in schema autogen: permission denied for database/)
      expect(error.sqlState).toBe('42501')
    })

    test('stamp', async () => {
      expect((await stamp({ database, migrations: ALL }, 'bbbb')).rowChanges).toEqual([{ type: 'insert', revision: 'bbbb' }])
      expect((await readState(database)).rows).toEqual(['bbbb'])
      expect((await upgrade({ database, migrations: ALL })).ran.map((each) => each.revision)).toEqual(['cccc'])
      await stamp({ database, migrations: ALL }, 'base')
      expect((await readState(database)).rows).toEqual([])
      await database.executeAll([`INSERT INTO autogen.autogen_version VALUES ('gone')`])
      expect((await failure(stamp({ database, migrations: ALL }, 'head'))).message).toMatch(/revision gone, which is not in the migrations folder/)
      await stamp({ database, migrations: ALL }, 'head', { purge: true })
      expect((await readState(database)).rows).toEqual(['cccc'])
    })
  })

  test('a request to stop ends the run between two migrations', async () => {
    const controller = new AbortController()
    const error = await failure(
      upgrade({ database, migrations: ALL, signal: controller.signal, onEvent: (event) => event.type === 'done' && controller.abort() }),
    )
    expect(error.message).toBe('stopped before the upgrade of bbbb')
    expect((await readState(database)).rows).toEqual(['aaaa'])
  })

  if (engine.manySessions) {
    describe('several sessions', () => {
      test('upgrading at once: each migration runs once', async () => {
        const slow = ALL.map((each) => ({ ...each, upgrade: [...each.upgrade, ...steps('SELECT pg_sleep(0.05)')] }))
        const sessions = await Promise.all(Array.from({ length: 6 }, () => engine.connect()))
        const results = await Promise.all(sessions.map((session) => upgrade({ database: session, migrations: slow })))
        expect(results.map((result) => result.ran.length).sort()).toEqual([0, 0, 0, 0, 0, 3])
        expect(await log(database)).toHaveLength(3)
      })

      test('one that builds an index concurrently is not held up by those that wait', async () => {
        const indexed = migration('bbbb', ['aaaa'], steps('outside: CREATE INDEX CONCURRENTLY a_id ON a (id)', 'outside: DROP INDEX CONCURRENTLY a_id'))
        const sessions = await Promise.all(Array.from({ length: 4 }, () => engine.connect()))
        const results = await Promise.all(sessions.map((session) => upgrade({ database: session, migrations: [A, indexed] })))
        expect(results.map((result) => result.after)).toEqual(Array(4).fill(['bbbb']))
      })

      test('the lock names its holder when the time is up', async () => {
        const other = await engine.connect()
        let release = () => {}
        const held = new Promise<void>((resolve) => (release = resolve))
        const waiting: RunEvent[] = []
        const { withLock } = await import('../../src/runner/lock.js')
        const holder = withLock(other, 'autogen', {}, () => held)
        await new Promise((resolve) => setTimeout(resolve, 100))
        const error = await failure(upgrade({ database, migrations: ALL, waitForRunMs: 300, onEvent: (event) => waiting.push(event) }))
        expect(error.message).toMatch(/^another run is migrating this database: process \d+ \(user postgres, pg-autogen, connected since .*\) holds the lock$/)
        expect(waiting).toMatchObject([{ type: 'waiting', holder: expect.stringMatching(/^process \d+/) }])
        await upgrade({ database, migrations: ALL, versionSchema: 'second' })
        release()
        await holder
      })

      test('a session that dies: what is not committed is gone, and the next one goes on', async () => {
        const dies = (last: string) => migration('bbbb', ['aaaa'], steps('INSERT INTO a VALUES (1)', 'outside: VACUUM a', 'INSERT INTO a VALUES (2)', last))
        const victim = await engine.connect()
        const error = await failure(upgrade({ database: victim, migrations: [A, dies('SELECT pg_terminate_backend(pg_backend_pid())')] }))
        expect(error.message).toMatch(/^the upgrade of bbbb failed at step 4 of 4: the connection to .* was lost/)
        expect((await log(database)).at(-1)).toBe('upgrade bbbb running 2')
        await upgrade({ database, migrations: [A, dies('SELECT 1')] })
        expect(await value(database, `SELECT string_agg(id::text, ' ' ORDER BY id) FROM a`)).toBe('1 2')
        expect((await readState(database)).rows).toEqual(['bbbb'])
      })
    })
  }
})
