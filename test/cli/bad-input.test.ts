import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { connectPostgres } from '../../src/database/postgres.js'
import { startNative } from '../../src/database/native.js'
import { serverUser } from '../../src/database/native-binaries.js'
import { freshDatabase, majors, server } from '../support/servers.js'
import { CHECKED, Sandbox, schemaFile, USERS } from './sandbox.js'

const newest = majors.at(-1)!
let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
})

afterEach(() => box.remove())

/** A command that fails without writing anything or telling where its code stands; its stderr. */
async function failure(args: readonly string[], options: Parameters<Sandbox['run']>[1] = {}): Promise<string> {
  const files = box.files()
  const { code, stdout, stderr } = await box.run(args, options)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).not.toMatch(/node:internal|\.js:\d+:\d+\)|s3cr3t/)
  expect(box.files()).toEqual(files)
  return stderr
}

describe('databases that cannot be reached', () => {
  beforeEach(() => box.write('schema.ts', USERS))

  test.each([
    ['no server', 'postgres://app:s3cr3t@127.0.0.1:9/shop', 'cannot connect to postgres://app@127.0.0.1:9/shop: nothing accepts connections there\nhint: is the server running'],
    ['no such host', 'postgres://app:s3cr3t@nowhere.invalid/shop', 'cannot connect to postgres://app@nowhere.invalid/shop: unknown host\nhint: check the host name'],
    ['another sort of url', 'mysql://app:s3cr3t@localhost/shop', 'not a database url: mysql://app@localhost/shop\nhint: write postgres://'],
    ['a malformed url', 'postgres://app:s3%cr3t@localhost/shop', 'malformed database url: postgres://app@localhost/shop\nhint: write postgres://'],
  ])('%s', async (_, url, message) => {
    const stderr = await failure(['-m', 'x', '--database', url])
    expect(stderr).toContain(`error: ${message}`)
  })

  test('a wrong password', async () => {
    const hba = box.path('pg_hba.conf')
    writeFileSync(hba, 'local all app scram-sha-256\nlocal all all trust\n')
    chmodSync(box.path('..'), 0o755)
    const { url, stop } = await startNative({ major: newest, settings: { hba_file: hba } })
    try {
      const admin = await connectPostgres(url)
      await admin.executeAll([`CREATE ROLE app LOGIN PASSWORD 's3cr3t'`])
      await admin.close()
      const wrong = url.replace('postgres@', 'app:not-s3cr3t@')
      expect(await failure(['check', '-d', wrong])).toMatch(
        /^error: cannot connect to postgres:\/\/app@.*: password authentication failed for user "app"\nhint: check user and password in the database url\n$/,
      )
      box.write('autogen.config.ts', `export default { database: ${JSON.stringify(wrong)} }`)
      const json = await box.run(['check', '--json'])
      expect(JSON.parse(json.stdout)).toMatchObject({ error: { type: 'DatabaseError', sqlState: '28P01' } })
      const right = await box.run(['-m', 'x', '--json', '-d', url.replace('postgres@', 'app:s3cr3t@'), '--scratch', 'native'])
      expect(right.code).toBe(0)
      expect(`${json.stdout}${json.stderr}${right.stdout}${right.stderr}${box.read(`migrations/${box.migrations()[0]}`)}`).not.toContain('s3cr3t')
    } finally {
      await stop()
    }
  })

  test('an unknown database', async () => {
    const missing = (await server(newest)).url.replace('/postgres?', '/no_such_database?')
    expect(await failure(['check'], { env: { DATABASE_URL: missing } })).toMatch(/: database "no_such_database" does not exist\nhint: create the database first/)
  })
})

describe('schema.ts', () => {
  test.each([
    ['a syntax error', schemaFile('export const x = ('), 'syntax error: Unexpected token', 'schema.ts:3:1'],
    ['a wrong name', schemaFile('export const t = table("t", { id: bigInt() })'), "Cannot find name 'bigInt'", 'schema.ts:2:35'],
    ['a name that is not imported', `import { table } from 'pg-autogen/schema'\nexport const t = table('t', { id: text() })\n`, "text is not imported", 'schema.ts:2:35'],
    ['a duplicate', schemaFile('export const a = table("t", {})', 'export const b = table("t", {})'), 'table public.t is declared twice, first at schema.ts:2:18', 'schema.ts:3:18'],
    ['a reference to nothing', schemaFile('const a = table("a", { id: bigint().primaryKey() })', 'export const b = table("b", { a_id: bigint().references(() => a.id) })'), 'of table public.b refers to', 'schema.ts:3'],
    ['a name of 64 bytes', schemaFile(`export const t = table('${'é'.repeat(32)}', {})`), 'is longer than 63 bytes', 'schema.ts:2:18'],
  ])('%s', async (_, text, message, place) => {
    box.write('schema.ts', text)
    const stderr = await failure(['check'], { env: CHECKED })
    expect(stderr).toContain(message)
    expect(stderr).toContain(`  at ${place}`)
  })

  test.each(['process.exit(0)', 'await new Promise(() => {})'])('one that ends the process is never taken for done: %s', async (line) => {
    box.write('schema.ts', `${USERS}${line}\n`)
    expect(await failure(['check'])).toMatch(/^error: the process ended before the command was done\nhint: .* process\.exit/)
    const { code, stdout } = await box.run(['check', '--json'])
    expect([code, JSON.parse(stdout)]).toEqual([1, { error: expect.objectContaining({ type: 'AutogenError' }) }])
  })

  test('two files that import each other: what one does not have yet is named, with the way out', async () => {
    box.write('schema.ts', "export * from './a.js'\nexport * from './b.js'\n")
    box.write('a.ts', `import { bigint, table } from 'pg-autogen/schema'\nimport { orders } from './b.js'\nexport const users = table('users', { id: bigint().primaryKey(), last: bigint().references(() => orders.id) })\n`)
    box.write('b.ts', `import { bigint, sql, table, view } from 'pg-autogen/schema'\nimport { users } from './a.js'\nexport const orders = table('orders', { id: bigint().primaryKey() })\nexport const v = view('v', sql\`select from ${'${users}'}\`)\n`)
    expect(await failure(['check'])).toMatch(/^error: sql`…` cannot hold undefined\n {2}at b\.ts:4:\d+\nhint: .*two files that import each other/)
  })

  test('SQL that PostgreSQL rejects: the place in the file, its message, its hint', async () => {
    box.env = { DATABASE_URL: await freshDatabase(newest) }
    box.write('schema.ts', USERS + "export const v = view('v', sql`\n  select u.emial\n  from ${users} u`)\n")
    const stderr = await failure(['-m', 'x'])
    expect(stderr).toMatch(/^error: view public\.v: column u\.emial does not exist\n {2}at schema\.ts:8:10\n/)
    expect(stderr).toContain('hint: Perhaps you meant to reference the column "u.email".')
  })

  test('a mistake of types only', async () => {
    box.env = { DATABASE_URL: await freshDatabase(newest), ...CHECKED }
    box.write('schema.ts', `${USERS}export const count: number = 'three'\n`)
    expect(await failure(['-m', 'x'])).toMatch(/^error: Type 'string' is not assignable to type 'number'\.\n {2}at schema\.ts:7:14\nhint: /)
    await box.ok('-m', 'x', '--no-typecheck')
    expect(box.migrations()).toHaveLength(1)
  })
})

describe('folders', () => {
  // Permissions mean nothing to root; the user who runs the servers may use their sockets.
  const user = serverUser()
  const asUser = user ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : []

  test('a file in place of the migrations folder', async () => {
    box.write('schema.ts', USERS)
    box.write('migrations', '')
    expect(await failure(['-m', 'x', '--database', 'postgres://localhost:9/x'])).toMatch(/^error: the migrations folder .* cannot be read\n/)
  })

  test('one that may not be written', async () => {
    box.env = { DATABASE_URL: await freshDatabase(newest), XDG_CACHE_HOME: '/nonexistent' }
    box.write('schema.ts', USERS)
    mkdirSync(box.path('migrations'))
    chmodSync(box.path('migrations'), 0o555)
    chmodSync(box.path('..'), 0o755)
    expect(await failure(['-m', 'x', '--scratch', 'server'], { through: asUser })).toMatch(
      /^error: .*migrations\/\w+_x\.ts cannot be written: EACCES\nhint: check that the folder exists and is writable\n$/,
    )
    expect(await failure(['pull', '--schema', 'new.ts'], { through: asUser })).toMatch(/new\.ts cannot be written: EACCES/)
  })

  test('a full disk', async () => {
    box.env = { DATABASE_URL: await freshDatabase(newest) }
    box.write('schema.ts', USERS + schemaFile(`export const long = table('long', {${Array.from({ length: 60 }, (_, n) => `column_number_${n}: text()`).join(', ')}})`).split('\n')[1])
    const limited = ['bash', '-c', `trap '' XFSZ; ulimit -f 1; exec "$0" "$@"`]
    expect(await failure(['-m', 'x', '--scratch', 'server'], { through: limited })).toMatch(/cannot be written: EFBIG/)
  })
})
