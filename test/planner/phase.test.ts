import { diff } from '../../src/differ/diff.js'
import { reflect } from '../../src/reflector/reflect.js'
import { subject } from '../../src/operations/operation.js'
import { phaseOf, phaseOfAll } from '../../src/planner/phase.js'
import { renamesAmong } from '../../src/differ/renames.js'
import { plan, renameSteps } from '../../src/planner/plan.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()

const TABLE = 'CREATE TABLE t (id bigint PRIMARY KEY, a text, b integer NOT NULL, CONSTRAINT positive CHECK (b > 0))'

async function read(statements: readonly string[]) {
  const database = await databases.empty('pglite')
  await database.executeAll(['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public', ...statements])
  return reflect(database)
}

/** The phase of every operation between two states. */
async function phases(before: readonly string[], after: readonly string[]): Promise<Record<string, string>> {
  const [from, to] = [await read(before), await read(after)]
  const found = diff(from, to)
  const renames = renamesAmong(found, from)
  const operations = renames.length > 0 ? renames : found
  const steps = renames.length > 0 ? renames.flatMap((rename) => renameSteps(rename, from)) : plan(from, to, operations)
  const hazards = steps.flatMap((step) => step.hazards)
  return Object.fromEntries(operations.map((operation) => [subject(operation), phaseOf(operation, hazards.filter(({ object }) => object === subject(operation)))]))
}

test.each([
  ['what is new', [TABLE, 'CREATE TABLE u ()', 'ALTER TABLE t ADD COLUMN c text', 'CREATE INDEX i ON t (a)'], { 'table:public.u': 'expand', 'column:public.t.c': 'expand', 'index:public.i': 'expand' }],
  ['what allows more', [TABLE, 'ALTER TABLE t DROP CONSTRAINT positive', 'ALTER TABLE t ALTER b DROP NOT NULL'], { 'constraint:public.t.positive': 'expand', 'column:public.t.b': 'expand' }],
  ['what is gone', [TABLE, 'ALTER TABLE t DROP COLUMN a'], { 'column:public.t.a': 'contract' }],
  ['a key that goes, on which code may rely', [TABLE.replace('PRIMARY KEY', 'UNIQUE'), 'ALTER TABLE t ALTER id SET NOT NULL', 'ALTER TABLE t DROP CONSTRAINT t_id_key'], { 'constraint:public.t.t_pkey': 'contract' }],
  ['what is another under the same name', [TABLE.replace('b > 0', 'b > 9')], { 'constraint:public.t.positive': 'contract' }],
  ['what forbids more', [TABLE, 'ALTER TABLE t ALTER a SET NOT NULL', 'ALTER TABLE t ADD CONSTRAINT short CHECK (b < 9) NOT VALID', 'CREATE UNIQUE INDEX u ON t (b)'], { 'column:public.t.a': 'contract', 'constraint:public.t.short': 'contract', 'index:public.u': 'contract' }],
  ['what no release can bear throughout', [TABLE, 'ALTER TABLE t ALTER b TYPE bigint', 'ALTER TABLE t ADD COLUMN must text NOT NULL'], { 'column:public.t.b': 'breaking', 'column:public.t.must': 'breaking' }],
])('%s', async (_, after, expected) => {
  expect(await phases([TABLE], after)).toEqual(expected)
})

test('another name for what code calls by its name breaks it, another name for a constraint does not', async () => {
  expect(await phases([TABLE], [TABLE, 'ALTER TABLE t RENAME CONSTRAINT positive TO above_zero'])).toEqual({ 'constraint:public.t.above_zero': 'expand' })
  const [from, to] = [await read([TABLE]), await read([TABLE, 'ALTER TABLE t RENAME a TO z'])]
  const rename = { type: 'rename' as const, from: from.get('column:public.t.a')!, to: to.get('column:public.t.z')! }
  expect(phaseOf(rename, renameSteps(rename, from).flatMap(({ hazards }) => hazards))).toBe('breaking')
})

test('a right that is given comes before the deploy, one that is taken back after it, also where others stay', async () => {
  const granted = (...grants: string[]) => [TABLE, ...grants.map((grant) => `GRANT ${grant}`)]
  const found = await phases(granted('SELECT ON t TO pg_monitor', 'SELECT, INSERT (a) ON t TO PUBLIC'), granted('SELECT, DELETE ON t TO pg_monitor', 'SELECT ON t TO PUBLIC'))
  expect(found).toEqual({ 'privilege:table:public.t pg_monitor': 'expand', 'privilege:table:public.t public': 'contract' })
})

test('together they are as bad as the worst', () => {
  expect([phaseOfAll([]), phaseOfAll(['contract', 'expand']), phaseOfAll(['expand', 'breaking', 'contract'])]).toEqual(['expand', 'contract', 'breaking'])
})
