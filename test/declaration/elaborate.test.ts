import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Database } from '../../src/database/database.js'
import { elaborate, rebuild, settle } from '../../src/declaration/elaborate.js'
import { loadSchema } from '../../src/declaration/load.js'
import { diff } from '../../src/differ/diff.js'
import type { AutogenError } from '../../src/errors.js'
import { renderSchemaFile } from '../../src/generator/schema-file.js'
import type { SchemaModel } from '../../src/model/schema-model.js'
import { reflect } from '../../src/reflector/reflect.js'
import { engines, freshSession } from '../support/servers.js'

let cwd: string

beforeAll(async () => {
  cwd = await realpath(await mkdtemp(path.join(tmpdir(), 'elaborate-')))
})

afterAll(() => rm(cwd, { recursive: true }))

const IMPORTS = `import * as s from 'pg-autogen/schema'\nconst { sql, schema, table, bigint, integer, text, enumType, view, type, check, index, func, manage } = s\n`

/** Line 3 of the file is the first of `source`. */
async function load(source: string) {
  await writeFile(path.join(cwd, 'schema.ts'), IMPORTS + source)
  return loadSchema(['schema.ts'], { cwd })
}

describe.each(engines)('on %s', (engine) => {
  let database: Database

  beforeAll(async () => {
    database = await freshSession(engine)
  })

  afterAll(() => database.close())

  async function model(source: string): Promise<SchemaModel> {
    const { declarations, scope } = await load(source)
    return elaborate(database, declarations, { manage: scope })
  }

  async function failure(source: string): Promise<AutogenError & { place: string }> {
    const error = await model(source).then(
      () => {
        throw new Error('nothing went wrong')
      },
      (error: AutogenError) => error,
    )
    return Object.assign(error, { place: error.at ? `${error.at.line}:${error.at.column}` : 'nowhere' })
  }

  test('objects are created whatever their order, and nothing stays', async () => {
    const elaborated = await model(`
export const last = view('a_view', sql\`select total from z_view\`)
export const first = view('z_view', sql\`select sum(size('x')) as total from m_table\`)
export const user = table('m_table', { id: bigint().primaryKey(), size: integer().default(sql\`public.size('abc')\`), other: type('m_enum') })
export const size = func('size', { args: { t: 'text' }, returns: 'integer', language: 'sql', body: sql\`select length(t)\` })
export const e = enumType('m_enum', ['a'])
`)
    expect([...elaborated.objects.keys()]).toEqual(
      expect.arrayContaining(['view:public.a_view', 'view:public.z_view', 'table:public.m_table', 'enum:public.m_enum', 'schema:public']),
    )
    expect([...(await reflect(database)).objects.keys()].filter((ref) => /m_table|z_view/.test(ref))).toEqual([])
  })

  test('a table whose part needs the table itself', async () => {
    const elaborated = await model(`
export const t = table('t', { id: bigint().primaryKey(), next: bigint() }, () => [check('t_check', sql\`valid(next)\`)])
export const valid = func('valid', { args: { id: 'bigint' }, returns: 'boolean', language: 'sql', body: sql\`select exists (select from t where t.id = $1)\` })
export const strict = func('strict', { args: { row: 't' }, returns: 'boolean', language: 'sql', body: sql\`select true\` })
`)
    expect(elaborated.get('constraint:public.t.t_check')).toBeDefined()
    expect(elaborated.get('function:public.strict(public.t)')).toBeDefined()
  })

  test('the schema public is dropped when all schemas are declared and it is not', async () => {
    const source = `export const app = schema('app')\nexport const scope = manage({ schemas: 'all' })`
    expect((await model(source)).get('schema:public')).toBeUndefined()
    expect((await model(`${source}\nexport const p = schema('public')`)).get('schema:public')).toBeDefined()
    expect((await model(`export const app = schema('app')`)).get('schema:public')).toBeDefined()
  })

  test('a body with a syntax error is a mistake, unless the database has it already', async () => {
    const source = `
export const t = table('t', { id: bigint() })
export const elsewhere = func('elsewhere', { returns: 'void', language: 'plpgsql', body: sql\`declare x not_on_this_path.id%TYPE; begin end\` })
export const later = func('later', { returns: 'bigint', body: sql\`select id from not_there_yet\` })
export const broken = func('broken', { returns: 'integer', language: 'plpgsql', body: sql\`
begin
  retrn 1;
end\` })`
    const empty = await model('')
    const { declarations, scope } = await load(source)
    const error = await elaborate(database, declarations, { manage: scope, present: empty }).catch((error: AutogenError) => error)
    expect(error).toMatchObject({
      message: expect.stringMatching(/^function public\.broken\(\): syntax error at or near "retrn"$/),
      at: { line: 9, column: 3 },
      detail: 'line 6:   retrn 1;\n          ^',
    })
    const present = await model(source)
    expect(diff(present, await elaborate(database, declarations, { manage: scope, present }))).toEqual([])
  })

  test('roles that are missing are made', async () => {
    const elaborated = await model(`export const t = table('t', { id: bigint() }).grant('some role nobody has', ['select'])`)
    expect([...elaborated.objects.keys()]).toContain('privilege:table:public.t "some role nobody has"')
  })

  test('a pulled file declares what was there', async () => {
    const before = await model(`
export const app = schema('app').comment('a \\\`schema\\\` */')
export const mood = app.enum('mood', ['so \\\`so\\\`', "it's \\\\\${fine}"])
export const people = app.table('people', { id: bigint().generatedAlwaysAsIdentity().primaryKey(), 'weird name': text().notNull().default('a\\\\b'), mood: mood() }, (t) => [
  check('people_check', sql\`\${t['weird name']} ~ '^\\\\\\\\d+$'\`), index('people_idx').on(t.mood),
])
export const pets = app.table('pets', { owner: bigint().references(() => people.id) })
export const names = app.view('names', sql\`select "weird name" from \${people}\`)
`)
    await writeFile(path.join(cwd, 'pulled.ts'), renderSchemaFile(before))
    const { declarations, scope } = await loadSchema(['pulled.ts'], { cwd })
    expect(diff(before, await elaborate(database, declarations, { manage: scope }))).toEqual([])
    expect(diff(before, await settle(database, before))).toEqual([])
    const other = await freshSession(engine)
    try {
      await rebuild(other, before)
      expect(diff(before, await reflect(other))).toEqual([])
    } finally {
      await other.close()
    }
  })

  describe('what PostgreSQL refuses', () => {
    test('in a view: the place in its text', async () => {
      const error = await failure(`
export const t = table('t', { id: bigint() })
export const v = view('v', sql\`
  select id,
         nmae
  from t
\`)
export const w = view('w', sql\`select * from v\`)`)
      expect(error.place).toBe('7:10')
      expect(error.message).toBe('view public.v: column "nmae" does not exist')
      expect(error.detail).toMatch(/line \d+: +nmae\n +\^\nalso view public\.w \(.*schema\.ts:10:18\): relation "v" does not exist/)
    })

    test('in a table: the column', async () => {
      const error = await failure(`
export const t = table('t', {
  id: bigint(),
  place: type('geography').notNull(),
})`)
      expect(error.message).toBe('column public.t.place: type "geography" does not exist')
      expect(error.place).toMatch(/^6:/)
      expect(error.hint).toBeDefined()
    })

    test('a constraint, and nothing else of its table', async () => {
      const error = await failure(`
export const t = table('t', { id: bigint() }, (t) => [
  check('fine', sql\`\${t.id} > 0\`),
  check('wrong', sql\`\${t.id} > now()\`),
])`)
      expect(error.message).toBe('constraint public.t.wrong: operator does not exist: bigint > timestamp with time zone')
      expect(error.place).toMatch(/^6:/)
      expect(error.detail ?? '').not.toMatch(/also/)
    })

    test('a schema that is not declared', async () => {
      const error = await failure(`export const t = table({ schema: 'nowhere', name: 't' }, { id: bigint() })`)
      expect(error.message).toBe('table nowhere.t: schema "nowhere" does not exist')
    })
  })
})
