import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { prismaScript } from '../../src/declaration/prisma-source.js'
import { scriptModel } from '../../src/declaration/sql-source.js'
import { engines, freshSession } from '../support/servers.js'

const SCHEMA = `
generator client {
  provider = "prisma-client-js"
}
datasource db {
  provider = "postgresql"
}
enum Role {
  USER
  ADMIN
}
model User {
  id        Int      @id @default(autoincrement())
  email     String   @unique
  role      Role     @default(USER)
  tags      String[]
  posts     Post[]
  createdAt DateTime @default(now()) @map("created_at") @db.Timestamptz(6)
  @@map("users")
}
model Post {
  id         Int        @id @default(autoincrement())
  title      String     @db.VarChar(200)
  price      Decimal    @default(0) @db.Decimal(10, 2)
  author     User       @relation(fields: [authorId], references: [id], onDelete: Cascade)
  authorId   Int
  categories Category[]
  @@index([authorId, title(sort: Desc)])
}
model Category {
  id    Int    @id
  posts Post[]
}
`

let cwd: string

beforeEach(async () => {
  cwd = await realpath(await mkdtemp(path.join(tmpdir(), 'prisma-source-')))
})

afterEach(() => rm(cwd, { recursive: true }))

test.each(engines)('on %s: what Prisma itself would create', async (engine) => {
  await writeFile(path.join(cwd, 'schema.prisma'), SCHEMA)
  const database = await freshSession(engine)
  try {
    const model = await scriptModel(database, [await prismaScript('schema.prisma', cwd)])
    expect(model.get('enum:public."Role"')?.attrs).toEqual({ labels: ['USER', 'ADMIN'] })
    expect(model.get('column:public.users.created_at')?.attrs).toEqual({ type: 'timestamp(6) with time zone', notNull: true })
    expect(model.get('column:public.users.tags')?.attrs).toEqual({ type: 'text[]' })
    expect(model.get('sequence:public.users_id_seq')).toBeDefined()
    expect(model.get('constraint:public."Post"."Post_authorId_fkey"')?.attrs).toMatchObject({ type: 'foreign_key', onDelete: 'cascade', onUpdate: 'cascade' })
    expect(model.get('index:public."Post_authorId_title_idx"')).toBeDefined()
    expect(model.get('table:public."_CategoryToPost"')).toBeDefined()
  } finally {
    await database.close()
  }
})

test('a folder of files that refer to each other', async () => {
  const [head, user, ...models] = SCHEMA.split(/^(?=model )/m) as [string, string, ...string[]]
  await mkdir(path.join(cwd, 'prisma', 'models'), { recursive: true })
  await writeFile(path.join(cwd, 'prisma', 'base.prisma'), head)
  await writeFile(path.join(cwd, 'prisma', 'models', 'user.prisma'), user)
  await writeFile(path.join(cwd, 'prisma', 'models', 'rest.prisma'), models.join(''))
  const { statements } = await prismaScript('prisma', cwd)
  expect(statements.map(({ sql }) => sql).join('\n')).toContain('CREATE TABLE "_CategoryToPost"')
})

test('addresses of databases, as schemas before Prisma 7 hold them, are not looked at', async () => {
  const older = SCHEMA.replace('provider = "postgresql"', 'provider  = "postgresql"\n  url       = env("DATABASE_URL") // here\n  directUrl = "postgres://u:p@h/d"')
  await writeFile(path.join(cwd, 'old.prisma'), older)
  await writeFile(path.join(cwd, 'new.prisma'), SCHEMA)
  const texts = async (name: string) => (await prismaScript(name, cwd)).statements.map(({ sql }) => sql)
  expect(await texts('old.prisma')).toEqual(await texts('new.prisma'))
})

describe('errors', () => {
  async function refusal(files: Record<string, string>, given: string) {
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(cwd, name), text)
    return prismaScript(given, cwd).catch((error: unknown) => error)
  }

  test('what Prisma refuses, with its line', async () => {
    const error = await refusal({ 'a.prisma': SCHEMA.replace('@unique', '@uniqe') }, 'a.prisma')
    const line = SCHEMA.split('\n').findIndex((text) => text.includes('@unique')) + 1
    expect(error).toMatchObject({ name: 'SchemaError', message: expect.stringMatching(/^Prisma refuses this schema: .*uniqe/), at: { file: path.join(cwd, 'a.prisma'), line } })
    // oxlint-disable-next-line no-control-regex -- colours would begin with one
    expect((error as Error).message + (error as { detail?: string }).detail).not.toMatch(/wasm|\u001b|at .*:\d+:\d+\)/)
  })

  test('another kind of database', async () => {
    const error = await refusal({ 'a.prisma': SCHEMA.replace('"postgresql"', '"mysql"') }, 'a.prisma')
    expect(error).toMatchObject({ name: 'SchemaError', message: 'the datasource of this Prisma schema is mysql, not PostgreSQL', at: { line: 6 } })
  })

  test('nothing at the path', async () => {
    expect(await refusal({}, 'none.prisma')).toMatchObject({ name: 'UsageError', message: 'none.prisma does not exist' })
    await mkdir(path.join(cwd, 'empty'))
    expect(await refusal({}, 'empty')).toMatchObject({ name: 'UsageError', message: 'the folder empty holds no .prisma files' })
  })
})

test("the project's own @prisma/internals is taken, whatever else is installed", async () => {
  const scope = path.join(cwd, 'node_modules', '@prisma')
  const within = path.join(scope, 'internals', 'node_modules', '@prisma')
  await mkdir(within, { recursive: true })
  await writeFile(path.join(scope, 'internals', 'package.json'), '{ "name": "@prisma/internals", "version": "7.10.0", "main": "index.js" }')
  await writeFile(path.join(scope, 'internals', 'index.js'), '')
  const require = createRequire(path.join(process.cwd(), 'package.json'))
  await symlink(path.dirname(require.resolve('@prisma/schema-engine-wasm')), path.join(within, 'schema-engine-wasm'))
  await writeFile(path.join(cwd, 'schema.prisma'), SCHEMA)
  expect((await prismaScript('schema.prisma', cwd)).statements.length).toBeGreaterThan(5)
})
