import { connectPostgres } from '../../src/database/postgres.js'
import { startNative, type NativeServer } from '../../src/database/native.js'
import { newestMajor } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox
let server: NativeServer

beforeEach(() => {
  box = new Sandbox()
})
afterEach(async () => {
  box.remove()
  await server.stop()
})

describe.each(newestMajor)('on %i', (major) => {
  beforeEach(async () => {
    server = await startNative({ major })
    box.env = { DATABASE_URL: server.url }
  })

  const run = async (...statements: string[]) => {
    const session = await connectPostgres(server.url)
    await session.executeAll(statements).finally(() => session.close())
  }
  const rows = async (query: string) => {
    const session = await connectPostgres(server.url)
    return session.query(query).finally(() => session.close())
  }
  const roles = async () => (await rows('SELECT rolname FROM pg_roles WHERE oid >= 16384 ORDER BY 1')).map(([name]) => name)
  const passwords = () => rows('SELECT rolname, rolpassword FROM pg_authid WHERE oid >= 16384 ORDER BY 1')

  test('pull, edit, generate, upgrade, check, downgrade; scratch makes no role on the server', async () => {
    await run(
      'CREATE ROLE reader',
      `CREATE ROLE app LOGIN PASSWORD 'hunter2' VALID UNTIL '2030-01-01'`,
      'GRANT reader TO app',
      'CREATE SCHEMA app AUTHORIZATION app',
      'CREATE TABLE app.items (id integer)',
      'GRANT SELECT ON app.items TO reader',
    )
    const before = await passwords()
    expect(await box.ok('pull', '--roles', 'all')).toMatch(/^wrote schema\.ts: \d+ objects\n$/)
    expect(box.read('schema.ts')).not.toContain('hunter2')
    expect(await box.ok('check')).toBe('in sync\n')
    box.edit('schema.ts', 'login: true,', 'login: true, bypassRls: true, connectionLimit: 3,')
    box.edit('schema.ts', `export const reader = role('reader')`, `export const reader = role('reader')\nexport const writer = role('Writer', { memberOf: [reader], settings: { search_path: ['app'] } })`)
    box.edit('schema.ts', `.grant('reader', ['select'])`, `.grant(['reader', 'Writer'], ['select'])`)
    // Server, too, would have to make the roles there.
    for (const scratch of ['server', 'embedded']) expect(await box.run(['check', '--scratch', scratch])).toMatchObject({ code: 2 })
    expect(await box.ok('-m', 'a writer')).toContain('both proven in scratch')
    expect(await roles()).toEqual(['app', 'reader'])
    await box.ok('upgrade')
    expect(await roles()).toEqual(['Writer', 'app', 'reader'])
    expect(await box.ok('check')).toBe('in sync\n')
    expect((await passwords()).filter(([name]) => name !== 'Writer')).toEqual(before)
    await box.ok('downgrade', 'base')
    expect(await passwords()).toEqual(before)
  }, 120_000)

  test('without being asked for, roles are none of its business', async () => {
    await run('CREATE ROLE bystander', 'CREATE TABLE items (id integer)')
    await box.ok('pull')
    expect(box.read('schema.ts')).not.toContain('role')
    expect(await box.ok('check')).toBe('in sync\n')
    await run('DROP ROLE bystander')
    expect(await box.ok('check')).toBe('in sync\n')
  }, 60_000)

  test('what cannot be is said clearly', async () => {
    await run('CREATE ROLE app', 'CREATE DATABASE other OWNER app')
    expect(await box.run(['pull', '--roles', 'nobody'])).toMatchObject({ code: 1, stderr: expect.stringContaining('has no role "nobody" that could be managed') })
    await box.ok('pull', '--roles', 'app')
    box.edit('schema.ts', `role('app')`, `role('app', { createDb: true })`)
    expect(await box.run(['check', '--scratch', server.url])).toMatchObject({ code: 1, stderr: expect.stringContaining('leave the roles out of manage(…)') })
    box.edit('schema.ts', /export const app = .*\n/.exec(box.read('schema.ts'))![0], '')
    expect(await box.ok('-m', 'no app')).toContain('- role app')
    expect(await box.run(['upgrade'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/role "app" cannot be dropped because some objects depend on it[^]*owner of database other[^]*hint: in each database named above run REASSIGN OWNED BY/),
    })
    await run('DROP DATABASE other')
    await box.ok('upgrade')
    expect(await roles()).toEqual([])
    box.edit('schema.ts', `roles: ['app']`, `roles: ['postgres']`)
    box.write('more.ts', `import { role } from 'pg-autogen/schema'\nexport const postgres = role('postgres')\n`)
    expect(await box.run(['check', '--schema', 'schema.ts', '--schema', 'more.ts'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/role "postgres" already exists\n {2}at more\.ts:2:25\nhint: the role that runs this is not managed/),
    })
  }, 60_000)
})
