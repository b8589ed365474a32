import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readMigrations } from '../../src/revisions/directory.js'
import { RevisionGraph } from '../../src/revisions/revision-graph.js'

let folder: string
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'migrations-')))
})
afterEach(() => rm(folder, { recursive: true }))

const file = async (name: string, text: string) => {
  await mkdir(dirname(join(folder, name)), { recursive: true })
  await writeFile(join(folder, name), text)
}

const FIRST = `import { migration, sql } from 'pg-autogen'

interface Named { readonly name: string }
const t: Named = { name: 't' }

export default migration({
  revision: 'aaaa0001',
  revises: null,
  message: 'first',
  branchLabels: 'main',

  upgrade: (op) => {
    // a comment
    op.execute(sql\`CREATE TABLE t (id int)\`)
    op.outsideTransaction(
      sql.raw(\`CREATE INDEX CONCURRENTLY i ON \${t.name} (id)\`),
    )
  },

  downgrade: (op) => op.execute('DROP TABLE t'),
})
`

const minimal = (revision: string, revises: string, body = 'upgrade: () => {}') =>
  `import { migration, sql } from 'pg-autogen'\nexport default migration({ revision: '${revision}', revises: ${revises}, ${body} })\n`

test('a folder of migrations', async () => {
  await file('20260101_0900_aaaa0001_first.ts', FIRST)
  await file('20260102_0900_bbbb0002_second.ts', minimal('bbbb0002', "['aaaa0001']", "dependsOn: ['main'], upgrade: () => {}"))
  await file('_helper.ts', 'export const x = 1')
  await file('types.d.ts', 'declare const y: number')
  await file('baseline.sql', 'SELECT 1')
  const [first, second] = await readMigrations(folder)
  expect(first).toMatchObject({
    revision: 'aaaa0001',
    revises: [],
    dependsOn: [],
    branchLabels: ['main'],
    message: 'first',
    created: '20260101_0900',
    file: join(folder, '20260101_0900_aaaa0001_first.ts'),
    line: 6,
  })
  expect(first!.upgrade).toEqual([
    { type: 'execute', sql: 'CREATE TABLE t (id int)', at: { file: first!.file, line: 14, column: expect.any(Number) } },
    { type: 'outside', sql: 'CREATE INDEX CONCURRENTLY i ON t (id)', at: { file: first!.file, line: 15, column: expect.any(Number) } },
  ])
  expect(first!.downgrade!.map((step) => step.sql)).toEqual(['DROP TABLE t'])
  expect(second).toMatchObject({ revises: ['aaaa0001'], dependsOn: ['main'], downgrade: null })
})

test('a folder that is not there', async () => {
  expect(await readMigrations(join(folder, 'none'))).toEqual([])
  await expect(readMigrations(join(folder, 'none'), { required: true })).rejects.toThrow('none does not exist')
})

test('the checksum is that of what an upgrade does', async () => {
  const checksum = async (text: string) => {
    await file('a.ts', text)
    return (await readMigrations(folder))[0]!.checksum
  }
  const original = await checksum(FIRST)
  expect(await checksum(FIRST.replace('// a comment', '// another').replace('DROP TABLE t', 'DROP TABLE t CASCADE'))).toBe(original)
  expect(await checksum(FIRST.replaceAll('\n', '\r\n'))).toBe(original)
  expect(await checksum(FIRST.replace('id int', 'id bigint'))).not.toBe(original)
})

describe('what cannot be read is an error with file and line', () => {
  const failure = async (text: string, work?: (migrations: Awaited<ReturnType<typeof readMigrations>>) => unknown) => {
    await file('m.ts', text)
    try {
      await work?.(await readMigrations(folder))
    } catch (error) {
      return error
    }
    return undefined
  }
  const inFile = (line: number, message: RegExp | string) =>
    expect.objectContaining({
      message: typeof message === 'string' ? message : expect.stringMatching(message),
      at: expect.objectContaining({ file: join(folder, 'm.ts'), line }),
    })

  test('syntax', async () => {
    expect(await failure(`export default {\n  a: 1,\n  b b\n}\n`, () => 0)).toEqual(inFile(3, /^this is not valid TypeScript: /))
  })

  test('an import of nothing', async () => {
    expect(await failure(`import x from 'nothing-of-that-name'\nexport default x\n`, () => 0)).toEqual(inFile(1, /^the file cannot be loaded: .*nothing/))
  })

  test('code that throws', async () => {
    expect(await failure(`const a: any = null\n\na.b()\n`, () => 0)).toEqual(inFile(3, /^the file cannot be loaded: Cannot read/))
    expect(await failure(minimal('aaaa', 'null', 'upgrade: (op) => {\n  op.nothing()\n}'), ([m]) => m!.upgrade)).toEqual(
      inFile(3, 'the upgrade of revision aaaa cannot be read: op.nothing is not a function'),
    )
  })

  test('no migration', async () => {
    expect(await failure('export const x = 1\n', () => 0)).toEqual(inFile(1, 'the file does not export a migration'))
    expect(await failure('export default { revision: "a" }\n', () => 0)).toEqual(inFile(1, 'the file does not export a migration'))
  })

  test('missing and wrong members', async () => {
    expect(await failure(minimal('aaaa', 'undefined'), () => 0)).toEqual(inFile(2, 'in this migration, revises is missing'))
    expect(await failure(minimal('aaaa', '[1]'), () => 0)).toEqual(inFile(2, 'in this migration, revises is not a string'))
    expect(await failure(minimal('aaaa', 'null', 'upgrade: 1'), () => 0)).toEqual(inFile(2, 'in this migration, upgrade is not a function'))
  })

  test('steps that are none', async () => {
    expect(await failure(minimal('aaaa', 'null', 'upgrade: (op) => op.execute(1)'), ([m]) => m!.upgrade)).toEqual(
      inFile(2, 'a step in the upgrade of revision aaaa is not SQL'),
    )
    expect(await failure(minimal('aaaa', 'null', 'upgrade: (op) => op.execute(sql`  `)'), ([m]) => m!.upgrade)).toEqual(
      inFile(2, 'a step in the upgrade of revision aaaa is empty'),
    )
    expect(await failure(minimal('aaaa', 'null', 'upgrade: async (op) => {}'), ([m]) => m!.upgrade)).toEqual(
      inFile(1, 'the upgrade of revision aaaa is asynchronous'),
    )
  })
})

test('a migration may use the declarations of a schema', async () => {
  await file('m.ts', minimal('aaaa', 'null', 'upgrade: (op) => op.execute(sql`SELECT ${word}`)').replace('\n', "\nimport { sql as other } from 'pg-autogen/schema'\nconst word = other`now()`\n"))
  expect((await readMigrations(folder))[0]!.upgrade[0]!.sql).toBe('SELECT now()')
})

test('B46 one file that is reached through two folders', async () => {
  await file('one/a.ts', minimal('aaaa', 'null'))
  await symlink(join(folder, 'one'), join(folder, 'two'))
  const migrations = await readMigrations([join(folder, 'one'), join(folder, 'two')])
  expect(() => new RevisionGraph(migrations)).toThrow('the file of revision aaaa is reached through two migrations folders')
})

test('a file is read as it is now', async () => {
  await file('a.ts', minimal('aaaa', 'null'))
  expect((await readMigrations(folder))[0]!.revision).toBe('aaaa')
  await file('a.ts', minimal('bbbb', 'null'))
  expect((await readMigrations(folder))[0]!.revision).toBe('bbbb')
})
