import { mkdirSync, symlinkSync } from 'node:fs'
import { CLI, Sandbox } from './sandbox.js'

let box: Sandbox

beforeEach(() => {
  box = new Sandbox()
})

afterEach(() => box.remove())

test.each([
  [['chek'], 'error: unknown command "chek"\nhint: did you mean autogen check?\n'],
  [['frobnicate'], 'error: unknown command "frobnicate"\nhint: autogen --help lists the commands\n'],
  [['check', '--strct'], "error: unknown option '--strct'\nhint: did you mean --strict?\n"],
  [['upgrade', 'a', 'b'], "error: too many arguments for 'upgrade'. Expected 1 argument but got 2.\nhint: see autogen upgrade --help\n"],
  [['downgrade'], "error: missing required argument 'target'\nhint: see autogen downgrade --help\n"],
  [['check', '-d'], "error: option '-d, --database <url>' argument missing\nhint: see autogen check --help\n"],
  [['check', '--scratch', 'oracle'], 'error: --scratch names no engine: "oracle"\nhint: use auto, server, native, embedded or a postgres:// URL\n'],
  [['check', '--allow', 'data-losses'], 'error: --allow names no hazard: "data-losses"\nhint: did you mean data-loss?\n'],
  [['--empty', '--autogenerate'], 'error: --empty and --autogenerate exclude each other\n'],
  [['-c', 'nowhere.ts', 'check'], 'error: the configuration file nowhere.ts does not exist\nhint: check --config and AUTOGEN_CONFIG, or run autogen init\n'],
  [['check'], 'error: the schema file schema.ts does not exist\nhint: run autogen init for an example, autogen pull to write it from a database, or name another path with --schema\n'],
])('autogen %j is wrong usage', async (args, message) => {
  expect(await box.run(args)).toEqual({ code: 1, stdout: '', stderr: message })
  expect(box.files()).toEqual([])
})

test('errors are one JSON document on stdout with --json', async () => {
  const { code, stdout } = await box.run(['--json', 'chek'])
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toEqual({ error: { type: 'UsageError', message: 'unknown command "chek"', hint: 'did you mean autogen check?' } })
})

test('a stack trace only when asked for', async () => {
  expect((await box.run(['chek'], { env: { AUTOGEN_DEBUG: '1' } })).stderr).toMatch(/^error: unknown command "chek"\nhint: .*\nUsageError: .*\n {4}at /)
})

test('help names every command; that of a command its options', async () => {
  const help = await box.ok('--help')
  for (const verb of ['init', 'pull', 'revision', 'diff', 'check', 'upgrade', 'downgrade', 'stamp', 'current', 'history', 'show', 'edit', 'heads', 'branches', 'merge']) {
    expect(help).toMatch(new RegExp(`^  ${verb}\\b`, 'm'))
  }
  expect(await box.ok('help', 'check')).toMatch(/--strict/)
  expect(await box.ok('check', '--help')).toBe(await box.ok('help', 'check'))
})

test.each([
  ['export default {', 'this is not valid TypeScript: Unexpected token', ':1:17'],
  ['export default { databse: "x" }', 'the configuration has no setting "databse"', ':1:18', 'did you mean database?'],
  ['export default {\n  schema: 5,\n}', 'the setting "schema" of the configuration must be a string or a list of strings, not a number', ':2:3'],
  ['export const config = {}', 'the configuration file does not export a configuration', ':1', 'write export default defineConfig({ … })'],
  ['import "./gone.js"\nexport default {}', 'the file cannot be loaded: ', ':1', 'install what it imports, or correct the path'],
  ['export default (() => { throw new Error("no") })()', 'the file cannot be loaded: no', ':1'],
] as [string, string, string, string?][])('a wrong configuration: %s', async (...[text, message, place, hint]) => {
  box.write('autogen.config.ts', text)
  const { code, stdout, stderr } = await box.run(['check'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`error: ${message}`)
  expect(stderr).toContain(`  at autogen.config.ts${place}`)
  if (hint) expect(stderr).toContain(`hint: ${hint}`)
  expect(stderr).not.toMatch(/^\s+at (?!autogen)/m)
  expect(box.files()).toEqual(['autogen.config.ts'])
})

test('a folder in place of the configuration file', async () => {
  mkdirSync(box.path('autogen.config.ts'))
  const { code, stderr } = await box.run(['check'])
  expect(code).toBe(1)
  expect(stderr).toBe('error: the configuration file autogen.config.ts is a folder\nhint: name a file with --config or AUTOGEN_CONFIG\n')
})

test('init writes what is missing and keeps what is there, also through a symbolic link to the command', async () => {
  symlinkSync(CLI, box.path('autogen'))
  const first = await box.run(['init', '--json'], { cli: box.path('autogen') })
  expect(JSON.parse(first.stdout).map(({ written }: { written: boolean }) => written)).toEqual([true, true, true])
  box.write('schema.ts', '// mine')
  expect(await box.ok('init')).toMatch(/kept {2}autogen\.config\.ts\nkept {2}schema\.ts\nkept {2}migrations\/\n/)
  expect(box.read('schema.ts')).toBe('// mine')
})
