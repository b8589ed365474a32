/**
 * `npm run docs:coverage` writes docs/coverage.md: what is handled of each kind of object, found out from the registry and from the
 * fixtures, each of which is proven both ways on the oldest and the newest major and on PGlite. `--check` only says whether the file is stale.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { grantAddress } from '../dist/authoring/attachments.js'
import { declaredModel } from '../dist/declaration/declared-model.js'
import { loadSchema } from '../dist/declaration/load.js'
import { diff } from '../dist/differ/diff.js'
import { alterContext } from '../dist/differ/expand.js'
import { allKinds, kindOf } from '../dist/kinds/registry.js'
import { describeObject } from '../dist/operations/describe.js'
import { CATALOGS } from '../dist/reflector/census.js'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const FIXTURES = path.join(ROOT, 'fixtures')
const FILE = path.join(ROOT, 'docs', 'coverage.md')
const MAJORS = [14, 15, 16, 17, 18]
const NEWEST = MAJORS.at(-1)
const version = (major) => ({ major, number: major * 10_000 })

/** What the fixtures show of one kind. */
class Evidence {
  created = false
  dropped = false
  renamed = false
  comment = false
  owner = false
  privileges = false
  /** How each attribute that a fixture alters is altered. */
  ways = new Map()
  attributes = new Set()
  needs = new Map()

  altered(attribute, way) {
    if (!this.ways.has(attribute)) this.ways.set(attribute, new Set())
    this.ways.get(attribute).add(way)
  }
}

const evidence = new Map(allKinds().map(({ kind }) => [kind, new Evidence()]))

async function model(folder, name) {
  const { declarations } = await loadSchema([path.join(FIXTURES, folder, name)], { cwd: FIXTURES })
  return { model: declaredModel(declarations, version(NEWEST)), formerly: new Map(declarations.flatMap(({ object, formerly }) => (formerly ? [[formerly, object.ref]] : []))) }
}

/** The lines of a recorded migration that say what is done: `~ column app.users.email`. */
function doneIn(folder, file) {
  const text = readFileSync(path.join(FIXTURES, folder, file), 'utf8')
  return [...text.matchAll(/^-- ([-+~>]) (.*)$/gm)].map(([, sign, what]) => ({ sign, what: what.replace(/, because of .*/, '') }))
}

function look(from, to, done) {
  for (const operation of diff(from, to)) {
    if (operation.type === 'create') evidence.get(operation.object.kind).created = true
    if (operation.type === 'drop') evidence.get(operation.object.kind).dropped = true
    if (operation.type !== 'alter') continue
    const { from: old, to: next } = operation
    const keys = [...new Set([...Object.keys(old.attrs), ...Object.keys(next.attrs)])].filter((key) => JSON.stringify(old.attrs[key]) !== JSON.stringify(next.attrs[key]))
    const signs = new Set(done.filter(({ what }) => what === describeObject(next.ref) || what.startsWith(`${describeObject(next.ref)} to `)).map(({ sign }) => sign))
    const way = signs.has('~') ? 'place' : signs.has('-') || signs.has('+') || signs.has('>') ? 'replaced' : undefined
    if (way) for (const key of way === 'replaced' ? replacing(old, next, keys, alterContext(from, to)) : keys) evidence.get(next.kind).altered(key, way)
  }
}

/** Of several attributes that differ, those that would have to be replaced for on their own. */
function replacing(old, next, keys, context) {
  const found = keys.filter((key) => {
    try {
      return kindOf(next).alter(old, { ...next, attrs: { ...old.attrs, [key]: next.attrs[key] } }, context) === 'replace'
    } catch {
      return false
    }
  })
  return found.length > 0 ? found : keys
}

function lookAt(object, major) {
  const kind = kindOf(object)
  const found = evidence.get(object.kind)
  const on = kind.address(object)
  for (const key of Object.keys(object.attrs)) found.attributes.add(key)
  for (const [since, what] of kind.versionNeeds?.(object) ?? []) found.needs.set(what, since)
  found.oldest = Math.min(found.oldest ?? NEWEST, major)
  if (on === null) return
  found.comment = true
  found.privileges ||= grantAddress(on) !== null || on.startsWith('COLUMN ')
  found.owner ||= ownedCatalogs.has(kind.catalog) && !/^(COLUMN|INDEX|CONSTRAINT) /.test(on)
}

/** Catalogs of objects that have owners, as the kind of owners reads them. */
const ownedCatalogs = new Set([...evidence.has('owner') ? kindOf({ kind: 'owner' }).catalogQuery(version(NEWEST)).matchAll(/SELECT '(\w+)' AS catalog/g) : []].map(([, name]) => name))

const longestFirst = allKinds().map(({ kind }) => kind).sort((a, b) => b.length - a.length)

const folders = readdirSync(FIXTURES)
  .flatMap((kind) => readdirSync(path.join(FIXTURES, kind)).map((name) => path.join(kind, name)))
  .filter((folder) => ['after.ts', 'upgrade.sql', 'downgrade.sql'].every((file) => existsSync(path.join(FIXTURES, folder, file))))

for (const folder of folders) {
  const [before, after] = [await model(folder, 'before.ts'), await model(folder, 'after.ts')]
  const upgrade = doneIn(folder, 'upgrade.sql')
  const minVersion = path.join(FIXTURES, folder, 'min-version')
  const oldest = existsSync(minVersion) ? Number(readFileSync(minVersion, 'utf8')) : MAJORS[0]
  look(before.model, after.model, upgrade)
  look(after.model, before.model, doneIn(folder, 'downgrade.sql'))
  for (const { objects } of [before.model, after.model]) for (const object of objects.values()) lookAt(object, oldest)
  for (const { sign, what } of upgrade) {
    const kind = sign === '>' && !what.endsWith('__old') && longestFirst.find((name) => what.startsWith(`${name.replaceAll('_', ' ')} `))
    if (kind) evidence.get(kind).renamed = true
  }
}

const code = (names) => [...names].sort().map((name) => `\`${name}\``).join(', ') || '—'
const yes = (value) => (value ? 'yes' : '—')

function majorsOf(kind, { needs, oldest }) {
  const queried = MAJORS.filter((major) => kind.catalogQuery(version(major)) !== null)
  const since = Math.max(queried[0], oldest ?? queried[0])
  const details = [...needs].filter(([, major]) => major > since).sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, major]) => `${what}: ${major}`)
  return [`${since}–${queried.at(-1)}`, ...details].join('; ')
}

function kindRow(kind) {
  const found = evidence.get(kind.kind)
  const inPlace = [...found.ways].filter(([, ways]) => ways.has('place')).map(([name]) => name)
  const replaced = [...found.ways].filter(([, ways]) => ways.has('replaced')).map(([name]) => name)
  const others = [...found.attributes].filter((name) => !found.ways.has(name))
  const rename = kind.rename ? (found.renamed ? 'yes' : 'yes, no fixture') : '—'
  const createDrop = found.created && found.dropped ? 'yes' : found.attributes.size > 0 || found.comment ? 'with others' : 'no fixture'
  return [`**${kind.kind.replaceAll('_', ' ')}**`, createDrop, code(inPlace), code(replaced), code(others), rename, yes(found.comment), yes(found.owner), yes(found.privileges), majorsOf(kind, found)]
}

const table = (header, rows) => [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const reasons = Object.entries(CATALOGS).flatMap(([catalog, about]) => {
  if (about.rows === 'scoped') return [[`\`${catalog}\``, 'managed where `manage(…)` includes them', about.because]]
  if (about.rows === 'none') return [[`\`${catalog}\``, 'not looked at', about.because]]
  if (about.rows === 'counted') return [[`\`${catalog}\``, 'their number is named', `${about.words} are data`]]
  return (about.except ?? []).map(({ because }) => [`\`${catalog}\`, some rows`, 'not looked at', because])
})
const parts = Object.entries(CATALOGS).flatMap(([catalog, about]) => (about.rows === 'parts' ? [[`\`${catalog}\``, `\`${about.of}\` (by \`${about.column}\`)`]] : []))
const whole = Object.entries(CATALOGS).filter(([, { rows }]) => rows === 'objects' || rows === 'attached').map(([catalog]) => catalog)

const text = `# What is covered

Written by \`npm run docs:coverage\`; do not edit. The ${allKinds().length} kinds of objects that are managed on PostgreSQL ${MAJORS[0]} to ${NEWEST}, as the fixtures show: each is
proven in both directions on the oldest and the newest major and on PGlite, and looked at by a second reader of the catalogs that knows nothing of kinds.

* **altered in place**: a statement alters the attribute, in one direction at least. **by replacement**: the object is dropped and created again with what
  hangs on it, in one direction at least. **otherwise**: attributes that no fixture alters; the planner alters or replaces, and proves that in scratch as it does everything.
* **create, drop** "with others": no fixture is about just that; the objects are created and dropped with what they belong to.
* **majors**: where an object can be declared; what needs a newer one is an error with its place in \`schema.ts\`.
* Comments, owners and privileges are objects of their own, listed as kinds too.

${table(['kind', 'create, drop', 'altered in place', 'by replacement', 'otherwise', 'rename', 'comment', 'owner', 'privileges', 'majors'], allKinds().map(kindRow))}

## Nothing is silent

Every row of the catalogs ${code(whole)} is an object of one of these kinds, belongs to an extension, or is named among what is not managed by \`autogen check\`,
\`diff\` and \`pull\`; with \`--strict\`, \`check\` then exits 3. Rows of a catalog that this version does not know, in a newer major, are counted and named.
PostgreSQL's own objects (oids below 16384) are taken as they are, but for privileges on them, the members added to its operator families, and the schema \`public\`.

Rows that are parts of objects, and read with these:

${table(['catalog', 'part of'], parts)}

Rows that are no objects of the schema of a database:

${table(['catalog', 'what happens', 'reason'], reasons)}
`

if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== text) {
    process.stderr.write('docs/coverage.md is stale: npm run docs:coverage\n')
    process.exitCode = 1
  }
} else writeFileSync(FILE, text)
