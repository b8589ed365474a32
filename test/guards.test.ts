import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { allKinds } from '../src/kinds/registry.js'

const SRC = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'src')

function files(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(SRC, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.join(SRC, folder, name)),
  )
}

function imports(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!)
}

/** Files with an offence, named so that the message of a failure says where to look. */
function offenders(names: string[], offence: (file: string) => string | undefined): string[] {
  expect(names.length).toBeGreaterThan(0)
  return names.flatMap((file) => {
    const found = offence(file)
    return found ? [`${path.relative(SRC, file)}: ${found}`] : []
  })
}

test('stages never name a kind', () => {
  const names = allKinds().map(({ kind }) => kind)
  expect(names.length).toBeGreaterThan(10)
  const literal = new RegExp(`kind\\s*(?:===|!==|:)\\s*'(?:${names.join('|')})'`)
  expect(offenders(files('reflector', 'differ', 'planner', 'operations', 'runner'), (file) => literal.exec(readFileSync(file, 'utf8'))?.[0])).toEqual([])
})

test('stages import the registry, never a kind', () => {
  expect(
    offenders(files('reflector', 'differ', 'planner', 'operations', 'model', 'runner', 'revisions'), (file) =>
      imports(file).find((name) => /\/kinds\/(?!registry\.js|kind\.js)/.test(name)),
    ),
  ).toEqual([])
})

test('a kind imports no other kind', () => {
  const kindFiles = new Set(files('kinds').filter((file) => /= defineKind</.test(readFileSync(file, 'utf8'))))
  const target = (file: string, name: string) => path.resolve(path.dirname(file), name.replace(/\.js$/, '.ts'))
  expect(kindFiles.size).toBeGreaterThan(10)
  expect(
    offenders([...kindFiles], (file) => imports(file).find((name) => name.startsWith('.') && kindFiles.has(target(file, name)))),
  ).toEqual([])
})

test('only database/ imports a driver', () => {
  const others = files('.').filter((file) => !file.startsWith(path.join(SRC, 'database')))
  expect(offenders(others, (file) => imports(file).find((name) => name === 'pg' || name.startsWith('@electric-sql/pglite')))).toEqual([])
})

test('only cli/ prints or exits', () => {
  const others = files('.').filter((file) => !file.startsWith(path.join(SRC, 'cli')))
  expect(offenders(others, (file) => /console\.|process\.exit\(|process\.std(?:out|err)/.exec(readFileSync(file, 'utf8'))?.[0])).toEqual([])
})

test('migrations are read without the kinds and the planner, unless one asks for them', () => {
  const read = new Set<string>()
  const follow = (file: string): void => {
    if (read.has(file)) return
    read.add(file)
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )[^'(]*'(\.[^']+)\.js'/gm)) follow(path.resolve(path.dirname(file), `${name}.ts`))
  }
  follow(path.join(SRC, 'revisions', 'directory.ts'))
  expect(read.size).toBeGreaterThan(10)
  expect(offenders([...read], (file) => /^(?:kinds|differ|planner|declaration|runner)\b/.exec(path.relative(SRC, file))?.[0])).toEqual([])
})

test("the user's files are written in one place, so that a dry run writes none", () => {
  const own = ['generator/write-file.ts', 'database', 'declaration/disk-cache.ts', 'project/project.ts'].map((name) => path.join(SRC, name))
  const others = files('.').filter((file) => !own.some((name) => file.startsWith(name)))
  const writes = /import \{[^}]*\b((?:write|append|copy)File|mkdir|rename|open|link|symlink|cp|rm|rmdir|unlink)(?:Sync)?\b[^}]*\} from 'node:fs/
  expect(offenders(others, (file) => writes.exec(readFileSync(file, 'utf8'))?.[1])).toEqual([])
  expect(offenders(own.slice(0, 1), (file) => writes.exec(readFileSync(file, 'utf8'))?.[1])).toHaveLength(1)
})

test('pure parts do no I/O', () => {
  expect(
    offenders(files('model', 'operations', 'differ'), (file) => imports(file).find((name) => name.startsWith('node:') || name.includes('/database/') && !name.endsWith('/database/database.js'))),
  ).toEqual([])
})
