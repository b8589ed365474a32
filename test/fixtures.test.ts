import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Database } from '../src/database/database.js'
import { prepareRoles } from '../src/database/scratch-roles.js'
import { loadSchema } from '../src/declaration/load.js'
import { elaborate } from '../src/declaration/elaborate.js'
import { diff } from '../src/differ/diff.js'
import { kindOf } from '../src/kinds/registry.js'
import { prove, type ProvenSteps } from '../src/planner/proof.js'
import { scopeOf } from '../src/reflector/scope.js'
import { provingGround } from './support/ground.js'
import { freshPglite, freshServerDatabase, majors } from './support/servers.js'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'fixtures')
const NEWEST = Math.max(...majors)
const recording = process.env.RECORD_FIXTURES === '1'

/** `fixtures/<kind>/<what-changes>`, each with before.ts and after.ts; `min-version` names the oldest major that can express it. */
const folders = readdirSync(ROOT)
  .flatMap((kind) => readdirSync(path.join(ROOT, kind)).map((name) => path.join(kind, name)))
  .filter((folder) => existsSync(path.join(ROOT, folder, 'after.ts')))
  .sort()

const engines: { name: string; major: number; open: (extensions: readonly string[]) => Promise<Database> }[] = [
  { name: `PostgreSQL ${Math.min(...majors)}`, major: Math.min(...majors), open: () => freshServerDatabase(Math.min(...majors)) },
  { name: `PostgreSQL ${NEWEST}`, major: NEWEST, open: () => freshServerDatabase(NEWEST) },
  { name: 'PGlite', major: 18, open: freshPglite },
]

test('there are fixtures to prove', () => {
  expect(folders.length).toBeGreaterThan(50)
})

describe.each(engines)('on $name', ({ major, open, name }) => {
  const opened: Database[] = []

  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close()
  })

  test.each(folders.filter((folder) => minVersion(folder) <= major))('%s', async (folder) => {
    const before = await loadSchema([path.join(ROOT, folder, 'before.ts')], { cwd: ROOT })
    const after = await loadSchema([path.join(ROOT, folder, 'after.ts')], { cwd: ROOT })
    const declared = [...before.declarations, ...after.declarations].map(({ object }) => object)
    const scope = scopeOf(after.scope, declared, { versionSchema: 'autogen' })
    const extensions = declared.flatMap(({ kind, id }) => (kind === 'extension' ? [id.name as string] : []))
    const openOne = async () => {
      const database = await open(extensions)
      opened.push(database)
      return database
    }
    const scratch = await openOne()
    const from = await elaborate(scratch, before.declarations, { scope })
    const to = await elaborate(scratch, after.declarations, { scope })
    const operations = diff(from, to)
    expect(operations).not.toEqual([])
    const roles = [from, to].flatMap((model) => [...model.objects.values()].flatMap((object) => kindOf(object).roles?.(object) ?? []))
    const ground = await provingGround(
      async () => {
        const database = await openOne()
        await prepareRoles(database, roles)
        return database
      },
      from,
      scope,
    )
    const { upgrade, downgrade } = await prove(ground, from, to, operations)
    if (major === NEWEST && name !== 'PGlite') {
      expectText(folder, 'upgrade.sql', upgrade)
      expectText(folder, 'downgrade.sql', downgrade)
    }
  })
})

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
  else expect(text + '\n').toBe(readFileSync(file, 'utf8'))
}
