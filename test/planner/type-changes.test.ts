import type { Database } from '../../src/database/database.js'
import { diff } from '../../src/differ/diff.js'
import type { Hazard } from '../../src/planner/hazards.js'
import { phaseOf, type Phase } from '../../src/planner/phase.js'
import { plan } from '../../src/planner/plan.js'
import { reflect } from '../../src/reflector/reflect.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()

interface Case {
  readonly phase: Phase
  /** Values that come back when the type does. */
  readonly kept?: readonly string[]
  /** Values that do not. */
  readonly cut?: readonly string[]
  /** Values that PostgreSQL converts, of which only blanks go. */
  readonly taken?: readonly string[]
  /** Values that PostgreSQL does not convert. */
  readonly refused?: readonly string[]
}

const PLAIN: Case = { phase: 'expand' }

const CASES: readonly (readonly [from: string, to: string, expected: Case])[] = [
  ['varchar(10)', 'varchar(20)', { ...PLAIN, kept: ['0123456789'] }],
  ['varchar(10)', 'text', { ...PLAIN, kept: ['0123456789'] }],
  ['text', 'varchar', PLAIN],
  ['varbit(3)', 'varbit(5)', PLAIN],
  ['numeric(10,2)', 'numeric(12,2)', { ...PLAIN, kept: ['12345678.25'] }],
  ['numeric(10,2)', 'numeric', { ...PLAIN, kept: ['12345678.25'] }],
  ['timestamp(3)', 'timestamp', { ...PLAIN, kept: ['2020-01-01 10:00:00.123'] }],
  ['text', 'varchar(3)', { phase: 'contract', kept: ['abc', 'ab '], taken: ['ab   '], refused: ['abcd', 'äöüß'] }],
  ['varchar(20)[]', 'varchar(3)[]', { phase: 'contract', kept: ['{abc}', '{}'], refused: ['{abc,abcd}'] }],
  ['numeric(12,2)', 'numeric(10,2)', { phase: 'contract', kept: ['12345678.25', 'NaN'], refused: ['-123456789.5'] }],
  ['varbit(5)', 'varbit(3)', { phase: 'contract', refused: ['10101'] }],
  ['timestamp', 'timestamp(3)', { phase: 'contract', kept: ['2020-01-01 10:00:00.123'], cut: ['2020-01-01 10:00:00.123456'] }],
  ['integer', 'bigint', { phase: 'breaking', kept: ['2147483647'] }],
  ['integer', 'numeric', { phase: 'breaking', kept: ['-2147483648'] }],
  ['integer', 'numeric(10,0)', { phase: 'breaking', kept: ['-2147483648'] }],
  ['integer', 'text', { phase: 'breaking', kept: ['-2147483648'] }],
  ['integer', 'varchar(11)', { phase: 'breaking', kept: ['-2147483648'] }],
  ['integer', 'varchar(3)', { phase: 'breaking', kept: ['123'], refused: ['-123'] }],
  ['integer', 'double precision', { phase: 'breaking', kept: ['2147483647'] }],
  ['bigint', 'double precision', { phase: 'breaking', cut: ['9007199254740993'] }],
  ['integer', 'real', { phase: 'breaking', cut: ['16777217'] }],
  ['bigint', 'integer', { phase: 'breaking', kept: ['-2147483648'], refused: ['2147483648', '-2147483649'] }],
  ['bigint', 'numeric(12,2)', { phase: 'breaking', kept: ['9999999999'], refused: ['10000000000'] }],
  ['numeric', 'integer', { phase: 'breaking', kept: ['5', '-2147483648'], cut: ['1.5'], refused: ['2147483647.5', 'NaN'] }],
  ['numeric(9,0)', 'integer', { phase: 'breaking', kept: ['999999999'] }],
  ['numeric(10,4)', 'numeric(10,2)', { phase: 'breaking', kept: ['1.25'], cut: ['1.2345'] }],
  ['numeric(4,2)', 'numeric(3,1)', { phase: 'breaking', cut: ['99.94'], refused: ['99.95'] }],
  ['numeric', 'numeric(5,2)', { phase: 'breaking', kept: ['NaN'], cut: ['1.234'], refused: ['1000', '999.999', 'Infinity'] }],
  ['numeric(12,4)', 'double precision', { phase: 'breaking', kept: ['12345678.1234'] }],
  ['double precision', 'numeric', { phase: 'breaking', kept: ['0.5'], cut: ['0.30000000000000004'] }],
  ['double precision', 'real', { phase: 'breaking', kept: ['Infinity', 'NaN'], cut: ['0.1234567890123'], refused: ['1e300'] }],
  ['real', 'double precision', { phase: 'breaking', kept: ['0.1', '16777216'] }],
  ['double precision', 'integer', { phase: 'breaking', kept: ['7'], cut: ['1.5'], refused: ['3e9', 'NaN'] }],
  ['timestamp', 'date', { phase: 'breaking', kept: ['2020-01-01 00:00'], cut: ['2020-01-01 10:00'] }],
  ['timestamptz', 'time', { phase: 'breaking' }],
  ['date', 'timestamp', { phase: 'breaking', kept: ['2020-01-01'] }],
  ['interval', 'interval year', { phase: 'breaking', cut: ['1 year 3 days'] }],
  ['json', 'jsonb', { phase: 'breaking', cut: ['{"b": 1, "a": 2}'] }],
  ['text', 'integer', { phase: 'breaking', kept: ['42'], refused: ['x', '', '1.5', '2147483648'] }],
  ['text', 'numeric(5,2)', { phase: 'breaking', kept: ['1.50'], cut: ['1.234'], refused: ['1000', 'x'] }],
  ['text', 'date', { phase: 'breaking', kept: ['2020-01-01'], cut: ['2020-01-01 10:00'], refused: ['2020-02-30'] }],
  ['text', 'uuid', { phase: 'breaking', kept: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'], refused: ['a0'] }],
  ['uuid', 'text', { phase: 'breaking', kept: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'] }],
  ['boolean', 'integer', { phase: 'breaking', kept: ['true', 'false'] }],
  ['integer', 'boolean', { phase: 'breaking', kept: ['1', '0'], cut: ['7'] }],
  ['inet', 'cidr', { phase: 'breaking', kept: ['10.0.0.0/8'], cut: ['10.1.2.3/8'] }],
  ['text', 'mood', { phase: 'breaking', kept: ['ok'], refused: ['happy'] }],
  ['mood', 'text', { phase: 'breaking', kept: ['ok'] }],
]

let database: Database
let hazards: readonly Hazard[][]
let phases: readonly Phase[]

beforeAll(async () => {
  database = await databases.empty('pglite')
  const columns = (side: 0 | 1) => CASES.map((types, index) => `c${index} ${types[side]}`).join(', ')
  const read = async (side: 0 | 1) => {
    await database.executeAll(['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public', `CREATE TYPE mood AS ENUM ('sad', 'ok')`, `CREATE TABLE t (${columns(side)})`])
    return reflect(database)
  }
  const [from, to] = [await read(0), await read(1)]
  const operations = diff(from, to)
  const all = plan(from, to, operations).flatMap((step) => step.hazards)
  const refs = CASES.map((_, index) => `column:public.t.c${index}`)
  hazards = refs.map((ref) => all.filter(({ object }) => object === ref))
  phases = refs.map((ref, index) => phaseOf(operations.find((operation) => operation.type === 'alter' && operation.to.ref === ref)!, hazards[index]!))
})

/** The text of a value after the type became another one and the old one again; an Error where PostgreSQL refuses the value. */
async function thereAndBack(index: number, value: string): Promise<[before: string, after: string | Error]> {
  const [from, to] = CASES[index]!
  await database.executeAll(['DROP TABLE IF EXISTS t', `CREATE TABLE t (c${index} ${from})`])
  await database.query('INSERT INTO t SELECT $1::text::' + from, [value])
  const read = async () => (await database.query(`SELECT c${index}::text FROM t`))[0]![0] as string
  const before = await read()
  const alter = async (type: string) => {
    try {
      await database.executeAll([`ALTER TABLE t ALTER c${index} TYPE ${type}`])
    } catch (error) {
      if (!/USING/.test((error as { hint?: string }).hint ?? '')) throw error
      await database.executeAll([`ALTER TABLE t ALTER c${index} TYPE ${type} USING c${index}::${type}`])
    }
  }
  try {
    await alter(to)
  } catch (error) {
    return [before, error as Error]
  }
  await alter(from)
  return [before, await read()]
}

test.each(CASES.map(([from, to, expected], index) => [`${from} → ${to}`, index, expected] as const))('%s', async (_, index, { phase, kept = [], cut = [], taken = [], refused = [] }) => {
  const own = hazards[index]!
  expect(phases[index]).toBe(phase)
  const fails = own.find(({ code }) => code === 'may-fail')
  if (refused.length > 0) expect(fails?.count).toBeDefined()
  if (cut.length > 0) expect(own.map(({ code }) => code)).toContain('irreversible')
  if (PLAIN.phase === phase) expect(own).toEqual([])
  for (const value of kept) {
    const [before, after] = await thereAndBack(index, value)
    expect(after).toBe(before)
  }
  for (const value of cut) {
    const [before, after] = await thereAndBack(index, value)
    expect(typeof after).toBe('string')
    expect(after).not.toBe(before)
  }
  for (const value of refused) expect((await thereAndBack(index, value))[1]).toBeInstanceOf(Error)
  if (fails?.count === undefined) return
  const values = [...kept, ...cut, ...taken, ...refused]
  await database.executeAll(['DROP TABLE IF EXISTS t', `CREATE TABLE t (c${index} ${CASES[index]![0]})`])
  for (const value of values) await database.query('INSERT INTO t SELECT $1::text::' + CASES[index]![0], [value])
  expect(await database.query(fails.count)).toEqual([[String(refused.length)]])
})

test('what loses nothing and fails on nothing is said to do neither', () => {
  const quiet = CASES.filter(([, , { cut, refused }], index) => !cut && !refused && hazards[index]!.some(({ code }) => code === 'may-fail' || code === 'irreversible'))
  expect(quiet.map(([from, to]) => `${from} → ${to}`)).toEqual(['timestamptz → time'])
})
