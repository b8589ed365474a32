import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { manage, managedRoles } from '../../src/authoring/manage.js'
import { allKinds, kindOf } from '../../src/kinds/registry.js'
import type { Database } from '../../src/database/database.js'
import { prepareRoles } from '../../src/database/scratch-roles.js'
import { elaborate, settle } from '../../src/declaration/elaborate.js'
import { loadSchema } from '../../src/declaration/load.js'
import { diff } from '../../src/differ/diff.js'
import { SchemaModel } from '../../src/model/schema-model.js'
import { prove, reach, type ProvenSteps, type ProvingGround } from '../../src/planner/proof.js'
import { reflect } from '../../src/reflector/reflect.js'
import { everything, scopeOf } from '../../src/reflector/scope.js'
import { provingGround } from './ground.js'
import { observe, observeWithin, unlike } from './observer.js'
import { everywhere, freshSession, majors, type Engine } from './servers.js'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'fixtures')
const NEWEST = Math.max(...majors)
const EMBEDDED_MAJOR = 18
const recording = process.env.RECORD_FIXTURES === '1'

/** `fixtures/<kind>/<what-changes>`, each with before.ts and after.ts; `min-version` names the oldest major that can express it, `servers-only` says why PGlite cannot. */
const folders = readdirSync(ROOT)
  .flatMap((kind) => readdirSync(path.join(ROOT, kind)).map((name) => path.join(kind, name)))
  .filter((folder) => existsSync(path.join(ROOT, folder, 'after.ts')))
  .sort()

/** The newest major shows all; the embedded engine, which is one of these majors, one of each kind, others every fourth: the rest is for when there is time. */
function shownOn(engine: Engine): readonly string[] {
  if (everywhere || engine === NEWEST) return folders
  if (engine === 'pglite') return folders.filter((folder, at) => path.dirname(folder) !== path.dirname(folders[at - 1] ?? ''))
  return folders.filter((_, at) => at % 4 === 0)
}

/**
 * Proves every fixture both ways on an engine, and that what it declares can be dropped altogether. Databases are used again as long as
 * they come out empty.
 */
export function proveFixtures(engine: Engine): void {
  const major = engine === 'pglite' ? EMBEDDED_MAJOR : engine
  const pool: Database[] = []

  afterAll(async () => {
    for (const database of pool) await database.close()
  })

  test('there are fixtures to prove', () => {
    expect(folders.length).toBeGreaterThan(100)
  })

  test.each(shownOn(engine).filter((folder) => minVersion(folder) <= major && !(engine === 'pglite' && serversOnly(folder))))('%s', async (folder) => {
    const before = await loadSchema([path.join(ROOT, folder, 'before.ts')], { cwd: ROOT })
    const after = await loadSchema([path.join(ROOT, folder, 'after.ts')], { cwd: ROOT })
    const declarations = [...before.declarations, ...after.declarations]
    const declared = declarations.map(({ object }) => object)
    const scope = scopeOf(after.scope, declared, { versionSchema: 'autogen' })
    const managed = managedRoles(after.scope) ?? []
    const all = scopeOf(manage({ schemas: 'all', privileges: 'all', owners: true, databaseSettings: true, roles: managed }), declared, { versionSchema: 'autogen' })
    const whole = managed.length > 0 ? all : everything
    const opened: Database[] = []
    const abandoned = new Set<Database>()
    const open = async () => {
      const database = pool.pop() ?? (await freshSession(engine))
      opened.push(database)
      return database
    }
    try {
      const scratch = await open()
      const expected: string[][] = []
      const from = await elaborate(watchedByObserver(scratch, expected), before.declarations, { scope })
      const to = await elaborate(watchedByObserver(scratch, expected), after.declarations, { scope })
      pool.push(opened.pop()!)
      const operations = diff(from, to)
      expect(operations).not.toEqual([])
      const named = [from, to].flatMap((model) => [...model.objects.values()].flatMap((object) => kindOf(object).roles?.(object) ?? []))
      const roles = named.filter((role) => !managed.includes(role))
      const proven = await provingGround(
        async () => {
          const database = await open()
          await prepareRoles(database, roles)
          return database
        },
        from,
        { scope, onAbandoned: (database) => abandoned.add(database) },
      )
      let left = from
      const ground = { ...proven, reflect: async () => scope.restrict((left = await reflect(proven.database(), whole))) }
      const formerly = new Map(declarations.flatMap(({ object, formerly }) => (formerly === undefined ? [] : [[object.ref, formerly] as const])))
      const watched = watchedGround(ground)
      const { upgrade, downgrade } = await prove(watched, from, to, operations, { formerly, online: true })
      const rebuilt = async (model: SchemaModel) => {
        const seen: string[][] = []
        await settle(watchedByObserver(await open(), seen), model, scope)
        pool.push(opened.pop()!)
        return seen[0]!
      }
      const { upgraded, downgraded } = watched.seen()
      expect(await unlike(upgraded, expected[1]!, () => rebuilt(to))).toEqual([])
      expect(await unlike(downgraded, expected[0]!, () => rebuilt(from))).toEqual([])
      if (engine === NEWEST) {
        expectText(folder, 'upgrade.sql', upgrade)
        expectText(folder, 'downgrade.sql', downgrade)
      }
      const empty = emptyModel(left)
      await reach({ ...ground, reflect: () => reflect(ground.database(), whole) }, { from: left, to: empty, operations: diff(left, empty), options: {}, direction: 'removal' })
      pool.push(...opened.splice(0).filter((database) => !abandoned.has(database)))
      opened.push(...abandoned)
    } finally {
      for (const database of opened) await database.close()
    }
  })
}

/** The same database; what the observer sees in it before each rollback is added to `seen`. */
function watchedByObserver(database: Database, seen: string[][]): Database {
  const executeAll = async (statements: readonly string[]) => {
    if (statements[0] === 'ROLLBACK') seen.push(await observeWithin(database))
    await database.executeAll(statements)
  }
  return new Proxy(database, {
    get: (target, key) => {
      const value = Reflect.get(target, key, target) as unknown
      return key === 'executeAll' ? executeAll : typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The same ground; `seen` tells what the observer saw at the end of each direction. */
function watchedGround(ground: ProvingGround): ProvingGround & { seen(): { upgraded: string[]; downgraded: string[] } } {
  let last: string[] = []
  let upgraded: string[] = []
  return {
    ...ground,
    begin: (direction) => {
      if (direction === 'downgrade') upgraded = last
    },
    reflect: async () => {
      last = await observe(ground.database())
      return ground.reflect()
    },
    seen: () => ({ upgraded, downgraded: last }),
  }
}

/** What a new database holds. */
function emptyModel({ version }: SchemaModel): SchemaModel {
  return new SchemaModel({ version, objects: allKinds().flatMap((kind) => kind.initial ?? []), dependencies: [], unmanaged: [] })
}

function serversOnly(folder: string): boolean {
  return existsSync(path.join(ROOT, folder, 'servers-only'))
}

function minVersion(folder: string): number {
  const file = path.join(ROOT, folder, 'min-version')
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
}

/** The SQL of a fixture is part of it: a reader sees what the tool writes, and a test fails when that changes. */
function expectText(folder: string, name: string, { steps }: ProvenSteps): void {
  const file = path.join(ROOT, folder, name)
  const text = steps
    .map(({ comments, statement }) =>
      [...comments.map((line) => `-- ${line}`), ...(statement.transaction === 'outside' ? ['-- outside the transaction'] : []), `${statement.sql};`].join('\n'),
    )
    .join('\n\n')
  if (recording) writeFileSync(file, `${text}\n`)
  else expect(`${text}\n`).toBe(readFileSync(file, 'utf8'))
}
