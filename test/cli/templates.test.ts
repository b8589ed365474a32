import { freshDatabase, majors } from '../support/servers.js'
import { Sandbox } from './sandbox.js'

let box: Sandbox

beforeEach(async () => {
  box = new Sandbox()
  const url = () => freshDatabase(majors.at(-1)!)
  box.env = { DATABASE_URL: await url(), APP_DATABASE_URL: await url(), AUDIT_DATABASE_URL: await url() }
})

afterEach(() => box.remove())

/** What a project of each template says before anything was migrated: its comparison, by database. */
const TEMPLATES: Readonly<Record<string, readonly (readonly [args: string[], code: number, check: RegExp])[]>> = {
  default: [[[], 2, /\+ table app\.users/]],
  databases: [
    [['--name', 'app'], 2, /\+ table app\.users/],
    [['--name', 'audit'], 2, /\+ table audit\.events/],
  ],
  existing: [[[], 0, /^in sync\n$/]],
  modules: [[[], 2, /\+ table app\.orders[^]*\+ table app\.users/]],
}

test.each(Object.entries(TEMPLATES))('a project from the template %s works as it is', async (name, databases) => {
  const said = await box.ok('init', '--template', name)
  expect(said).toMatch(/^wrote autogen\.config\.ts\n[^]*\n\nNext: [^]*autogen/)
  expect(said).not.toContain('{{')
  const files = box.files()
  for (const [args, code, stdout] of databases) {
    expect(await box.run(['check', ...args])).toMatchObject({ code, stdout: expect.stringMatching(stdout) })
    expect(await box.run(['heads', ...args])).toMatchObject({ code: 0, stderr: 'no migrations\n' })
  }
  expect((await box.ok('init', '--template', name)).match(/^kept /gm)!.length).toBeGreaterThan(1)
  expect(box.files()).toEqual(files)
}, 60_000)

test('embedded databases of a template are nobody else\'s business', async () => {
  box.env = {}
  await box.ok('init', '--template', 'databases')
  await box.ok('current', '--name', 'app')
  expect(box.read('.autogen/.gitignore')).toBe('*\n')
})

test('list-templates lists them, and an unknown one is an error that names them', async () => {
  const listed = await box.ok('list-templates')
  expect(listed.split('\n').filter(Boolean).map((line) => line.split(' ')[0])).toEqual(Object.keys(TEMPLATES))
  expect(listed).toMatch(/^default {4}One database, its schema in one file\.\n/)
  expect(await box.run(['init', '--template', 'modul'])).toMatchObject({ code: 1, stderr: 'error: there is no template "modul"\nhint: did you mean modules?\n' })
  expect(box.files()).toEqual([])
})

test('pull replaces the example of a template, and nothing else', async () => {
  await box.ok('init', '--template', 'existing')
  expect(await box.ok('pull')).toMatch(/^wrote schema\.ts: \d+ objects?\n$/)
  expect((await box.run(['pull'])).stderr).toContain('schema.ts exists already')
})
