import { readdirSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DiskCache } from '../../src/declaration/disk-cache.js'
import { loadSchema, type LoadedSchema, type LoadOptions } from '../../src/declaration/load.js'
import { importPlainly } from '../../src/declaration/plain-modules.js'
import { plainClosure } from '../../src/declaration/source-closure.js'
import type { AutogenError } from '../../src/errors.js'

let cwd: string

beforeEach(async () => {
  // In macOS the temporary folder is a link, and positions name real files.
  cwd = await realpath(await mkdtemp(path.join(tmpdir(), 'load schema (test) ')))
})

afterEach(() => rm(cwd, { recursive: true }))

async function project(files: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(cwd, name)), { recursive: true })
    await writeFile(path.join(cwd, name), content)
  }
}

async function refs(paths: string[], options: Partial<LoadOptions> = {}): Promise<string[]> {
  const { declarations } = await loadSchema(paths, { cwd, ...options })
  return declarations.map(({ object }) => object.ref)
}

/** `file:line:column message` of the error that loading ends with. */
async function failure(paths: string[], options: Partial<LoadOptions> = {}): Promise<AutogenError & { place: string }> {
  const error = await loadSchema(paths, { cwd, ...options }).then(
    () => {
      throw new Error('nothing went wrong')
    },
    (error: AutogenError) => error,
  )
  const { at } = error
  return Object.assign(error, { place: at ? `${path.relative(cwd, at.file)}:${at.line}:${at.column}` : 'nowhere' })
}

describe('what is declared', () => {
  test('exports of every form, each object once', async () => {
    await project({
      'schema.ts': `
        import { enumType, manage } from 'pg-autogen/schema'
        import { shared } from './shared.js'
        export const scope = manage({ schemas: ['public'] })
        export const a = enumType('a', ['x'])
        export const list = [enumType('b', ['x']), a]
        export const record = { c: enumType('c', ['x']), nested: { d: enumType('d', ['x']) } }
        export { shared }
        export * from './shared'
        export * as all from './shared.js'
        const unseen = enumType('unseen', ['x'])
        export default enumType('e', ['x'])
        export const helper = () => unseen
      `,
      'shared.ts': `
        import { enumType } from 'pg-autogen/schema'
        export const shared = enumType('shared', ['x'])
      `,
    })
    expect((await refs(['schema.ts'])).sort()).toEqual(['enum:public.a', 'enum:public.b', 'enum:public.c', 'enum:public.e', 'enum:public.shared'])
    const { scope, files } = await loadSchema(['schema.ts'], { cwd })
    expect(scope).toMatchObject({ schemas: ['public'] })
    expect(files.map((file) => path.basename(file)).sort()).toEqual(['schema.ts', 'shared.ts'])
  })

  test('tsconfig paths, JSON, TypeScript syntax, top-level await', async () => {
    await project({
      'tsconfig.json': '{ // comments are fine\n "compilerOptions": { "paths": { "@types/*": ["./lib/*"] } } }',
      'lib/labels.ts': `export enum Label { A = 'a', B = 'b' }\nexport type Unused = string`,
      'labels.json': '["c"]',
      'db/schema.ts': `
        import { enumType } from 'pg-autogen/schema'
        import { Label, type Unused } from '@types/labels'
        import labels from '../labels.json' with { type: 'json' }
        const more = await Promise.resolve(labels)
        export const label = enumType('label', [...Object.values(Label), ...more] satisfies Unused[])
      `,
    })
    const { declarations } = await loadSchema(['db/schema.ts'], { cwd })
    expect(declarations[0]!.object.attrs).toEqual({ labels: ['a', 'b', 'c'] })
  })

  test('several files, folders and globs', async () => {
    const one = (name: string) => `import { enumType } from 'pg-autogen/schema'\nexport const ${name} = enumType('${name}', ['x'])`
    await project({ 'a.ts': one('a'), 'db/b.ts': one('b'), 'db/deep/c.ts': one('c'), 'db/types.d.ts': 'export type X = 1', 'node_modules/x/d.ts': one('d') })
    expect(await refs(['a.ts', 'db'])).toEqual(['enum:public.a', 'enum:public.b', 'enum:public.c'])
    expect(await refs(['**/*.ts'])).toEqual(['enum:public.a', 'enum:public.b', 'enum:public.c'])
    expect(await refs(['{a,db/*}.ts'])).toEqual(['enum:public.a', 'enum:public.b'])
    expect(await refs([path.join(cwd, 'a.ts'), 'a.ts'])).toEqual(['enum:public.a'])
  })

  test('a file is read anew after it was edited', async () => {
    const one = (name: string) => `import { enumType } from 'pg-autogen/schema'\nexport const x = enumType('${name}', ['x'])`
    await project({ 'schema.ts': `export * from './types.js'`, 'types.ts': one('before') })
    expect(await refs(['schema.ts'])).toEqual(['enum:public.before'])
    await project({ 'types.ts': one('after') })
    expect(await refs(['schema.ts'])).toEqual(['enum:public.after'])
  })

  test('objects of another copy of this package', async () => {
    await project({
      'schema.ts': `
        const copy = { object: { kind: 'enum', ref: 'enum:public.copied', parent: 'schema:public', id: {}, attrs: {} } }
        export const copied = { [Symbol.for('pg-autogen.declared')]: true, declarations: () => [{ ...copy, at: undefined, uses: [] }] }
      `,
    })
    expect(await refs(['schema.ts'])).toEqual(['enum:public.copied'])
  })
})

describe('what is wrong', () => {
  test('no such file, folder or match', async () => {
    await project({ 'empty/readme.md': '' })
    expect((await failure(['nothing.ts'])).message).toBe('the schema file nothing.ts does not exist')
    expect((await failure(['empty'])).message).toBe('the folder empty holds no schema files')
    expect((await failure(['db/*.ts'])).message).toBe('no file matches db/*.ts')
  })

  test('syntax', async () => {
    await project({ 'schema.ts': `import { sql } from 'pg-autogen/schema'\n\nexport const a = [\n  1,, = 2\n]` })
    const error = await failure(['schema.ts'])
    expect(error.place).toBe('schema.ts:4:7')
    expect(error.message).toMatch(/^syntax error: /)
    expect(error.message).not.toMatch(/\n/)
  })

  test('an import of nothing', async () => {
    await project({
      'file.ts': `import { sql } from 'pg-autogen/schema'\nimport { a } from './missing'\nexport const b = [a, sql]`,
      'package.ts': `import thing from 'no-such-package/sub'\nexport const b = thing`,
      'name.ts': `import { tabel } from 'pg-autogen/schema'\n\nexport const a =   tabel('a', {})`,
    })
    expect(await failure(['file.ts'])).toMatchObject({ place: 'file.ts:2:20', message: 'cannot find the file ./missing that is imported' })
    expect(await failure(['package.ts'])).toMatchObject({ place: 'package.ts:1:20', hint: expect.stringContaining('npm install no-such-package)') })
    expect(await failure(['name.ts'])).toMatchObject({ place: 'name.ts:3:20', message: 'tabel is not a function' })
  })

  test('an exception, also in a file that is imported', async () => {
    await project({
      'schema.ts': `export * from './deep.js'`,
      'deep.ts': `import { sql } from 'pg-autogen/schema'\nconst nothing: any = undefined\nexport const a = [\n  sql\`x\`,   nothing.name,\n]`,
      'thrown.ts': `throw 'a string'`,
    })
    expect(await failure(['schema.ts'])).toMatchObject({ place: 'deep.ts:4:21', message: expect.stringContaining("reading 'name'") })
    expect((await failure(['thrown.ts'])).message).toBe('a schema file threw a string')
  })

  test('what a builder refuses', async () => {
    await project({ 'schema.ts': `import { enumType, sql } from 'pg-autogen/schema'\nexport const ok = enumType('ok', ['a'])\nexport const a =  sql\`\${undefined}\`` })
    const error = await failure(['schema.ts'])
    expect(error).toMatchObject({ place: 'schema.ts:3:19', name: 'SchemaError', exitCode: 1 })
    expect(error.hint).toBeDefined()
  })

  test('an object declared twice, with both places', async () => {
    await project({
      'a.ts': `import { enumType } from 'pg-autogen/schema'\nexport const first = enumType('status', ['a'])`,
      'b.ts': `import { enumType } from 'pg-autogen/schema'\nexport const x = 1,\n  second = enumType('status', ['a', 'b'])`,
    })
    const error = await failure(['a.ts', 'b.ts'])
    expect(error.place).toBe('b.ts:3:12')
    expect(error.message).toMatch(/^enum public\.status is declared twice, first at .*a\.ts:2:22$/)
  })

  test('a declaration in a schema that the files do not answer for', async () => {
    const head = `import { enumType, extension, integer, manage, schema, table } from 'pg-autogen/schema'\n`
    await project({
      'wrong.ts': `${head}export const scope = manage({ schemas: ['app'] })\nexport const app = schema('app')\nexport const t = app.table('t', {})\nexport const u =\n  table('u', { id: integer() })`,
      'right.ts': `${head}export const scope = manage({ schemas: ['app'] })\nexport const t = table({ schema: 'app', name: 't' }, {})\nexport const citext = extension('citext')\nconst legacy = schema('legacy')\nconst unexported = legacy.table('t', {})`,
      'all.ts': `${head}export const scope = manage({ schemas: 'all' })\nexport const t = table({ schema: 'app', name: 't' }, {})\nexport const e = enumType('e', ['x'])`,
    })
    const error = await failure(['wrong.ts'])
    expect(error).toMatchObject({
      name: 'SchemaError',
      place: 'wrong.ts:6:3',
      message: 'table public.u is declared, but manage(…) leaves out the schema public',
      hint: 'add "public" to the schemas of manage(…), or remove the declaration',
    })
    expect(await refs(['right.ts'])).toHaveLength(2)
    expect(await refs(['all.ts'])).toHaveLength(2)
  })

  test('a reference to what is not exported', async () => {
    await project({
      'type.ts': `import { enumType, table } from 'pg-autogen/schema'\nconst hidden = enumType('hidden', ['a'])\nexport const t = table('t', { h: hidden() })`,
      'key.ts': `import { bigint, table } from 'pg-autogen/schema'\nconst hidden = table('hidden', { id: bigint() })\nexport const t = table('t', {\n  h: bigint().references(() => hidden.id),\n})`,
      'view.ts': `import { bigint, table, sql, view } from 'pg-autogen/schema'\nconst hidden = table('hidden', { id: bigint() })\nexport const v = view('v', sql\`select \${hidden.id} from \${hidden}\`)`,
    })
    expect(await failure(['type.ts'])).toMatchObject({ place: 'type.ts:3:34', message: 'column public.t.h refers to enum public.hidden, which is not declared' })
    expect(await failure(['key.ts'])).toMatchObject({ place: 'key.ts:4:15', message: 'constraint of table public.t refers to column public.hidden.id, which is not declared' })
    expect(await failure(['view.ts'])).toMatchObject({ place: 'view.ts:3:18', message: 'view public.v refers to table public.hidden, which is not declared' })
  })

  test('types, when asked', async () => {
    await project({ 'schema.ts': `import { enumType } from 'pg-autogen/schema'\nexport const a = enumType('a', ['x'])\nexport const n: number = 'text'` })
    expect(await refs(['schema.ts'])).toEqual(['enum:public.a'])
    expect(await failure(['schema.ts'], { typecheck: true })).toMatchObject({
      place: 'schema.ts:3:14',
      message: "Type 'string' is not assignable to type 'number'.",
    })
  })
})

describe('files that need no compiler', () => {
  test('run as they are, with the same places', async () => {
    await project({
      'plain.ts': `// a comment with 'quotes' and \`ticks\`
import { enumType, sql as text } from 'pg-autogen/schema'
import * as other from './other.js'

export const a = enumType('a', ['export const no = 1', "it's"]) /* , */
export const b = enumType('b', [\`\${text\`x\`.text}\`, \`
export const no = 1
import { no } from 'no'
\`])
export const { c } = { c: other.c }`,
      'other.ts': `import { enumType } from 'pg-autogen/schema'\nexport const c =\n  enumType('a', ['x'])`,
      'same.ts': `import { enumType } from 'pg-autogen/schema'\nimport { c } from './other.js'\n\nexport const again = c\nexport const d =  enumType('a', ['x'])`,
    })
    const closure = plainClosure([path.join(cwd, 'same.ts')])
    const [modules] = (await importPlainly([path.join(cwd, 'same.ts')], closure!))!
    expect(Object.keys(modules!)).toEqual(['again', 'd'])
    expect(await failure(['same.ts'])).toMatchObject({ place: 'same.ts:5:19', message: expect.stringMatching(/first at .*other\.ts:3:3$/) })
    expect(await importPlainly([path.join(cwd, 'plain.ts')], plainClosure([path.join(cwd, 'plain.ts')]) ?? new Map())).toBeUndefined()
  })

  test.each([
    ['types', `export const x: unknown = enumType('x', ['a'])`],
    ['type arguments that could be comparisons', `const y = 1\nexport const x = enumType<typeof y extends 1 ? 'a' : 'b'>('x', ['a'])`],
    ['several at once', `export const x = enumType('x', ['a']), y = enumType('y', ['a'])`],
    ['a regular expression', `export const x = enumType('x', ['a'].filter((l) => /'/.test(l) || true))`],
    ['top-level await', `export const x = await enumType('x', ['a'])`],
    ['other exports', `const x = enumType('x', ['a'])\nexport { x }`],
  ])('%s are left to the compiler', async (_, source) => {
    await project({ 'schema.ts': `import { enumType } from 'pg-autogen/schema'\n${source}` })
    const file = path.join(cwd, 'schema.ts')
    expect(await importPlainly([file], plainClosure([file])!)).toBeUndefined()
    expect(await refs(['schema.ts'])).toContain('enum:public.x')
  })
})

describe('the cache', () => {
  test('gives the same declarations, and forgets nothing that changed', async () => {
    const cache = path.join(cwd, '.autogen', 'cache')
    const source = `import { enumType, manage, table, text } from 'pg-autogen/schema'\nimport { labels } from './labels.js'\nexport const scope = manage({ schemas: ['public'] })\nexport const a = enumType('a', labels).comment('x')\nexport const t = table('t', { a: a(), b: text().renamedFrom('c') }).renamedFrom('u')`
    await project({ 'schema.ts': source, 'labels.ts': `export const labels = ['x']` })
    const first = await loadSchema(['schema.ts'], { cwd, cache })
    expect((await loadSchema(['schema.ts'], { cwd, cache })).reload).toBeUndefined()
    await first.keep()
    const second = await loadSchema(['schema.ts'], { cwd, cache })
    expect(second.reload).toBeDefined()
    const plain = (loaded: LoadedSchema) => loaded.declarations.map(({ at: _, ...declaration }) => JSON.parse(JSON.stringify(declaration)))
    expect(plain(second)).toEqual(plain(first))
    expect(plain(second).map(({ formerly }) => formerly).filter(Boolean)).toEqual(['table:public.u', 'column:public.t.c'])
    expect(second).toMatchObject({ digest: first.digest, scope: { schemas: ['public'] }, files: [...first.files] })
    expect((await second.reload!()).declarations[0]!.at).toBeDefined()
    await project({ 'labels.ts': `export const labels = ['x', 'y']` })
    const third = await loadSchema(['schema.ts'], { cwd, cache })
    expect(third.reload).toBeUndefined()
    expect(third.digest).not.toBe(first.digest)
  })

  test('is not used for files that may differ from run to run', () => {
    const closure = (source: string) => {
      const file = path.join(cwd, 'impure.ts')
      writeFileSync(file, source)
      return plainClosure([file])
    }
    for (const source of ['export const a = process.env.A', 'const now = new Date()', `import fs from 'node:fs'`, `const a = await import('./x.js')`, `export * from '@lib/x'`]) {
      expect(closure(source)).toBeUndefined()
    }
    expect(closure(`import { sql } from 'pg-autogen/schema'\nexport const a = sql\`now()\``)).toBeDefined()
  })

  test('a damaged entry is one that is not there', async () => {
    const disk = new DiskCache(path.join(cwd, 'cache'))
    await disk.write('model-1', { a: 1 })
    expect(await disk.read('model-1')).toEqual({ a: 1 })
    await writeFile(path.join(cwd, 'cache', 'model-1.json.gz'), 'nonsense')
    expect(await disk.read('model-1')).toBeUndefined()
    expect(await disk.read('model-2')).toBeUndefined()
    expect(readdirSync(path.join(cwd, 'cache')).sort()).toEqual(['.gitignore', 'model-1.json.gz'])
  })
})
