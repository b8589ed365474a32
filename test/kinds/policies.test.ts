import { SchemaError } from '../../src/errors.js'
import { policies } from '../../src/kinds/policies.js'
import { policy, sql, table, text } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes policies that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE TABLE members (name text)',
      'CREATE TABLE docs (owner text)',
      'ALTER TABLE docs ENABLE ROW LEVEL SECURITY',
      'CREATE POLICY "Own; docs" ON docs FOR UPDATE TO pg_read_all_data, pg_monitor USING (owner = current_user) WITH CHECK (owner <> \'a`\\b\')',
      'CREATE POLICY strict ON docs AS RESTRICTIVE USING (EXISTS (SELECT FROM members WHERE name = current_user))',
      'CREATE POLICY nothing ON docs',
      "COMMENT ON POLICY strict ON docs IS 'members only'",
    ])
    expect(differences).toEqual([])
    expect(source).toContain("to: ['pg_monitor', 'pg_read_all_data']")
    expect(source).toContain("as: 'restrictive'")
  })

  test('expressions are altered in place, and one is taken away by replacing the policy', async () => {
    const docs = (...elements: ReturnType<typeof policy>[]) => [table('docs', { owner: text() }, () => elements)]
    const { up, down } = await databases.migration(
      engine,
      docs(policy('p', { using: sql`true` })),
      docs(policy('p', { using: sql`owner <> ''`, withCheck: sql`owner is not null -- ever` })),
    )
    expect(up).toEqual([expect.stringMatching(/^ALTER POLICY p ON public\.docs\n {2}USING \(.*\)\n {2}WITH CHECK \(.*\)$/)])
    expect(down).toEqual(['DROP POLICY p ON public.docs', 'CREATE POLICY p ON public.docs\n  USING (true)'])
  })
})

test('the roles a policy names are known, and every role needs no name', () => {
  const roles = (to: string | string[]) => {
    const [declaration] = policy('p', { to }).elementDeclarations({ schema: 'public', name: 't', ref: 'table:public.t' })
    return policies.roles!(declaration!.object)
  }
  expect(roles(['b', 'a', 'b'])).toEqual(['a', 'b'])
  expect(roles(['a', 'public'])).toEqual([])
})

test.each([
  ['using for insert', () => policy('p', { for: 'insert', using: sql`true` }), /is for insert and has using/],
  ['withCheck for select', () => policy('p', { for: 'select', withCheck: sql`true` }), /is for select and has withCheck/],
  ['a string for SQL', () => policy('p', { using: 'true' as never }), /using of policy p is not SQL/],
])('%s is refused', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
})
