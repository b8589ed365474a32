import { diff } from '../../src/differ/diff.js'
import { SchemaError } from '../../src/errors.js'
import { phaseOf } from '../../src/planner/phase.js'
import { plan } from '../../src/planner/plan.js'
import { reflect } from '../../src/reflector/reflect.js'
import { enumType, integer, schema, sql, table } from '../../src/schema.js'
import { pulled } from '../support/pull.js'
import { dataEngines } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

describe.each(dataEngines)('on %s', (engine) => {
  test('pull writes enums that are in sync', async () => {
    const { source, differences } = await pulled(databases, engine, [
      'CREATE SCHEMA app',
      `CREATE TYPE app."Order status" AS ENUM ('it''s', 'back\\slash', 'tick\`\${x}', '')`,
      'CREATE TYPE empty AS ENUM ()',
      `CREATE TABLE t (s app."Order status" DEFAULT 'it''s', l app."Order status"[] DEFAULT '{"it''s"}')`,
      `COMMENT ON TYPE empty IS 'for later'`,
    ])
    expect(differences).toEqual([])
    expect(source).toContain("app.enum('Order status', ['it\\'s', 'back\\\\slash', 'tick`${x}', ''])")
  })

  test('values are added where they belong', async () => {
    const mood = (...labels: string[]) => enumType('mood', labels)
    const { up } = await databases.migration(engine, [mood('sad', 'ok')], [mood('angry', 'cross', 'sad', 'so so', 'ok', 'happy', 'glad')])
    expect(up).toEqual([
      `ALTER TYPE public.mood ADD VALUE 'angry' BEFORE 'sad'`,
      `ALTER TYPE public.mood ADD VALUE 'cross' AFTER 'angry'`,
      `ALTER TYPE public.mood ADD VALUE 'so so' AFTER 'sad'`,
      `ALTER TYPE public.mood ADD VALUE 'happy'`,
      `ALTER TYPE public.mood ADD VALUE 'glad'`,
    ])
  })

  test('rows keep their values when others are removed', async () => {
    const declared = (...labels: string[]) => {
      const mood = enumType('mood', labels)
      return [mood, table('people', { mood: mood().notNull().default('ok' as never), moods: mood().array() })]
    }
    const { up, down } = await databases.migration(engine, declared('sad', 'ok', 'happy'), declared('happy', 'ok'))
    const database = await databases.holding(engine, declared('sad', 'ok', 'happy'))
    await database.executeAll([`INSERT INTO people VALUES ('happy', '{ok,happy}'), (DEFAULT, NULL)`, ...up])
    const read = () => database.query('SELECT mood::text, moods::text FROM people ORDER BY people.mood')
    expect(await read()).toEqual([['happy', '{ok,happy}'], ['ok', null]])
    await database.executeAll(down)
    expect(await read()).toEqual([['ok', null], ['happy', '{ok,happy}']])
  })
})

test('what the removal of a label costs: rows that hold it, wherever they do, and code that writes it', async () => {
  const state = (...labels: string[]) => [
    `CREATE TYPE mood AS ENUM (${labels.map((label) => `'${label}'`).join(', ')})`,
    'CREATE DOMAIN steady AS mood',
    'CREATE TABLE people (mood mood, "All" mood[], steady steady, note text)',
    'CREATE TABLE parts (mood mood) PARTITION BY LIST (mood)',
    `CREATE TABLE ok_parts PARTITION OF parts FOR VALUES IN ('ok')`,
    `CREATE TABLE bad_parts PARTITION OF parts DEFAULT`,
    'CREATE VIEW moods AS SELECT mood FROM people',
  ]
  const [from, to] = [await read(state('sad', 'ok', 'gone')), await read(state('sad', 'ok'))]
  const operations = diff(from, to)
  const hazards = plan(from, to, operations).flatMap((step) => step.hazards)
  expect(hazards.map(({ code, object }) => `${code} ${object}`)).toEqual([...Array<string>(4).fill('may-fail enum:public.mood'), 'breaks-code enum:public.mood'])
  expect(operations.map((operation) => phaseOf(operation, hazards))).toEqual(['contract'])
  const database = await databases.empty('pglite')
  await database.executeAll([
    ...reset,
    ...state('sad', 'ok', 'gone'),
    `INSERT INTO people VALUES ('gone', '{ok,gone}', 'gone'), ('ok', '{gone}', 'ok'), ('gone', '{}', NULL), ('gone', NULL, 'sad')`,
    `INSERT INTO parts VALUES ('gone'), ('gone'), ('ok')`,
  ])
  const counts: Record<string, unknown> = {}
  for (const { message, count } of hazards) if (count !== undefined) counts[message] = (await database.query(count))[0]![0]
  expect(counts).toEqual({
    "enum public.mood: rows of public.people may hold 'gone' in mood": '3',
    "enum public.mood: rows of public.people may hold 'gone' in \"All\"": '2',
    "enum public.mood: rows of public.people may hold 'gone' in steady": '1',
    "enum public.mood: rows of public.parts may hold 'gone' in mood": '2',
  })
})

test('where one label comes and another one goes, neither release gets along with the type of the other', async () => {
  const [from, to] = [await read([`CREATE TYPE mood AS ENUM ('sad', 'ok')`]), await read([`CREATE TYPE mood AS ENUM ('fine', 'ok')`])]
  const operations = diff(from, to)
  expect(phaseOf(operations[0]!, plan(from, to, operations).flatMap((step) => step.hazards))).toBe('breaking')
})

test('labels in another order break no code', async () => {
  const [from, to] = [await read([`CREATE TYPE mood AS ENUM ('a', 'b')`, 'CREATE TABLE t (m mood)']), await read([`CREATE TYPE mood AS ENUM ('b', 'a')`, 'CREATE TABLE t (m mood)'])]
  expect(plan(from, to, diff(from, to)).flatMap((step) => step.hazards)).toEqual([])
})

const reset = ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public']

async function read(statements: readonly string[]) {
  const database = await databases.empty('pglite')
  await database.executeAll([...reset, ...statements])
  return reflect(database)
}

test('a column of an enum mentions it, and so does sql', () => {
  const status = schema('app').enum('status', ['a', 'b'])
  const [, column] = table('t', { s: status() }).declarations()
  expect(column!.uses).toEqual(['enum:app.status'])
  expect(sql`'a'::${status}`).toMatchObject({ text: `'a'::app.status`, uses: ['enum:app.status'] })
})

test('the labels are the type of the column', () => {
  const status = enumType('status', ['a', 'b'])
  status().default('a')
  // @ts-expect-error: no label
  status().default('c')
  // @ts-expect-error: another type altogether
  integer().default('a')
})

test.each([
  ['an empty name', () => enumType('', ['a']), /enum has an empty name/],
  ['a label twice', () => enumType('e', ['a', 'b', 'a']), /label "a" of enum public\.e occurs twice/],
  ['a label with NUL', () => enumType('e', ['a\0']), /NUL/],
  ['a label that is too long', () => enumType('e', ['a'.repeat(64)]), /longer than 63 bytes/],
])('%s is refused', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
})
