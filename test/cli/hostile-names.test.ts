import { connectPostgres } from '../../src/database/postgres.js'
import { quoteIdent, quoteLiteral } from '../../src/sql/identifiers.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

const newest = majors.at(-1)!
let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
})

afterEach(() => box.remove())

/** What would run, break out or be lost, if a text of the database were taken for code. */
const NASTY = [
  '`${(globalThis.pwned = 1)}`',
  "'); process.exit(99) //",
  '*/ process.exit(99) /*',
  'line\nend\r\nends\rhere',
  '\u2028separators\u2029',
  '\\u0000 \\n \\` \\${x} \\',
  '${process.exit(99)}',
  '</script>\u200b\ufeff\u202e',
]
const NAMES = ['Select', 'user', 'with space', 'quo"te', "quo'te", 'back`tick', '${x}', '*/', 'new\nline', '\u2028', 'ünïcödé', '日本語', '😀', 'a.b', 'x'.repeat(63), 'é'.repeat(31), '__proto__', 'constructor', '1st', '-', '$1', '%s', '\\', '--']

test('names and texts of a database stay what they are: in schema.ts, in migrations, in what is shown', async () => {
  const [source, copy] = [await freshDatabase(newest), await freshDatabase(newest)]
  const session = await connectPostgres(source)
  const columns = NAMES.map((name) => `${quoteIdent(name)} text`).join(', ')
  await session.executeAll([
    ...NAMES.map((name) => `CREATE TABLE public.${quoteIdent(name)} (${columns})`),
    ...NAMES.slice(0, 5).map((name) => `CREATE SCHEMA ${quoteIdent(`s ${name}`)}`),
    `CREATE TYPE "Mood's" AS ENUM (${NAMES.map(quoteLiteral).join(', ')})`,
    ...NASTY.flatMap((text, n) => [
      `ALTER TABLE "user" ADD COLUMN n${n} text DEFAULT ${quoteLiteral(text)} CHECK (n${n} <> ${quoteLiteral(text)})`,
      `COMMENT ON COLUMN "user".n${n} IS ${quoteLiteral(text)}`,
      `CREATE VIEW v${n} AS SELECT ${quoteLiteral(text)}::text AS ${quoteIdent(NAMES[n]!)}`,
      `CREATE FUNCTION f${n}() RETURNS text LANGUAGE plpgsql AS ${quoteLiteral(`begin return ${quoteLiteral(text)}; end`)}`,
    ]),
    ...NAMES.map((name) => `COMMENT ON TABLE public.${quoteIdent(name)} IS ${quoteLiteral(`about ${name}`)}`),
  ])
  box.env = { DATABASE_URL: source }
  await box.ok('pull')
  expect(await box.ok('check')).toBe('in sync\n')
  box.env = { DATABASE_URL: copy }
  const written = await box.ok('-m', 'all */ of `it` ${process.exit(98)}')
  expect(written).not.toMatch(/[\u2028\r]/)
  await box.ok('upgrade')
  expect(await box.ok('check')).toBe('in sync\n')
  expect(JSON.parse(await box.ok('show', 'head', '--json')).message).toBe('all */ of `it` ${process.exit(98)}')
  box.write('second.ts', '')
  await box.ok('pull', '--schema', 'second.ts', '--force')
  const declared = (name: string) => box.read(name).replace(/^\/\/.*\n/gm, '')
  expect(declared('second.ts')).toBe(declared('schema.ts'))
  await box.ok('downgrade', 'base')
  expect((await session.query('SELECT count(*)::int FROM pg_class WHERE relkind = $1 AND relnamespace = $2::regnamespace', ['r', 'public']))[0]![0]).toBe(NAMES.length)
  await session.close()
}, 120_000)
