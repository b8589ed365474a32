import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { elaborate } from '../../src/declaration/elaborate.js'
import { loadSchema } from '../../src/declaration/load.js'
import { diff } from '../../src/differ/diff.js'
import { renderSchemaFile } from '../../src/generator/schema-file.js'
import type { Operation } from '../../src/operations/operation.js'
import { reflect } from '../../src/reflector/reflect.js'
import type { Engine } from './servers.js'
import type { Databases } from './table-migration.js'

/** Runs statements in a new database, writes schema.ts from it, and compares what that declares with the database. */
export async function pulled(databases: Databases, engine: Engine, statements: readonly string[]): Promise<{ source: string; differences: Operation[] }> {
  const database = await databases.open(engine)
  await database.executeAll(statements)
  const live = await reflect(database)
  const source = renderSchemaFile(live)
  const folder = mkdtempSync(path.join(tmpdir(), 'pulled-'))
  try {
    writeFileSync(path.join(folder, 'schema.ts'), source)
    const { declarations, scope } = await loadSchema(['schema.ts'], { cwd: folder })
    return { source, differences: diff(live, await elaborate(await databases.empty(engine), declarations, { manage: scope })) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
