import type { Database } from '../../src/database/database.js'
import { upgrade } from '../../src/runner/runner.js'
import { sql } from '../../src/sql/template.js'
import { secret } from '../../src/schema.js'
import { secretsIn, statementWithSecrets, variableFrom, withSecrets } from '../../src/sql/secret.js'
import { engines } from '../support/servers.js'
import { migration, steps, TestEngine, value } from './support.js'

const FIRST = migration('aaaa', [], steps('CREATE TABLE a (id int)'))
const keeping = (variable: string) => statementWithSecrets('CREATE TABLE b AS SELECT %L::text AS kept', [variable])

describe.each(engines)('on %s', (name) => {
  const engine = new TestEngine(name)
  let database: Database
  afterAll(() => engine.close())
  beforeEach(async () => {
    database = await engine.fresh()
    process.env.SHOP_PASSWORD = `it's 100% \\secret`
  })

  test('what the environment holds gets to the statement, and is gone after the migration', async () => {
    await upgrade({ database, migrations: [FIRST, migration('bbbb', ['aaaa'], steps(keeping('SHOP_PASSWORD')))] })
    expect(await value(database, 'SELECT kept FROM b')).toBe(`it's 100% \\secret`)
    expect(await value(database, `SELECT current_setting('autogen.secret.SHOP_PASSWORD', true)`)).toBeFalsy()
  })

  test('also to a step outside the transaction', async () => {
    await upgrade({ database, migrations: [migration('aaaa', [], steps(`outside: ${keeping('SHOP_PASSWORD')}`))] })
    expect(await value(database, 'SELECT kept FROM b')).toBe(`it's 100% \\secret`)
    expect(await value(database, `SELECT current_setting('autogen.secret.SHOP_PASSWORD', true)`)).toBeFalsy()
  })

  test.each([undefined, ''])('nothing runs when a variable is %j', async (missing) => {
    if (missing === undefined) delete process.env.SHOP_PASSWORD
    else process.env.SHOP_PASSWORD = missing
    const run = upgrade({ database, migrations: [FIRST, migration('bbbb', ['aaaa'], steps('SELECT 1', keeping('SHOP_PASSWORD')))] })
    await expect(run).rejects.toMatchObject({
      message: 'the environment variable SHOP_PASSWORD is not set, whose value step 2 of the upgrade of bbbb needs',
      detail: expect.stringContaining('CREATE TABLE b'),
      hint: expect.stringContaining('SHOP_PASSWORD'),
      at: { file: '/migrations/m.ts', line: 11 },
    })
    expect(await value(database, `SELECT to_regclass('a')`)).toBeNull()
  })

  test('scratch needs none', async () => {
    delete process.env.SHOP_PASSWORD
    await upgrade({ database, migrations: [migration('aaaa', [], steps(keeping('SHOP_PASSWORD')))], scratch: true })
    expect(await value(database, 'SELECT kept FROM b')).toContain('scratch')
  })

  test.each([
    ['a message that may quote it', 'SELECT %L::integer', '22P02'],
    ['a syntax error', 'SELECT FROM %L FROM', '42601'],
    ['a missing table', 'INSERT INTO nowhere VALUES (%L)', '42P01'],
  ])('no error shows it: %s', async (_, format, sqlState) => {
    const run = upgrade({ database, migrations: [migration('aaaa', [], steps(statementWithSecrets(format, ['SHOP_PASSWORD'])))] })
    const error = await run.catch((each: unknown) => each as Error & { sqlState?: string })
    expect(error).toMatchObject({ sqlState })
    expect(JSON.stringify([(error as Error).message, error])).not.toContain('100%')
    expect((await database.query('SELECT error FROM autogen.autogen_history')).join()).not.toContain('100%')
  })
})

describe.each(engines)('written by hand on %s', (name) => {
  const engine = new TestEngine(name)
  afterAll(() => engine.close())

  test('withSecrets puts values in', async () => {
    const database = await engine.fresh()
    process.env.SHOP_PASSWORD = `it's 100% \\secret`
    const step = withSecrets`CREATE TABLE b AS SELECT ${secret('SHOP_PASSWORD')}::text AS kept, ${'50%'}::text AS share, '%' AS sign`.text
    await upgrade({ database, migrations: [migration('aaaa', [], steps(step))] })
    expect(await database.query('SELECT * FROM b')).toEqual([[`it's 100% \\secret`, '50%', '%']])
  })

  test.each([
    ['a quoted statement', `EXECUTE format('INSERT INTO nowhere VALUES (%L)', `],
    ['a message with a part of it', `RAISE EXCEPTION 'missing "=" after "%"', split_part(`],
  ])('an error of a statement without it hides them: %s', async (_, start) => {
    const database = await engine.fresh()
    process.env.SHOP_PASSWORD = `it's hunter2`
    const end = start.includes('split_part') ? `, ' ', 2)` : ')'
    const step = sql`DO $$BEGIN ${sql.raw(start)}${secret('SHOP_PASSWORD')}${sql.raw(end)}; END$$`.text
    const error = await upgrade({ database, migrations: [migration('aaaa', [], steps(step))] }).catch((each: unknown) => each as Error)
    expect(JSON.stringify([(error as Error).message, (error as Error).stack, error, (error as Error).cause])).not.toContain('hunter2')
    expect((await database.query('SELECT error FROM autogen.autogen_history')).join()).not.toContain('hunter2')
  })
})

test('in sql`…` a secret is its value', () => {
  const rotate = sql`SELECT ${secret('SHOP_PASSWORD')}`.text
  expect(secretsIn(rotate)).toEqual(['SHOP_PASSWORD'])
})

test('names of variables come from names of objects', () => {
  expect(variableFrom('archive', 'App-user', 'password')).toBe('ARCHIVE_APP_USER_PASSWORD')
  expect(variableFrom('2nd', 'ärchive')).toBe('_2ND__RCHIVE')
})
