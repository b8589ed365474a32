import { setTimeout as sleep } from 'node:timers/promises'
import { connectPostgres } from '../../src/database/postgres.js'
import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox, schemaFile, USERS } from './sandbox.js'

const oldest = majors[0]!
let box: Sandbox
let url: string

beforeEach(async () => {
  box = new Sandbox()
  url = await freshDatabase(oldest)
  box.env = { DATABASE_URL: url }
})

afterEach(() => box.remove())

async function execute(...statements: string[]): Promise<void> {
  const session = await connectPostgres(url)
  await session.executeAll(statements)
  await session.close()
}

/** Scratch databases of a process on the server, which other tests use too. */
async function scratchDatabases(pid: number): Promise<number> {
  const session = await connectPostgres(url)
  const [[count]] = (await session.query('SELECT count(*)::int FROM pg_database WHERE starts_with(datname, $1)', [`autogen_scratch_${pid}_`])) as [[number]]
  await session.close()
  return count
}

test('data that would be lost: exit 3, what and how to allow it; nothing is written', async () => {
  await execute('CREATE SCHEMA app', 'CREATE TABLE app.users (id bigint PRIMARY KEY, email text NOT NULL, phone text)')
  box.write('schema.ts', USERS)
  expect(await box.run(['-m', 'x'])).toEqual({
    code: 3,
    stdout: '',
    stderr:
      'error: the migration would lose data, and that was not allowed; nothing was written\n' +
      '  column app.users.phone: the values are gone\nhint: allow it with --allow data-loss, or for one object with --allow data-loss:app.users.phone\n',
  })
  expect(box.files()).toEqual(['schema.ts'])
  // Scratch is a server of the same major, where there are programs of one: no note says otherwise.
  expect(await box.run(['diff', '--exit-code'])).toMatchObject({ code: 2, stdout: expect.stringContaining('! DATA LOSS: the values are gone'), stderr: '' })
  const json = await box.run(['-m', 'x', '--json'])
  expect(json.code).toBe(3)
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { type: 'RefusedError' } })
  const allowed = await box.ok('-m', 'x', '--allow', 'data-loss')
  expect(allowed).toContain('  ~ table app.users\n      - column phone\n          ! DATA LOSS: the values are gone\n')
  expect(box.read(`migrations/${box.migrations()[0]}`)).toContain('// DATA LOSS: column app.users.phone: the values are gone\n')
})

test('roles of the server are the real ones: one that is missing is a mistake in schema.ts', async () => {
  box.write('schema.ts', schemaFile(`export const t = table('t', { id: bigint() })`, `  .owner('nobody_made_it')`))
  for (const command of [['-m', 'x'], ['check']]) {
    expect(await box.run([...command, '--scratch', 'server'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: owner of table public.t: role "nobody_made_it" does not exist\n  at schema.ts:3:4\n' +
        'hint: check the spelling, or create the role first: roles belong to the server, not to a schema; or declare it with role(…)\n',
    })
  }
  // A server of its own may have any role, and says what the database lacks.
  expect(await box.run(['-m', 'x', '--scratch', 'native'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('+ table public.t'),
    stderr: expect.stringContaining(`note: the database's server has no role "nobody_made_it"\nhint: create it before the upgrade`),
  })
})

test('scratch on a server whose role may not make databases says what to do', async () => {
  box.write('schema.ts', USERS)
  await execute(`DO $$ BEGIN CREATE ROLE no_databases LOGIN; EXCEPTION WHEN duplicate_object THEN END $$`)
  const { code, stderr } = await box.run(['check', '--scratch', 'server'], { env: { DATABASE_URL: url.replace('//postgres@', '//no_databases@') } })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: scratch cannot be made on postgres:.*: permission denied to create database\nhint: .*CREATEDB/)
})

test('a failing proof: exit 1 with the objects that did not come out right; check shows the SQL all the same', async () => {
  // Whatever is done, the comment becomes another one.
  await execute(
    'CREATE SCHEMA app',
    'CREATE TABLE app.users (id bigint PRIMARY KEY, email text NOT NULL)',
    `CREATE FUNCTION app.meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF current_setting('app.meddling', true) = 'on' THEN RETURN; END IF;
       PERFORM set_config('app.meddling', 'on', true);
       EXECUTE format('COMMENT ON TABLE app.users IS %L', random());
       PERFORM set_config('app.meddling', 'off', true);
     END $$`,
    'CREATE EVENT TRIGGER meddle ON ddl_command_end EXECUTE FUNCTION app.meddle()',
  )
  await box.ok('pull')
  box.edit('schema.ts', 'email: ', 'phone: bigint(),\n  email: ')
  const files = box.files()
  const failed = await box.run(['-m', 'x'])
  expect({ code: failed.code, stdout: failed.stdout }).toEqual({ code: 1, stdout: '' })
  expect(failed.stderr).toMatch(/^error: the generated upgrade does not come out right in scratch\n {2}[-+~] comment on table app\.users\b/)
  expect(box.files()).toEqual(files)
  const check = await box.run(['check'])
  expect(check.code).toBe(2)
  expect(check.stdout).toContain('ADD COLUMN phone bigint')
  expect(check.stderr).toMatch(/^note: this SQL is planned but not proven: the generated upgrade does not come out right/)
}, 90_000)

test('a database that is behind its migrations is not compared', async () => {
  box.write('schema.ts', USERS)
  await box.ok('-m', 'users')
  const files = box.files()
  const behind = await box.run(['-m', 'more'])
  expect(behind).toMatchObject({ code: 1, stdout: '' })
  expect(behind.stderr).toMatch(/^error: the database is not up to date: [0-9a-f]{12} is not applied\nhint: run `autogen upgrade heads` first\n$/)
  expect(box.files()).toEqual(files)
})

test('a revision of the database that the folder does not have', async () => {
  box.write('schema.ts', USERS)
  await execute('CREATE SCHEMA autogen', 'CREATE TABLE autogen.autogen_version (revision text PRIMARY KEY)', `INSERT INTO autogen.autogen_version VALUES ('feedface')`)
  const lost = await box.run(['-m', 'x'])
  expect(lost).toMatchObject({ code: 1, stdout: '' })
  expect(lost.stderr).toContain('feedface')
  expect(await box.ok('current')).toContain('feedface (not in the migrations folder)')
  expect(box.files()).toEqual(['schema.ts'])
})

test.each(['server', 'native', 'embedded'])('Ctrl-C while scratch (%s) works: exit 130, one line, nothing left', async (scratch) => {
  const slow = Array.from({ length: 60 }, (_, n) => `app.materializedView('m${n}', sql\`select 1 as one from pg_sleep(0.2)\`),`)
  box.write('schema.ts', schemaFile(`export const app = schema('app')`, 'export const slow = [', ...slow, ']'))
  const child = box.start(['-m', 'x', '--scratch', scratch])
  await sleep(scratch === 'server' ? 0 : 4_000)
  for (let tries = 0; scratch === 'server' && (await scratchDatabases(child.pid!)) === 0; tries++) {
    if (tries > 200) throw new Error('no scratch database appeared')
    await sleep(50)
  }
  child.kill('SIGINT')
  expect(await child.outcome).toEqual({ code: 130, stdout: '', stderr: 'interrupted: cleaning up\n' })
  expect(await scratchDatabases(child.pid!)).toBe(0)
  expect(box.files()).toEqual(['schema.ts'])
})

test('objects that cannot be managed are named, and refused when asked to', async () => {
  await execute('SELECT lo_create(0)')
  const refused = await box.run(['pull', '--strict'])
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('refused: --strict, and 1 object is not managed') })
  expect(JSON.parse((await box.run(['pull', '--strict', '--json'])).stdout)).toMatchObject({ refused: true, unmanaged: [{}] })
  expect(box.files()).toEqual([])
  const pulled = await box.run(['pull'])
  expect(pulled).toMatchObject({ code: 0, stderr: expect.stringContaining('? large objects (1)') })
  for (const command of ['check', 'diff']) {
    expect(await box.run([command])).toMatchObject({ code: 0, stderr: expect.stringContaining('? large objects (1)') })
    expect(await box.run([command, '--strict'])).toMatchObject({ code: 3, stderr: expect.stringContaining('refused: --strict') })
  }
}, 60_000)
