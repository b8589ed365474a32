import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox, USERS } from './sandbox.js'

let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
})

afterEach(() => box.remove())

test('two databases of one configuration, the addresses in a file of environment variables', async () => {
  const [shop, audit] = [await freshDatabase(majors.at(-1)!), await freshDatabase(majors.at(-1)!)]
  box.write('prod.env', `SHOP_URL='${shop}'\nAUDIT_URL="${audit}"\n`)
  box.write('schema.ts', USERS)
  box.write('autogen.config.ts', `export default { databases: { shop: process.env.SHOP_URL, audit: { database: process.env.AUDIT_URL, migrations: 'audit' } } }\n`)
  const on = (name: string) => ['--name', name, '--env', 'prod.env']
  await box.ok('-m', 'users', ...on('shop'))
  await box.ok('upgrade', ...on('shop'))
  expect(await box.ok('check', ...on('shop'))).toBe('in sync\n')
  expect((await box.run(['check', ...on('audit')])).code).toBe(2)
  expect(await box.run(['check', '--env', 'prod.env'])).toMatchObject({ code: 1, stderr: expect.stringContaining('the configuration file names several databases\nhint: choose one: --name shop, --name audit') })
  expect(await box.run(['check', '--env', 'none.env'])).toMatchObject({ code: 1, stderr: expect.stringContaining('the file none.env with environment variables cannot be read') })
})

test('migrations in several folders, one of them with all below it', async () => {
  box.env = { DATABASE_URL: await freshDatabase(majors.at(-1)!) }
  box.write('autogen.config.ts', `export default { migrations: ['db/**', 'modules/**'] }\n`)
  box.write('schema.ts', USERS)
  expect(await box.run(['-m', 'users'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/there are several folders with migrations.*\nhint: choose with --path: db, modules/) })
  await box.ok('-m', 'users', '--path', 'db')
  await box.ok('upgrade')
  box.edit('schema.ts', 'email: text()', 'name: text(),\n  email: text()')
  await box.ok('-m', 'name', '--path', 'modules/people/migrations')
  await box.ok('revision', '--empty', '-m', 'more')
  const names = box.files().filter((file) => /_\w+\.ts$/.test(file)).map((file) => file.replace(/\d.*_/, ''))
  expect(names.sort()).toEqual(['db/users.ts', 'modules/people/migrations/more.ts', 'modules/people/migrations/name.ts'])
  expect(await box.ok('upgrade')).toContain('done')
  expect(await box.ok('check')).toBe('in sync\n')
  expect(box.read('db/autogen.lock').split('\n').filter((line) => /^[0-9a-f]{12}/.test(line))).toHaveLength(3)
  expect(await box.run(['-m', 'x', '--path', 'elsewhere'])).toMatchObject({ code: 1, stderr: expect.stringContaining('elsewhere is none of the folders with migrations') })
  expect(await box.ok('diff', '--from', 'migrations', '--to', 'schema')).toBe('no differences\n')
})

test('what is to be done after a file was written', async () => {
  box.env = { DATABASE_URL: await freshDatabase(majors.at(-1)!) }
  box.write('schema.ts', USERS)
  box.write('autogen.config.ts', `export default { afterWrite: 'printf "// seen\\\\n" >> {file}' }\n`)
  await box.ok('-m', `it's $(touch broken)`)
  expect(box.read(`migrations/${box.migrations()[0]}`)).toMatch(/\n\/\/ seen\n$/)
  await box.ok('upgrade')
  expect(await box.ok('check')).toBe('in sync\n')
  box.write('autogen.config.ts', `import { appendFileSync } from 'node:fs'\nexport default { afterWrite: (file: string) => { appendFileSync(file, '// called'); throw new Error('no formatter') } }\n`)
  for (const run of [1, 2]) {
    const { code, stderr } = await box.run(['pull', '--schema', `pulled${run}.ts`])
    expect([code, stderr]).toEqual([1, expect.stringContaining(`pulled${run}.ts was written, but afterWrite failed: no formatter`)])
    expect(box.read(`pulled${run}.ts`)).toMatch(/\/\/ called$/)
  }
})

test('migrations from a template of the project', async () => {
  box.env = { DATABASE_URL: await freshDatabase(majors.at(-1)!) }
  box.write('schema.ts', USERS)
  box.write('autogen.config.ts', `export default { template: 'migration.template' }\n`)
  box.write('migration.template', `/* eslint-disable */\nimport { {{imports}} } from 'pg-autogen'\n\n{{notes}}export default migration({\n{{facts}}\n{{upgrade}}\n{{downgrade}}\n})\n`)
  await box.ok('-m', 'users')
  expect(box.read(`migrations/${box.migrations()[0]}`)).toMatch(/^\/\* eslint-disable \*\/\nimport \{ migration, sql \} from 'pg-autogen'\n/)
  await box.ok('upgrade')
  expect(await box.ok('check')).toBe('in sync\n')
  box.write('migration.template', 'export default migration({ {{facts}} })')
  expect(await box.run(['revision', '--empty', '-m', 'x'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: the template .*migration\.template leaves out \{\{imports\}\}, \{\{upgrade\}\}, \{\{downgrade\}\}/) })
})

test('ensure-version makes the bookkeeping tables and nothing else', async () => {
  box.env = { DATABASE_URL: await freshDatabase(majors[0]!) }
  expect(await box.ok('ensure-version', '--sql')).toMatch(/^BEGIN;\nCREATE SCHEMA IF NOT EXISTS autogen;\nCREATE TABLE[^;]*;\nCREATE TABLE[^;]*;\nCOMMIT;\n$/)
  expect(await box.ok('ensure-version')).toBe('made the bookkeeping tables in schema autogen\n')
  expect(await box.ok('ensure-version')).toBe('the bookkeeping tables are in schema autogen\n')
  box.write('schema.ts', '')
  expect(await box.ok('check')).toBe('in sync\n')
})
