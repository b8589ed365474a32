import { procedure } from '../../src/schema.js'
import { procedures } from '../../src/kinds/procedures.js'
import { pulled } from '../support/pull.js'
import { majors } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(majors)('on %s', (engine) => {
  test('pull writes procedures that are in sync, also when output arguments make them look alike', async () => {
    const { differences } = await pulled(databases, engine, [
      "CREATE PROCEDURE p(a integer, INOUT b text DEFAULT 'q') LANGUAGE plpgsql AS 'begin end'",
      "CREATE PROCEDURE p(a integer, OUT b integer) LANGUAGE plpgsql SECURITY DEFINER AS 'begin end'",
      "CREATE PROCEDURE p(a integer, b integer) LANGUAGE plpgsql SET work_mem = '1MB' AS 'begin end'",
      "COMMENT ON PROCEDURE p(IN integer, IN integer) IS 'the one with two'",
    ])
    expect(differences).toEqual([])
  })

  test('another output name replaces it', async () => {
    const p = (name: string) => procedure('p', { args: { [name]: { type: 'integer', mode: 'out' } }, language: 'plpgsql', body: 'begin end' })
    const { up } = await databases.migration(engine, [p('a')], [p('b')])
    expect(up[0]).toBe('DROP PROCEDURE public.p()')
    expect(up[1]).toContain('CREATE PROCEDURE public.p(OUT b integer)')
  })
})

test('it is addressed with the modes of its arguments', () => {
  const declared = procedure('p', { args: { a: 'integer', b: { type: 'text[]', mode: 'variadic' } }, body: '' })
  expect(procedures.address(declared.object)).toBe('PROCEDURE public.p(IN integer, VARIADIC text[])')
})
