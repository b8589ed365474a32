import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startNative, type NativeServer } from '../../src/database/native.js'
import { connectPostgres, redactUrl } from '../../src/database/postgres.js'
import { DatabaseError } from '../../src/errors.js'
import { freePort } from '../support/free-port.js'
import { freshDatabase, majors, server } from '../support/servers.js'

const SECRET = 'hunter2!'

async function refusal(url: string): Promise<DatabaseError> {
  const error = await connectPostgres(url, { connectTimeoutMs: 1_000 }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DatabaseError)
  const { message, hint = '', detail = '' } = error as DatabaseError
  expect(message + hint + detail).not.toContain(SECRET)
  return error as DatabaseError
}

test.each([
  ['postgres://app:hunter2!@db/shop', 'postgres://app@db/shop'],
  ['postgresql://app:hunter2!@db:5432/shop?sslmode=require', 'postgresql://app@db:5432/shop?sslmode=require'],
  ['postgres://app@db/shop', 'postgres://app@db/shop'],
  ['postgres://db/shop', 'postgres://db/shop'],
  ['postgres://db:5432/shop', 'postgres://db:5432/shop'],
  ['postgres://[::1]:5432/shop', 'postgres://[::1]:5432/shop'],
  ['postgres:///shop?host=/run/postgresql', 'postgres:///shop?host=/run/postgresql'],
  ['postgres://app:p@ss/w?rd#hunter2!@db/shop', 'postgres://app@db/shop'],
  ['postgres://app:a:hunter2!:@db/shop', 'postgres://app@db/shop'],
  ['postgres://app:%hunter2!@db/shop', 'postgres://app@db/shop'],
  ['postgres://:hunter2!@db/shop', 'postgres://@db/shop'],
  ['postgres://app:hunter2!', 'postgres://app'],
  ['postgres://db/shop?user=app&password=hunter2!&sslmode=require', 'postgres://db/shop?user=app&sslmode=require'],
  ['postgres://db/shop?password=hunter2!', 'postgres://db/shop'],
  ['postgres://db/shop?sslpassword=hunter2!&a=b', 'postgres://db/shop?a=b'],
  [`host=db password='hunter2! \\' hunter2!' user=app`, 'host=db user=app'],
  ['host=db password = hunter2! user=app', 'host=db user=app'],
  ['mysql://app:hunter2!@db/shop', 'mysql://app@db/shop'],
  ['', ''],
])('%s is shown as %s', (url, shown) => expect(redactUrl(url)).toBe(shown))

test.each([
  ['postgres://app:hunter2!@127.0.0.1:1/shop', /cannot connect to postgres:\/\/app@127.0.0.1:1\/shop: nothing accepts connections there/],
  ['postgres://app:hunter2!@localhost:1/shop', /nothing accepts connections there/],
  ['postgres://app:hunter2!@no-such-host.invalid/shop', /unknown host|cannot be looked up/],
  ['postgres://app:hunter2!@/shop?host=/no/such/directory', /there is no such socket/],
  ['postgres://app:hunt#hunter2!@db/shop', /malformed database url: postgres:\/\/app@db\/shop/],
  ['postgres://app:1/hunter2!@db/shop', /malformed database url: postgres:\/\/app@db\/shop/],
  ['postgres://app:hunter2!@db:port/shop', /malformed database url/],
  ['postgres://app:100%hunter2!@db/shop', /malformed database url/],
  ['mysql://app:hunter2!@db/shop', /not a database url: mysql:\/\/app@db\/shop/],
  ['host=db password=hunter2!', /not a database url: host=db/],
  ['', /not a database url: \(empty\)/],
  ['postgres://app:hunter2!@127.0.0.1:1/shop?sslmode=verify-full&sslrootcert=/no/such/file', /no such file/],
])('%s is refused', async (url, message) => {
  const error = await refusal(url)
  expect(error.message).toMatch(message)
})

describe('something that is not a PostgreSQL server', () => {
  const listening = async (answer: (socket: Socket) => void) => {
    const service = createServer((socket) => answer(socket.on('error', () => undefined)))
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    return { service, url: `postgres://app:${SECRET}@127.0.0.1:${(service.address() as AddressInfo).port}/shop` }
  }

  test('that never answers', async () => {
    const { service, url } = await listening((socket) => setTimeout(() => socket.destroy(), 3_000).unref())
    expect((await refusal(url)).message).toMatch(/no answer in time/)
    service.close()
  })

  test('that hangs up', async () => {
    const { service, url } = await listening((socket) => socket.end())
    expect((await refusal(url)).message).toMatch(/the connection was closed|was reset/)
    service.close()
  })

  test('that speaks another protocol', async () => {
    const { service, url } = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await refusal(url)
    service.close()
  })
})

describe.each(majors)('a server of major %i', (major) => {
  test('unknown database, unknown role', async () => {
    const { url } = await server(major)
    expect(await refusal(url.replace('/postgres?', '/no_such_database?'))).toMatchObject({
      sqlState: '3D000',
      message: expect.stringMatching(/^cannot connect to postgres:.*: database "no_such_database" does not exist$/),
      hint: expect.stringContaining('create the database'),
    })
    expect(await refusal(url.replace('//postgres@', `//nobody_here:${encodeURIComponent(SECRET)}@`))).toMatchObject({
      sqlState: '28000',
      message: expect.stringContaining('role "nobody_here" does not exist'),
    })
  })

  test('sockets have no TLS, whatever sslmode says', async () => {
    const url = await freshDatabase(major)
    for (const mode of ['prefer', 'require', 'verify-full']) {
      const database = await connectPostgres(`${url}&sslmode=${mode}`)
      expect(await database.query('select 1')).toEqual([[1]])
      await database.close()
    }
  })

  test('the label has no password', async () => {
    const url = (await freshDatabase(major)).replace('//postgres@', `//postgres:${encodeURIComponent(SECRET)}@`)
    const database = await connectPostgres(url)
    expect(database.label).not.toContain(SECRET.slice(0, 4))
    expect(database.label).toContain('postgres://postgres@')
    await database.close()
  })
})

describe('a server that asks for passwords', () => {
  let own: NativeServer
  let tcp: string
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'autogen-password-'))
    const port = String(await freePort())
    own = await startNative({ major: majors.at(-1)!, settings: { listen_addresses: '127.0.0.1', port } })
    const admin = await connectPostgres(own.url)
    await admin.executeAll([`CREATE ROLE app LOGIN PASSWORD '${SECRET}'`, `CREATE ROLE "o:d\\d" LOGIN PASSWORD 'p:w\\d'`])
    const [row] = await admin.query('show hba_file')
    writeFileSync(row![0] as string, 'local all postgres trust\nhost all all all scram-sha-256\n')
    await admin.query('select pg_reload_conf()')
    await admin.close()
    tcp = `127.0.0.1:${port}/postgres`
  })
  afterAll(async () => {
    await own.stop()
    rmSync(folder, { recursive: true })
    delete process.env.PGPASSFILE
  })

  const connects = async (url: string) => {
    const database = await connectPostgres(url)
    const [row] = await database.query('select session_user')
    await database.close()
    return row![0]
  }

  test('right and wrong passwords', async () => {
    expect(await connects(`postgres://app:${encodeURIComponent(SECRET)}@${tcp}`)).toBe('app')
    const wrong = await refusal(`postgres://app:not${encodeURIComponent(SECRET)}@${tcp}`)
    expect(wrong).toMatchObject({ sqlState: '28P01', hint: expect.stringContaining('user and password') })
    expect((await refusal(`postgres://app@${tcp}`)).message).toMatch(/the server asks for a password/)
  })

  test('TLS that the server does not offer: refused when it is required, passed over when it is preferred', async () => {
    const url = `postgres://app:${encodeURIComponent(SECRET)}@${tcp}`
    expect((await refusal(`${url}?sslmode=require`)).message).toMatch(/the server does not offer TLS/)
    expect((await refusal(`${url}?sslmode=verify-ca`)).message).toMatch(/no authority to verify with/)
    expect(await connects(`${url}?sslmode=prefer`)).toBe('app')
  })

  test('the password file of psql', async () => {
    const file = path.join(folder, 'pgpass')
    process.env.PGPASSFILE = file
    writeFileSync(file, `# comment\n*:1:*:app:no\n${tcp.split('/')[0]}:*:app:${SECRET}\n*:*:*:o\\:d\\\\d:p\\:w\\\\d\n`, { mode: 0o600 })
    expect(await connects(`postgres://app@${tcp}`)).toBe('app')
    expect(await connects(`postgres://${encodeURIComponent('o:d\\d')}@${tcp}`)).toBe('o:d\\d')
    chmodSync(file, 0o644)
    expect((await refusal(`postgres://app@${tcp}`)).message).toMatch(/the server asks for a password/)
  })
})

test('the driver is loaded when a connection is made, not before', () => {
  const check = `
    const { createJiti } = await import('jiti')
    const { createRequire } = await import('node:module')
    const { connectPostgres } = await createJiti('${import.meta.url}').import('../../src/database/postgres.ts')
    const loaded = () => Object.keys(createRequire('${import.meta.url}').cache).some((file) => /node_modules.pg.lib/.test(file))
    const before = loaded()
    await connectPostgres('postgres://127.0.0.1:1/none').catch(() => undefined)
    process.stdout.write(JSON.stringify([before, loaded()]))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', check], { encoding: 'utf8' })
  expect(stdout).toBe('[false,true]')
})
