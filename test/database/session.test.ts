import { inTransaction, type Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { DatabaseError } from '../../src/errors.js'
import { engines, freshDatabase, freshSession, majors } from '../support/servers.js'

async function failure(work: Promise<unknown>): Promise<DatabaseError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DatabaseError)
  return error as DatabaseError
}

describe.each(engines)('a session on %s', (engine) => {
  let database: Database
  beforeAll(async () => {
    database = await freshSession(engine)
  })
  afterAll(() => database.close())
  beforeEach(() => database.executeAll(['DROP SCHEMA IF EXISTS t CASCADE', 'CREATE SCHEMA t']))

  const tables = async () => (await database.query(`select relname from pg_class where relnamespace = 't'::regnamespace order by 1`)).flat()

  test('a refused statement: SQLSTATE, position, statement, detail and hint of the server', async () => {
    expect(await failure(database.query(`select 'ü'::text + 1`))).toMatchObject({
      sqlState: '42883',
      position: 18,
      statement: `select 'ü'::text + 1`,
      hint: expect.stringContaining('explicit type cast'),
    })
    expect(await failure(database.query('select from t.nothing where $1 = 1', [1]))).toMatchObject({
      sqlState: '42P01',
      message: 'relation "t.nothing" does not exist',
      position: 13,
    })
    const raise = `DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'because', HINT = 'do', ERRCODE = 'ZZ001'; END $$`
    expect(await failure(database.query(raise))).toMatchObject({
      message: 'no',
      sqlState: 'ZZ001',
      hint: 'do',
      detail: expect.stringMatching(/^because\ncontext: PL\/pgSQL function/),
      exitCode: 1,
    })
    expect(await database.query('select 1')).toEqual([[1]])
  })

  test('in a transaction, nothing after the first failure takes effect', async () => {
    const statements = ['BEGIN', 'CREATE TABLE t.a ()', 'CREATE TABLE t.b (', 'CREATE TABLE t.c ()', 'COMMIT', 'CREATE TABLE t.d ()']
    expect(await failure(database.executeAll(statements))).toMatchObject({ index: 2, statement: 'CREATE TABLE t.b (', sqlState: '42601' })
    await database.executeAll(['ROLLBACK'])
    expect(await tables()).toEqual([])
  })

  test.each(['ROLLBACK', '/* done */ COMMIT', '-- done\n  END', 'ROLLBACK TO SAVEPOINT s', 'select 1; COMMIT; CREATE TABLE t.e ()', ';COMMIT'])(
    'not even after %j',
    async (escape) => {
      const statements = ['BEGIN', 'SAVEPOINT s', 'CREATE TABLE t.a ()', 'select 1/0', escape, 'CREATE TABLE t.c ()', 'COMMIT']
      expect(await failure(database.executeAll(statements))).toMatchObject({ index: 3, sqlState: '22012' })
      await database.executeAll(['ROLLBACK'])
      expect(await tables()).toEqual([])
    },
  )

  test('outside a transaction, what came before the failure stays', async () => {
    expect(await failure(database.executeAll(['CREATE TABLE t.a ()', 'CREATE TABLE t.a ()', 'CREATE TABLE t.c ()']))).toMatchObject({
      index: 1,
      sqlState: '42P07',
    })
    expect(await tables()).toEqual(['a'])
  })

  test('savepoints, several transactions and statements outside one in a single list', async () => {
    await database.executeAll([
      'BEGIN', 'CREATE TABLE t.a (id int)', 'SAVEPOINT s', 'CREATE TABLE t.gone ()', 'ROLLBACK TO SAVEPOINT s', 'COMMIT',
      'CREATE INDEX CONCURRENTLY a_id ON t.a (id)', 'BEGIN', 'CREATE TABLE t.b (); CREATE TABLE t.c ()', 'COMMIT',
    ])
    expect(await tables()).toEqual(['a', 'a_id', 'b', 'c'])
  })

  test('inTransaction rolls back and reports the first failure', async () => {
    const work = inTransaction(database, '', async () => {
      await database.executeAll(['CREATE TABLE t.a ()', 'CREATE TABLE t.a ()'])
    })
    expect(await failure(work)).toMatchObject({ index: 1, sqlState: '42P07' })
    expect(await tables()).toEqual([])
    expect(await failure(inTransaction(database, 'READ ONLY', () => database.query('CREATE TABLE t.a ()')))).toMatchObject({ sqlState: '25006' })
  })

  test('10,000 statements at once', async () => {
    const started = performance.now()
    await database.executeAll(['BEGIN', ...Array.from({ length: 10_000 }, (_, n) => `CREATE TYPE t.t${n} AS ENUM ()`), 'ROLLBACK'])
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('COPY FROM STDIN is refused, and the session lives on', async () => {
    await database.executeAll(['CREATE TABLE t.a (id int)', 'BEGIN'])
    expect(await failure(database.executeAll(['COPY t.a FROM STDIN', 'select 1']))).toMatchObject({ index: 0, sqlState: '57014' })
    await database.executeAll(['ROLLBACK'])
    expect(await failure(database.query('COPY t.a FROM STDIN'))).toMatchObject({ sqlState: '57014' })
    expect(await database.query('select 2')).toEqual([[2]])
  })

  test('queryAll names the statement that failed', async () => {
    expect(await failure(database.queryAll(['select 1', 'select x', 'select y']))).toMatchObject({ index: 1, statement: 'select x', sqlState: '42703' })
    expect(await database.queryAll(['select 1'])).toEqual([[[1]]])
  })

  test('calls that overlap keep their order', async () => {
    const [, rows] = await Promise.all([
      database.executeAll(['BEGIN', 'CREATE TABLE t.a (id int)', 'INSERT INTO t.a VALUES (1)', 'COMMIT']),
      database.query('select id from t.a'),
      failure(database.executeAll(['BEGIN', 'nonsense'])),
      database.executeAll(['ROLLBACK']),
    ])
    expect(rows).toEqual([[1]])
  })

  test('notices', async () => {
    const notices: unknown[] = []
    database.onNotice((notice) => notices.push(notice))
    await database.query(`DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$`)
    expect(notices).toEqual([{ severity: 'NOTICE', message: 'one' }, { severity: 'WARNING', message: 'two' }])
  })

  test('values with every kind of character go through', async () => {
    const text = `'"\\\n\t\u0001ü€😀 $1 -- /* \${x} \``
    expect(await database.query('select $1::text', [text])).toEqual([[text]])
  })

  test('a closed session says so', async () => {
    const other = await freshSession(engine)
    await other.close()
    await other.close()
    await failure(other.query('select 1'))
    await failure(other.executeAll(['select 1', 'select 2']))
  })
})

describe.each(majors)('a connection to %i', (major) => {
  test('that the server ends is an error of the statement, then of every further one', async () => {
    const database = await connectPostgres(await freshDatabase(major))
    expect(await failure(database.query('select pg_terminate_backend(pg_backend_pid())'))).toMatchObject({
      sqlState: '57P01',
      message: expect.stringMatching(/^the connection to postgres:.* was lost: terminating connection/),
    })
    expect(await failure(database.queryAll(['select 1', 'select 2']))).toMatchObject({ message: expect.stringContaining('was lost') })
    await database.close()
  })

  test('that is lost while nobody asks does not end the process', async () => {
    const url = await freshDatabase(major)
    const [database, other] = [await connectPostgres(url), await connectPostgres(url)]
    const [row] = await database.query('select pg_backend_pid()')
    await other.query('select pg_terminate_backend($1, 5000)', [row![0]])
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await failure(database.executeAll(['select 1']))).toMatchObject({ message: expect.stringContaining('was lost') })
    await Promise.all([database.close(), other.close()])
  })

  test('a cancelled statement fails, and the session lives on', async () => {
    const url = await freshDatabase(major)
    const [database, other] = [await connectPostgres(url), await connectPostgres(url)]
    const [row] = await database.query('select pg_backend_pid()')
    const waiting = failure(database.executeAll(['BEGIN', 'select pg_sleep(60)', 'select 1']))
    while (!(await other.query('select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and query ~ $2', [row![0], 'sleep'])).length);
    expect(await waiting).toMatchObject({ sqlState: '57014', index: 1 })
    await database.executeAll(['ROLLBACK', 'select 1'])
    await Promise.all([database.close(), other.close()])
  })

  test('closing does not wait for a statement that never ends', async () => {
    const database = await connectPostgres(await freshDatabase(major))
    const endless = failure(database.query('select pg_sleep(60)'))
    await database.close()
    await endless
  })
})
