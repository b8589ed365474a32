import { diff } from '../../src/differ/diff.js'
import { renamesAmong } from '../../src/differ/renames.js'
import { plan, renameSteps } from '../../src/planner/plan.js'
import { reflect } from '../../src/reflector/reflect.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()

async function read(statements: readonly string[]) {
  const database = await databases.empty('pglite')
  await database.executeAll(['DROP SCHEMA IF EXISTS app CASCADE', 'CREATE SCHEMA app', 'SET check_function_bodies = off', ...statements])
  return reflect(database)
}

/** The untracked dependencies that a migration between two states leaves behind, without what is always said of them. */
async function untracked(before: readonly string[], after: readonly string[], formerly: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const [from, to] = [await read(before), await read(after)]
  const renames = renamesAmong(diff(from, to), from, new Map(Object.entries(formerly)))
  const steps = renames.length > 0 ? renames.flatMap((rename) => renameSteps(rename, from, to)) : plan(from, to, diff(from, to))
  const found = steps.flatMap(({ hazards, comments }) => hazards.filter(({ code }) => code === 'untracked-dependency').map((hazard) => ({ ...hazard, comments })))
  for (const { message, comments } of found) expect(comments).toContain(`UNTRACKED DEPENDENCY: ${message}`)
  return found.map(({ message }) => message.replace('names it in a text that PostgreSQL does not track, and ', '').replace(' when it is called next', '')).sort()
}

const TABLES = ['CREATE TABLE app.users (id bigint, email text, "Full Name" text, level integer)', 'CREATE TABLE app.logs (email text)']

const plpgsql = (name: string, body: string) => `CREATE FUNCTION app.${name}() RETURNS void LANGUAGE plpgsql AS $function$BEGIN ${body}; END$function$`

describe('a column that goes', () => {
  const drop = async (...routines: string[]) => untracked([...TABLES, ...routines], [...TABLES, ...routines, 'ALTER TABLE app.users DROP email, DROP "Full Name"'])

  test.each([
    ['in a statement', `UPDATE app.users SET EMAIL = lower(email)`],
    ['of a table that the search path finds', `PERFORM u.email FROM users u`],
    ['in dynamic SQL', `EXECUTE 'UPDATE app.users SET email = NULL'`],
    ['in dynamic SQL of parts', `EXECUTE format('UPDATE %I.%I SET %I = NULL', 'app', 'users', 'email')`],
    ['in dynamic SQL in dollars', `EXECUTE $q$ SELECT email FROM app.users $q$`],
  ])('is found %s', async (_, body) => {
    expect(await drop(plpgsql('f', body))).toEqual(['column app.users.email: function app.f() fails'])
  })

  test('is found by the name that it has in quotes, in procedures, and in every language', async () => {
    expect(await drop(`CREATE PROCEDURE app.p() LANGUAGE sql AS 'UPDATE app.users SET "Full Name" = NULL'`)).toEqual(['column app.users."Full Name": procedure app.p() fails'])
    expect(await drop(plpgsql('f', 'PERFORM "Full" FROM app.users'))).toEqual([])
  })

  test.each([
    ['its table is not named', `UPDATE app.logs SET email = NULL`],
    ['it stands in comments only', `PERFORM id FROM app.users /* email /* email */ email */ -- email\n`],
    ['it is a part of a longer name', `PERFORM email_address FROM app.users`],
    ['its table is one of another schema', `UPDATE other.users SET email = NULL`],
  ])('is not found where %s', async (_, body) => {
    expect(await drop(plpgsql('f', body))).toEqual([])
  })

  test('nor where PostgreSQL reads the body itself, or the migration changes the routine or drops it', async () => {
    const f = (body: string) => plpgsql('f', body)
    const used = 'UPDATE app.users SET email = NULL'
    const dropped = 'ALTER TABLE app.users DROP email'
    expect(await untracked([...TABLES, f(used)], [...TABLES, f('UPDATE app.users SET id = 1'), dropped])).toEqual([])
    expect(await untracked([...TABLES, f(used)], [...TABLES, dropped])).toEqual([])
    expect(await untracked([...TABLES, f(used)], [...TABLES, f(used), 'ALTER TABLE app.users DROP level'])).toEqual([])
    const read = 'CREATE FUNCTION app.r() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT id FROM app.users WHERE email IS NULL; END'
    const retyped = [TABLES[0]!.replace('email text', 'email date'), TABLES[1]!]
    expect(await untracked([...TABLES, read], [...retyped, read])).toEqual([])
    expect(await untracked([...TABLES, f(used)], [...retyped, f(used)])).toEqual(['column app.users.email: function app.f() may fail'])
  })
})

test('what has another name, another type, or something else in its place', async () => {
  const uses = plpgsql('f', 'PERFORM level, email FROM app.users')
  expect(await untracked([...TABLES, uses], [...TABLES, uses, 'ALTER TABLE app.users RENAME email TO mail'], { 'column:app.users.mail': 'column:app.users.email' })).toEqual(['column app.users.email: function app.f() fails'])
  expect(await untracked([...TABLES, uses], [...TABLES, uses, 'ALTER TABLE app.users RENAME TO people'], { 'table:app.people': 'table:app.users' })).toEqual(['table app.users: function app.f() fails'])
  expect(await untracked([...TABLES, uses], [...TABLES, uses, 'ALTER TABLE app.users ALTER level TYPE bigint'])).toEqual(['column app.users.level: function app.f() may fail'])
  expect(await untracked([...TABLES, uses], [...TABLES, uses, 'ALTER TABLE app.users ALTER email TYPE varchar(30)', 'ALTER TABLE app.logs ALTER email TYPE varchar(10)'])).toEqual(['column app.users.email: function app.f() may fail'])
  const wider = (size: number) => [`CREATE TABLE app.users (level integer, email varchar(${size}))`, uses]
  expect(await untracked(wider(10), wider(20))).toEqual([])
  const view = (column: string) => [...TABLES, `CREATE VIEW app.v AS SELECT ${column} FROM app.users`, plpgsql('g', 'PERFORM FROM app.v')]
  expect(await untracked(view('id'), view('level'))).toEqual(['view app.v: function app.g() may fail'])
})

test('whatever is called by its name: tables without each of their columns, functions, types, sequences', async () => {
  const objects = [...TABLES, plpgsql('helper', 'NULL'), `CREATE TYPE app.mood AS ENUM ('sad', 'ok')`, 'CREATE SEQUENCE app.numbers']
  const uses = plpgsql('f', `PERFORM app.helper(), 'ok'::app.mood, nextval('app.numbers'), email FROM app.logs`)
  expect(await untracked([...objects, uses], [TABLES[0]!, uses])).toEqual([
    'enum app.mood: function app.f() fails',
    'function app.helper(): function app.f() fails',
    'sequence app.numbers: function app.f() fails',
    'table app.logs: function app.f() fails',
  ])
  const mood = (...labels: string[]) => [`CREATE TYPE app.mood AS ENUM (${labels.map((label) => `'${label}'`).join(', ')})`, plpgsql('f', `PERFORM 'ok'::app.mood`)]
  expect(await untracked(mood('sad', 'ok'), mood('ok', 'sad'))).toEqual([])
  expect(await untracked(mood('sad', 'ok'), mood('ok'))).toEqual(['enum app.mood: function app.f() may fail'])
})
