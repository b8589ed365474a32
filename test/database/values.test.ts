import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Database } from '../../src/database/database.js'
import { engines, freshSession } from '../support/servers.js'

describe.each(engines)('values on %s', (engine) => {
  let database: Database
  beforeAll(async () => {
    database = await freshSession(engine)
  })
  afterAll(() => database.close())

  const one = async (expression: string) => (await database.query(`select ${expression}`))[0]![0]

  test.each([
    ['true', true],
    ['1::int2', 1],
    ['-2', -2],
    ['4294967295::oid', 4294967295],
    ['1.5::float8', 1.5],
    ['0.25::float4', 0.25],
    ['9007199254740993::int8', '9007199254740993'],
    ['1.50::numeric', '1.50'],
    [`'c'::"char"`, 'c'],
    [`''::"char"`, ''],
    ['null::int', null],
    [`'{"a": [1, null]}'::jsonb`, { a: [1, null] }],
    [`'[1]'::json`, [1]],
    [`'1 2 0'::int2vector`, [1, 2, 0]],
    [`''::oidvector`, []],
    [`array['a', 'b,c', '"q"', 'back\\slash', null, 'NULL', '', '{}']`, ['a', 'b,c', '"q"', 'back\\slash', null, 'NULL', '', '{}']],
    [`'{}'::text[]`, []],
    ['array[[1,2],[3,null]]', [[1, 2], [3, null]]],
    [`'[0:1]={7,8}'::int[]`, [7, 8]],
    ['array[true, false, null]', [true, false, null]],
    [`array['x', 'y']::"char"[]`, ['x', 'y']],
    [`array['n']::name[]`, ['n']],
    ['array[1, 2]::oid[]', [1, 2]],
    ['array[1, 2]::int8[]', ['1', '2']],
    [`'{postgres=r/postgres,=U/postgres}'::aclitem[]`, ['postgres=r/postgres', '=U/postgres']],
    [`'2024-02-29 12:00:00'::timestamp`, '2024-02-29 12:00:00'],
    [`'pg_class'::regclass`, 'pg_class'],
    [`'\\x01ff'::bytea`, '\\x01ff'],
    [`'ü€😀'`, 'ü€😀'],
  ])('%s', async (expression, expected) => {
    expect(await one(expression)).toEqual(expected)
  })

  test('parameters', async () => {
    const rows = await database.query('select $1::int, $2::text[], $3::jsonb, $4::bool, $5::bytea, $6::text, $7::int8', [
      1, ['a', null, 'x"y\\', ''], { a: [1] }, true, new Uint8Array([1, 255]), null, 9007199254740993n,
    ])
    expect(rows).toEqual([[1, ['a', null, 'x"y\\', ''], { a: [1] }, true, '\\x01ff', null, '9007199254740993']])
  })

  test('the version of the engine', async () => {
    expect(await one(`current_setting('server_version_num')::int`)).toBe(database.version.number)
    expect(database.version.major).toBe(engine === 'pglite' ? 18 : engine)
  })

  test('queryAll gives results in order', async () => {
    expect(await database.queryAll(['select 1, 2', 'select 3 where false', `select 'x' union all select 'y'`])).toEqual([[[1, 2]], [], [['x'], ['y']]])
  })
})
