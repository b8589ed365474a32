import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { typecheck } from '../../src/declaration/typecheck.js'
import { pulled } from '../support/pull.js'
import { majors } from '../support/servers.js'
import { Databases } from '../support/table-migration.js'

const databases = new Databases()
afterEach(() => databases.close())

/** Keys, indexes and foreign keys over columns that the code of their table does not list. */
const INHERITED = [
  'CREATE TABLE base (id bigserial, kind text NOT NULL, code bigint NOT NULL, above bigint)',
  'CREATE TABLE a (extra int, UNIQUE (code, kind) INCLUDE (extra), CHECK (extra > 0)) INHERITS (base)',
  'CREATE TABLE b (PRIMARY KEY (id), UNIQUE (code), FOREIGN KEY (above) REFERENCES b (id)) INHERITS (base)',
  'CREATE INDEX ON b (kind DESC, code) INCLUDE (above)',
  'CREATE INDEX ON b (kind text_pattern_ops)',
]

const PARTITIONS = [
  'CREATE TABLE "zz parts" (id int, k int NOT NULL) PARTITION BY LIST (k)',
  'CREATE TABLE a_part PARTITION OF "zz parts" FOR VALUES IN (1)',
  'CREATE TABLE b_part PARTITION OF "zz parts" (PRIMARY KEY (id, k)) FOR VALUES IN (2)',
  'CREATE INDEX ON a_part (k, id DESC)',
]

test.each([
  ['inheritance', INHERITED],
  ['partitions', PARTITIONS],
])('what pull writes of %s is in sync and has right types', async (_, statements) => {
  const { source, differences } = await pulled(databases, majors.at(-1)!, statements)
  expect(differences).toEqual([])
  const cwd = mkdtempSync(path.join(tmpdir(), 'pulled-types-'))
  try {
    writeFileSync(path.join(cwd, 'schema.ts'), source)
    await expect(typecheck([path.join(cwd, 'schema.ts')], { cwd })).resolves.toBeUndefined()
  } finally {
    rmSync(cwd, { recursive: true })
  }
})
