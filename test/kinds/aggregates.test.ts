import { aggregate } from '../../src/schema.js'
import { aggregates } from '../../src/kinds/aggregates.js'
import { pulled } from '../support/pull.js'
import { majors } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(majors)('on %s', (engine) => {
  test('pull writes aggregates that are in sync', async () => {
    const { differences } = await pulled(databases, engine, [
      "CREATE FUNCTION add(bigint, integer, text) RETURNS bigint LANGUAGE sql AS 'select 1::bigint'",
      "CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE)",
      "CREATE AGGREGATE rows(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0')",
      'CREATE AGGREGATE highest(integer) (SFUNC = int4larger, STYPE = integer, SORTOP = >)',
      `CREATE AGGREGATE moving(x integer, "Y" text) (SFUNC = add, STYPE = bigint, SSPACE = 8, MSFUNC = add, MINVFUNC = add, MSTYPE = bigint,
         MSSPACE = 4, FINALFUNC_MODIFY = SHAREABLE, MFINALFUNC_MODIFY = READ_WRITE)`,
      'CREATE AGGREGATE nth(double precision ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)',
      `CREATE AGGREGATE place(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final,
         FINALFUNC_EXTRA, HYPOTHETICAL)`,
      "COMMENT ON AGGREGATE rows(*) IS 'how many'",
      `COMMENT ON AGGREGATE place(VARIADIC "any" ORDER BY VARIADIC "any") IS 'where it would be'`,
    ])
    expect(differences).toEqual([])
  })
})

test('it is addressed as PostgreSQL wants it', () => {
  const address = (options: object) => aggregates.address(aggregate('a', { sfunc: 'f', stype: 'internal', ...options }).object)
  expect(address({})).toBe('AGGREGATE public.a(*)')
  expect(address({ args: ['float8', 'anyelement'], direct: 1 })).toBe('AGGREGATE public.a(float8 ORDER BY anyelement)')
  expect(address({ args: [{ type: '"any"', mode: 'variadic' }], direct: 1 })).toBe('AGGREGATE public.a(VARIADIC "any" ORDER BY VARIADIC "any")')
  expect(address({ args: ['anyelement'], direct: 0 })).toBe('AGGREGATE public.a(ORDER BY anyelement)')
})
