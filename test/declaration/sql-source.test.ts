import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readScripts, scriptModel } from '../../src/declaration/sql-source.js'
import { engines, freshSession } from '../support/servers.js'

let cwd: string

beforeEach(async () => {
  cwd = await realpath(await mkdtemp(path.join(tmpdir(), 'sql-source-')))
})

afterEach(() => rm(cwd, { recursive: true }))

describe.each(engines)('on %s', (engine) => {
  async function run(files: Record<string, string>, paths: string[]) {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(cwd, name)), { recursive: true })
      await writeFile(path.join(cwd, name), content)
    }
    const database = await freshSession(engine)
    try {
      return await scriptModel(database, readScripts(paths, cwd))
    } finally {
      await database.close()
    }
  }

  test('files and folders, transactions, settings and missing roles', async () => {
    const model = await run(
      {
        'base.sql': "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.users (id int PRIMARY KEY);\nALTER TABLE public.users OWNER TO \"a missing role\";",
        'more/1.sql': 'BEGIN; CREATE TABLE public.posts (author int REFERENCES public.users); COMMIT;',
        'more/2.sql': '-- a view\nCREATE VIEW public.v AS SELECT * FROM public.posts;',
      },
      ['base.sql', 'more'],
    )
    expect([...model.objects.keys()]).toEqual(expect.arrayContaining(['table:public.users', 'constraint:public.posts.posts_author_fkey', 'view:public.v']))
  })

  test('a statement that PostgreSQL refuses: its place', async () => {
    const error = await run({ 'a.sql': 'CREATE TABLE a (id int);\n\nCREATE VIEW v AS\n  SELECT nothing\n  FROM a;' }, ['a.sql']).catch((error) => error)
    expect(error).toMatchObject({ name: 'SchemaError', message: 'column "nothing" does not exist', at: { file: path.join(cwd, 'a.sql'), line: 4, column: 10 } })
  })

  test('a command of psql', async () => {
    const error = await run({ 'a.sql': 'SELECT 1;\n\\connect other' }, ['a.sql']).catch((error) => error)
    expect(error).toMatchObject({ message: '\\connect is a command of psql, not SQL', at: { line: 2, column: 1 } })
  })
})
