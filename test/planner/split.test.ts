import { diff } from '../../src/differ/diff.js'
import { describeOperation } from '../../src/operations/describe.js'
import { split } from '../../src/planner/split.js'
import { reflect } from '../../src/reflector/reflect.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()

async function read(statements: readonly string[]) {
  const database = await databases.empty('pglite')
  await database.executeAll(['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public', ...statements])
  return reflect(database)
}

/** The two halves between two states, in words. */
async function halves(before: readonly string[], after: readonly string[], formerly?: Readonly<Record<string, string>>) {
  const [from, to] = [await read(before), await read(after)]
  const { expand, contract, delayed } = split(from, to, diff(from, to), { formerly: new Map(Object.entries(formerly ?? {})) })
  return { expand: expand.map(describeOperation).sort(), contract: contract.map(describeOperation).sort(), delayed: Object.fromEntries(delayed) }
}

const TABLE = 'CREATE TABLE t (id bigint PRIMARY KEY, a text, b integer NOT NULL, note text)'

test('what is new comes first, what is gone or forbidden last', async () => {
  expect(await halves([TABLE], [TABLE, 'CREATE TABLE u (id int PRIMARY KEY)', 'ALTER TABLE t ADD c text, DROP note', 'CREATE INDEX i ON t (c)', 'ALTER TABLE t ALTER a SET NOT NULL'])).toEqual({
    expand: ['+ column public.t.c', '+ column public.u.id', '+ constraint public.u.u_pkey', '+ index public.i', '+ table public.u'],
    contract: ['- column public.t.note', '~ column public.t.a'],
    delayed: {},
  })
})

test('a foreign key of a new column comes with it, one with a default or of a column that is there does not', async () => {
  const after = [TABLE, 'ALTER TABLE t ADD c bigint REFERENCES t, ADD d bigint DEFAULT 1 REFERENCES t, ADD FOREIGN KEY (b) REFERENCES t']
  const { expand, contract } = await halves([TABLE], after)
  expect(expand).toContain('+ constraint public.t.t_c_fkey')
  expect(contract).toEqual(['+ constraint public.t.t_b_fkey', '+ constraint public.t.t_d_fkey'])
})

test('a column that only one release knows demands no value between the two', async () => {
  expect(await halves([TABLE], ['CREATE TABLE t (id bigint PRIMARY KEY, a text, note text, c text NOT NULL, d int NOT NULL DEFAULT 1)'])).toEqual({
    expand: ['+ column default public.t.d', '+ column public.t.c', '+ column public.t.d', '~ column public.t.b'],
    contract: ['- column public.t.b', '~ column public.t.c'],
    delayed: {},
  })
})

test('what a rename is about stays together, with what needs it', async () => {
  const view = (column: string) => `CREATE VIEW v AS SELECT id, ${column} FROM t`
  const { expand, contract, delayed } = await halves([TABLE], [TABLE, 'ALTER TABLE t RENAME note TO remark', 'ALTER TABLE t ADD c int', view('remark')], { 'column:public.t.remark': 'column:public.t.note' })
  expect(expand).toEqual(['+ column public.t.c'])
  expect(contract).toEqual(expect.arrayContaining(['- column public.t.note', '+ column public.t.remark', '+ view public.v']))
  expect(delayed).toEqual({ 'view:public.v': 'column:public.t.remark' })
  // Under either name it is the same column, which may go on demanding a value.
  expect(await halves([TABLE], ['CREATE TABLE t (id bigint PRIMARY KEY, a text, z integer NOT NULL, note text, c int)'], { 'column:public.t.z': 'column:public.t.b' })).toMatchObject({ expand: ['+ column public.t.c'] })
})

test('what is replaced by something else under its name is for after the deploy', async () => {
  const before = [TABLE, 'CREATE VIEW v AS SELECT id, a FROM t', 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$', 'CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0)', 'CREATE INDEX i ON t (a)']
  const after = [TABLE, 'CREATE VIEW v AS SELECT id FROM t', 'CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 1 $$'.replace('1', `'1'`), 'CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 9)', 'CREATE INDEX i ON t (a, b)']
  expect(await halves(before, after)).toEqual({ expand: ['~ index public.i'], contract: ['~ domain constraint public.d.c', '~ function public.f()', '~ view public.v'], delayed: {} })
})

test('what takes the name of something that goes, or stands on a type that changes, waits for it', async () => {
  expect(await halves([TABLE, 'CREATE VIEW w AS SELECT a FROM t'], [TABLE, 'CREATE TABLE w (id int)', 'ALTER TABLE t ALTER b TYPE bigint', 'CREATE INDEX i ON t (b)', 'CREATE INDEX j ON t (a)'])).toEqual({
    expand: ['+ index public.j'],
    contract: expect.arrayContaining(['- view public.w', '+ table public.w', '+ column public.w.id', '~ column public.t.b', '+ index public.i']),
    delayed: { 'table:public.w': 'view:public.w', 'index:public.i': 'column:public.t.b' },
  })
})
