import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Database, ServerVersion } from '../../src/database/database.js'
import { elaborate } from '../../src/declaration/elaborate.js'
import { loadSchema } from '../../src/declaration/load.js'
import { SchemaError } from '../../src/errors.js'
import { freshSession } from '../support/servers.js'

let cwd: string
let database: Database

beforeAll(async () => {
  cwd = await realpath(await mkdtemp(path.join(tmpdir(), 'version-needs-')))
  database = await freshSession('pglite')
})

afterAll(async () => {
  await database.close()
  await rm(cwd, { recursive: true })
})

async function errorFor(major: number, code: string): Promise<SchemaError | undefined> {
  await writeFile(path.join(cwd, 'schema.ts'), `import * as s from 'pg-autogen/schema'\n${code}`)
  const { declarations } = await loadSchema(['schema.ts'], { cwd })
  const meantFor: ServerVersion = { major, number: major * 10000 }
  return elaborate(database, declarations, { meantFor }).then(
    () => undefined,
    (error: SchemaError) => error,
  )
}

const TABLE = (...elements: string[]) => `
export const t = s.table('t', { a: s.integer().notNull(), b: s.integer() }, (t) => [
  ${elements.join(',\n  ')},
])`

test.each([
  [15, 'NULLS NOT DISTINCT', TABLE(`s.unique('u').on(t.b).nullsNotDistinct()`)],
  [15, 'NULLS NOT DISTINCT', TABLE(`s.uniqueIndex('i').on(t.b).nullsNotDistinct()`)],
  [15, 'security_invoker', `export const v = s.view('v', s.sql\`select 1 as one\`, { securityInvoker: true })`],
  [15, 'an unlogged sequence', `export const q = s.sequence('q', { unlogged: true })`],
  [16, 'rules of a collation', `export const c = s.collation('c', { provider: 'icu', locale: 'und', rules: '&a < g' })`],
  [15, 'a row filter of a publication', `export const t = s.table('t', { a: s.integer() })\nexport const p = s.publication('p', { tables: [{ table: t, where: s.sql\`a > 0\` }] })`],
  [18, 'a virtual generated column', `export const t = s.table('t', { a: s.integer(), b: s.integer().generatedAlwaysAs(s.sql\`a * 2\`, { virtual: true }) })`],
  [18, 'NOT ENFORCED', TABLE(`s.check('c', s.sql\`b > 0\`).notEnforced()`)],
])('before PostgreSQL %s a declaration with %s is refused at its place', async (since, what, code) => {
  const error = await errorFor(since - 1, code)
  expect(error).toBeInstanceOf(SchemaError)
  expect(error!.message).toContain(`${what} needs PostgreSQL ${since} or later, and the database is ${since - 1}`)
  expect(error!.at?.line).toBeGreaterThan(1)
  expect(await errorFor(18, code)).toBeUndefined()
})

test('every one is listed', async () => {
  const error = await errorFor(14, TABLE(`s.unique('u').on(t.b).nullsNotDistinct()`, `s.check('c', s.sql\`b > 0\`).notEnforced()`))
  expect(error!.detail).toMatch(/^also constraint public\.t\.c \(.*schema\.ts:5:5\): NOT ENFORCED \(PostgreSQL 18\)$/)
})
