import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { resolveSettings, type ProjectSettings } from '../../src/project/settings.js'
import { sourceOf } from '../../src/project/sources.js'

let cwd: string
let settings: ProjectSettings

beforeEach(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'sources-'))
  settings = await resolveSettings({ database: 'postgres://me:secret@db/shop', schema: ['db/schema.ts'] }, {}, cwd)
})

afterEach(() => rm(cwd, { recursive: true }))

async function write(name: string, text = ''): Promise<void> {
  await mkdir(path.dirname(path.join(cwd, name)), { recursive: true })
  await writeFile(path.join(cwd, name), text)
}

test("the project's own parts have names; a label never shows a password", () => {
  expect(sourceOf('database', settings)).toEqual({ type: 'database', url: 'postgres://me:secret@db/shop', label: 'postgres://me@db/shop' })
  expect(sourceOf('schema', settings)).toEqual({ type: 'schema', paths: ['db/schema.ts'], label: 'db/schema.ts' })
  expect(sourceOf('migrations', settings)).toEqual({ type: 'migrations', path: 'migrations', label: 'migrations' })
  expect(sourceOf('pglite:data', settings)).toMatchObject({ type: 'database', url: 'pglite:data' })
  expect(sourceOf('POSTGRESQL://u:p@h/d', settings).label).toBe('POSTGRESQL://u@h/d')
})

test('files by their endings, folders by what is in them', async () => {
  for (const name of ['a.ts', 'a.mts', 'a.sql', 'a.prisma', 'a.json', 'scripts/1.sql', 'prisma/schema.prisma', 'prisma/migrations/1/migration.sql', 'db/schema.ts']) await write(name)
  await write('history/1.ts', `import { migration } from 'pg-autogen'\nexport default migration({})`)
  const types = Object.fromEntries(['a.ts', 'a.mts', 'a.sql', 'a.prisma', 'a.json', 'scripts', 'prisma', 'db', 'history', 'db/*.ts'].map((given) => [given, sourceOf(given, settings).type]))
  expect(types).toEqual({
    'a.ts': 'schema', 'a.mts': 'schema', 'a.sql': 'sql', 'a.prisma': 'prisma', 'a.json': 'snapshot',
    scripts: 'sql', prisma: 'prisma', db: 'schema', history: 'migrations', 'db/*.ts': 'schema',
  })
})

test.each([
  ['nowhere.sql', 'nowhere.sql does not exist'],
  ['notes.txt', 'notes.txt holds nothing that can be compared'],
  ['empty', 'empty holds nothing that can be compared'],
  ['mysql://u:p@h/d', 'mysql://u@h/d is no database URL'],
])('%s is refused with what a side can be', async (given, message) => {
  await write('notes.txt')
  await mkdir(path.join(cwd, 'empty'))
  expect(() => sourceOf(given, settings)).toThrow(expect.objectContaining({ message, hint: expect.stringContaining('a .ts, .sql, .prisma or .json file') }))
})
