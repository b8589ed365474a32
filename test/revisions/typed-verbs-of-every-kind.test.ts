import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeclared, type Declared } from '../../src/authoring/declared.js'
import { changeStatements, renameStatements, type Change } from '../../src/declaration/change.js'
import { importSources } from '../../src/declaration/import-sources.js'
import { importPlainly } from '../../src/declaration/plain-modules.js'
import { plainClosure } from '../../src/declaration/source-closure.js'
import { SchemaError } from '../../src/errors.js'
import { allKinds, kindOf } from '../../src/kinds/registry.js'
import { securityLabel } from '../../src/schema.js'
import type { Statement } from '../../src/sql/statement.js'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'fixtures')

/** Why a verb may refuse; anything else is a defect. */
const REFUSALS = / (cannot be altered in place|is the same before and after|has a name that PostgreSQL chose|is to be renamed|cannot be renamed|is altered cannot be told without a database)$/

const folders = readdirSync(ROOT)
  .flatMap((kind) => readdirSync(path.join(ROOT, kind)).map((name) => path.join(ROOT, kind, name)))
  .filter((folder) => existsSync(path.join(folder, 'after.ts')))

async function declaredIn(file: string): Promise<Declared[]> {
  const closure = plainClosure([file])
  const modules = (closure && (await importPlainly([file], closure))) ?? (await importSources([file], { cwd: ROOT })).modules
  return modules.flatMap((exported) => Object.values(exported)).filter(isDeclared)
}

function rendered(what: string, make: () => readonly Statement[]): string[] {
  try {
    const statements = make().map(({ sql }) => sql)
    return statements.length > 0 && statements.every((sql) => sql.trim() !== '' && !/\bundefined\b|\[object/.test(sql)) ? [] : [`${what}: ${JSON.stringify(statements)}`]
  } catch (error) {
    return error instanceof SchemaError && REFUSALS.test(error.message) ? [] : [`${what}: ${String(error)}`]
  }
}

test('what every fixture declares is created, dropped, altered and renamed by SQL, or refused for a reason', async () => {
  const wrong: string[] = []
  const created = new Set<string>()
  const sides = ['before.ts', 'after.ts'] as const
  for (const folder of folders) {
    const [before, after] = (await Promise.all(sides.map((side) => declaredIn(path.join(folder, side))))) as [Declared[], Declared[]]
    // No fixture can have one: its provider must be loaded.
    after.push(securityLabel('TABLE app.t', 'provider', 'secret'))
    const change = (verb: string, { object }: Declared, made: Change) => wrong.push(...rendered(`${path.relative(ROOT, folder)}: ${verb} ${object.ref}`, () => changeStatements(made)))
    const all = before.map((one) => one.declarations())
    if (all.length > 0) change('create all with', before[0]!, { from: [], to: all })
    for (const one of [...before, ...after]) {
      const declarations = one.declarations()
      change('create', one, { from: [], to: [declarations] })
      change('drop', one, { from: [declarations], to: [] })
      for (const { object } of declarations) created.add(object.kind)
      if (kindOf(one.object).rename) wrong.push(...rendered(`rename ${one.object.ref}`, () => renameStatements(one.object, 'Another "name"')))
    }
    for (const one of before) {
      const next = after.find(({ object }) => object.ref === one.object.ref)
      if (!next) continue
      change('alter', one, { from: [one.declarations()], to: [next.declarations()] })
      change('alter back', one, { from: [next.declarations()], to: [one.declarations()] })
    }
  }
  expect(wrong).toEqual([])
  expect(allKinds().map(({ kind }) => kind).filter((kind) => !created.has(kind))).toEqual([])
})
