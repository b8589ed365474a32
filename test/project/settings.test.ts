import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { resolveSettings } from '../../src/project/settings.js'
import { closest } from '../../src/suggest.js'

let root: string

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'autogen-settings-'))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function config(folder: string, text: string): void {
  mkdirSync(path.join(root, folder), { recursive: true })
  writeFileSync(path.join(root, folder, 'autogen.config.ts'), `export default ${text}`)
}

test('without anything said, defaults in the current folder', async () => {
  expect(await resolveSettings({}, {}, root)).toEqual({
    cwd: root,
    database: undefined,
    schema: ['schema.ts'],
    migrations: 'migrations',
    moreMigrations: [],
    scratch: 'auto',
    split: false,
    gradual: [],
    allow: [],
    versionSchema: 'autogen',
    online: true,
    pooler: false,
    timeouts: {},
    callbacks: {},
    typecheck: undefined,
  })
})

test('what is said goes before the environment, that before the configuration file', async () => {
  config('.', `{ database: 'postgres://file/x', schema: ['a.ts', 'b.ts'], migrations: 'm', allow: ['data-loss'], scratch: 'native', typecheck: false }`)
  const env = { DATABASE_URL: 'postgres://environment/x', AUTOGEN_SCHEMA: 'env.ts', AUTOGEN_ALLOW: 'all, data-loss', AUTOGEN_SCRATCH: '' }
  expect(await resolveSettings({}, {}, root)).toMatchObject({ database: 'postgres://file/x', schema: ['a.ts', 'b.ts'], migrations: 'm', allow: ['data-loss'], scratch: 'native', typecheck: false })
  expect(await resolveSettings({}, env, root)).toMatchObject({ database: 'postgres://environment/x', schema: ['env.ts'], allow: ['all', 'data-loss'], scratch: 'native' })
  expect(await resolveSettings({}, { AUTOGEN_TYPECHECK: 'yes' }, root)).toMatchObject({ typecheck: true })
  await expect(resolveSettings({}, { AUTOGEN_TYPECHECK: 'maybe' }, root)).rejects.toThrow('AUTOGEN_TYPECHECK is "maybe"')
  expect(await resolveSettings({ database: 'postgres://said/x', allow: [], typecheck: true }, env, root)).toMatchObject({ database: 'postgres://said/x', allow: [], typecheck: true })
})

test('how long migrations may wait and take: each from the first that says it', async () => {
  config('.', `{ lockTimeout: '5s', lockRetries: 3, statementTimeout: 60000, databases: { shop: { database: 'postgres://file/shop', lockRetries: 0 } } }`)
  const env = { AUTOGEN_LOCK_TIMEOUT: '1.5s', AUTOGEN_LOCK_RETRIES: '4' }
  expect((await resolveSettings({ name: 'shop' }, {}, root)).timeouts).toEqual({ lockTimeoutMs: 5_000, lockRetries: 0, statementTimeoutMs: 60_000 })
  expect((await resolveSettings({ name: 'shop', lockTimeout: '0' }, env, root)).timeouts).toEqual({ lockTimeoutMs: 0, lockRetries: 4, statementTimeoutMs: 60_000 })
  await expect(resolveSettings({ name: 'shop', lockTimeout: '2' }, env, root)).rejects.toMatchObject({ message: '--lock-timeout is "2"', hint: expect.stringContaining("'2s'") })
  await expect(resolveSettings({ name: 'shop' }, { AUTOGEN_LOCK_RETRIES: 'often' }, root)).rejects.toThrow('AUTOGEN_LOCK_RETRIES is "often"')
  await expect(resolveSettings({ name: 'shop', statementTimeout: -1 }, env, root)).rejects.toThrow('--statement-timeout is -1')
})

test('one of several databases, by its name', async () => {
  config('.', `{ schema: 'schema.ts', allow: ['data-loss'], databases: { shop: 'postgres://file/shop', audit: { database: 'postgres://file/audit', schema: 'audit.ts', allow: [] } } }`)
  const env = { DATABASE_URL: 'postgres://environment/x' }
  expect(await resolveSettings({ name: 'shop' }, env, root)).toMatchObject({ database: 'postgres://file/shop', schema: ['schema.ts'], allow: ['data-loss'] })
  expect(await resolveSettings({}, { ...env, AUTOGEN_NAME: 'audit' }, root)).toMatchObject({ database: 'postgres://file/audit', schema: ['audit.ts'], allow: [] })
  expect(await resolveSettings({}, env, root)).toMatchObject({ database: 'postgres://environment/x' })
  expect(await resolveSettings({ name: 'shop', database: 'postgres://said/x' }, env, root)).toMatchObject({ database: 'postgres://said/x' })
  await expect(resolveSettings({}, {}, root)).rejects.toMatchObject({ message: 'the configuration file names several databases', hint: 'choose one: --name shop, --name audit' })
  await expect(resolveSettings({ name: 'shp' }, {}, root)).rejects.toMatchObject({ message: 'there is no database named "shp"', hint: 'did you mean shop?' })
})

test('databases that make no sense are refused with their place', async () => {
  config('.', `{\n  databases: { shop: { fileTemplate: 'x' } },\n}`)
  await expect(resolveSettings({ name: 'shop' }, {}, root)).rejects.toMatchObject({ message: expect.stringContaining('"databases"'), at: { line: 2 } })
})

test('the configuration file is found above, within the project; its paths start from it, those said from here', async () => {
  config('.', `{ schema: 'db/schema.ts' }`)
  writeFileSync(path.join(root, 'package.json'), '{}')
  const deep = path.join(root, 'src', 'deep')
  mkdirSync(deep, { recursive: true })
  expect(await resolveSettings({}, {}, deep)).toMatchObject({ cwd: root, schema: ['db/schema.ts'] })
  expect(await resolveSettings({ schema: ['x.ts', '/y.ts'], database: 'pglite://data' }, {}, deep)).toMatchObject({
    schema: [path.join('src', 'deep', 'x.ts'), '/y.ts'],
    database: `pglite://${path.join('src', 'deep', 'data')}`,
  })
})

test('a configuration file above the project is not run', async () => {
  config('.', `(() => { throw new Error('was run') })()`)
  mkdirSync(path.join(root, 'project'))
  writeFileSync(path.join(root, 'project', 'package.json'), '{}')
  expect((await resolveSettings({}, {}, path.join(root, 'project'))).cwd).toBe(path.join(root, 'project'))
})

test('a configuration that is known is not run again, unless it changed or may say something else', async () => {
  config('.', `{ migrations: 'at' + Date.now() }`)
  const { migrations } = await resolveSettings({}, {}, root)
  await sleep(5)
  expect((await resolveSettings({}, {}, root)).migrations).not.toBe(migrations)
  config('.', `{ migrations: 'one' }`)
  expect((await resolveSettings({}, {}, root)).migrations).toBe('one')
  config('.', `{ migrations: 'two' }`)
  expect((await resolveSettings({}, {}, root)).migrations).toBe('two')
})

test('words that were mistyped', () => {
  const words = ['upgrade', 'downgrade', 'check', 'diff']
  expect(['upgrad', 'chekc', 'DIFF', 'downgade', 'frobnicate', 'x'].map((word) => closest(word, words))).toEqual(['upgrade', 'check', 'diff', 'downgrade', undefined, undefined])
})
