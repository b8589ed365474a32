import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Database } from '../../src/database/database.js'
import { RefusedError, RevisionError, type AutogenError } from '../../src/errors.js'
import { readMigrations } from '../../src/revisions/directory.js'
import type { Migration } from '../../src/revisions/revision.js'
import { planOffline } from '../../src/revisions/history-range.js'
import { RevisionGraph } from '../../src/revisions/revision-graph.js'
import { downgrade, upgrade } from '../../src/runner/runner.js'
import { planScript } from '../../src/runner/script.js'
import { engines } from '../support/servers.js'
import { TestEngine } from './support.js'

let folder: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'verbs-')))
})

afterEach(() => rm(folder, { recursive: true }))

async function migrations(up: string, down = ''): Promise<readonly Migration[]> {
  const text = `import { migration, sql } from 'pg-autogen'
export default migration({ revision: 'aaaa', revises: null,
  upgrade: (op) => {
    ${up}
  },
  downgrade: (op) => { ${down} } })`
  await writeFile(path.join(folder, 'aaaa.ts'), text)
  return readMigrations(folder)
}

describe.each(engines)('on %s', (name) => {
  const engine = new TestEngine(name)
  let database: Database
  afterAll(() => engine.close())
  beforeEach(async () => {
    database = await engine.fresh()
    await database.executeAll(['CREATE TABLE public.t (id int DEFAULT 7, "Name" text, at timestamptz, j jsonb, b bytea, n numeric, ok boolean)'])
  })

  test('rows of every sort of value are inserted as they are', async () => {
    const run = await migrations(`op.bulkInsert('public.t', [
      { id: 1, Name: "it's \\\\ $1 \${x}", at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)), j: { a: [1, null, "'"] } },
      { b: new Uint8Array([0, 255]), n: 12345678901234567890n, ok: true },
      { id: sql\`40 + 2\`, Name: null, n: NaN },
    ])`.replace('${x}', ''))
    await upgrade({ database, migrations: run })
    const rows = await database.query(`SELECT id, "Name", to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), j::text, encode(b, 'hex'), n::text, ok FROM public.t ORDER BY ctid`)
    expect(rows).toEqual([
      [1, "it's \\ $1 ", '2026-01-02 03:04:05', `{"a": [1, null, "'"]}`, null, null, null],
      [7, null, null, null, '00ff', '12345678901234567890', true],
      [42, null, null, null, null, 'NaN', null],
    ])
  })

  test('a function runs between the steps around it, in their transaction', async () => {
    const run = await migrations(`op.execute("INSERT INTO public.t (id) VALUES (1), (2)")
    op.run(async (db) => {
      for (const [id] of await db.query(sql\`select id from public.t order by id\`)) await db.query('update public.t set "Name" = $2 where id = $1', [id, 'row ' + id])
    })
    op.execute('ALTER TABLE public.t ALTER COLUMN "Name" SET NOT NULL')
    `)
    await upgrade({ database, migrations: run })
    expect(await database.query('SELECT id, "Name" FROM public.t ORDER BY 1')).toEqual([[1, 'row 1'], [2, 'row 2']])
    await expect(planScript(planOffline(new RevisionGraph(run), 'upgrade', 'head'), run)).rejects.toThrow('the upgrade of revision aaaa runs a function, which no script can')
  })

  test.each([
    ['that throws', `throw new Error('no such luck')`, 'failed at step 2 of 3: no such luck'],
    ['with wrong SQL', `await db.query('select nothing')`, 'failed at step 2 of 3: column "nothing" does not exist'],
    ['before a wrong step', '', 'failed at step 3 of 3: division by zero'],
  ])('a function %s takes the migration back', async (_, body, message) => {
    const run = await migrations(`op.execute('INSERT INTO public.t (id) VALUES (1)'); op.run(async (db) => { ${body} }); op.execute('SELECT 1/0')`)
    await expect(upgrade({ database, migrations: run })).rejects.toMatchObject({ message: `the upgrade of aaaa ${message}`, at: { file: path.join(folder, 'aaaa.ts') } })
    expect(await database.query('SELECT count(*)::int FROM public.t')).toEqual([[0]])
  })

  test('many rows go in several statements', async () => {
    await upgrade({ database, migrations: await migrations('op.bulkInsert("public.t", Array.from({ length: 2500 }, (_, id) => ({ id })))') })
    expect(await database.query('SELECT count(*)::int, sum(id)::int FROM public.t')).toEqual([[2500, 3123750]])
  })

  test('a precondition that does not hold stops the migration with its message, and nothing is kept', async () => {
    const run = await migrations(`op.execute('INSERT INTO public.t VALUES (1)')
    op.assert(sql\`not exists (select from public.t) -- none\`, "it's not empty: 100 %")`)
    const error = await upgrade({ database, migrations: run }).catch((error: AutogenError) => error)
    expect(error).toMatchObject({ message: expect.stringContaining("failed at step 2 of 2: it's not empty: 100 %"), at: { file: path.join(folder, 'aaaa.ts'), line: 5 } })
    expect(await database.query('SELECT count(*)::int FROM public.t')).toEqual([[0]])
    await upgrade({ database, migrations: await migrations(`op.assert('true', 'never')`) })
  })

  test('what cannot be undone says why, and nothing runs', async () => {
    const run = await migrations(`op.execute('DELETE FROM public.t')`, `op.irreversible('the rows are gone')`)
    await upgrade({ database, migrations: run })
    const error = await downgrade({ database, migrations: run }, 'base').catch((error: AutogenError) => error)
    expect(error).toBeInstanceOf(RefusedError)
    expect((error as AutogenError).message).toBe('revision aaaa cannot be undone: the rows are gone. Nothing was run')
  })
})

test.each([
  [`op.irreversible('no')`, 'calls op.irreversible'],
  [`op.assert('', 'no')`, 'is empty'],
  [`op.bulkInsert('t', [{ a: () => 1 }])`, 'column a cannot be given a function'],
])('%s in an upgrade is a mistake with its place', async (up, message) => {
  const [migration] = await migrations(up)
  const error = (() => {
    try {
      return migration!.upgrade
    } catch (error) {
      return error as AutogenError
    }
  })()
  expect(error).toBeInstanceOf(RevisionError)
  expect(error).toMatchObject({ message: expect.stringContaining(message) })
})
