import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { revisionFacts } from '../../src/project/revision-facts.js'

let root: string

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'autogen-facts-'))
  mkdirSync(path.join(root, 'migrations'))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(name: string, facts: string): void {
  writeFileSync(path.join(root, 'migrations', name), `import { migration } from 'pg-autogen'\nexport default migration({ ${facts}, upgrade: (op) => op.execute('SELECT 1') })\n`)
}

function read() {
  return revisionFacts([path.join(root, 'migrations')], path.join(root, 'cache'))
}

test('facts are the same from the cache, and follow what changes', async () => {
  write('20260101_0900_one.ts', `revision: 'one1', revises: null, message: 'first'`)
  write('20260102_0900_two.ts', `revision: 'two2', revises: 'one1', branchLabels: 'b'`)
  const first = await read()
  expect(first.map(({ revision, revises, branchLabels, message, created }) => [revision, revises, branchLabels, message, created])).toEqual([
    ['one1', [], [], 'first', '20260101_0900'],
    ['two2', ['one1'], ['b'], '', '20260102_0900'],
  ])
  expect(await read()).toEqual(first)
  write('20260102_0900_two.ts', `revision: 'two2', revises: 'one1', message: 'second'`)
  expect((await read()).map(({ message }) => message)).toEqual(['first', 'second'])
})

test('a file that may say something else the next time is run each time', async () => {
  write('a.ts', `revision: 'a' + Date.now(), revises: null`)
  const [first] = await read()
  await sleep(5)
  expect((await read())[0]!.revision).not.toBe(first!.revision)
})

test('what is wrong with a file is said each time', async () => {
  write('a.ts', `revision: 5, revises: null`)
  for (let time = 0; time < 2; time++) await expect(read()).rejects.toThrow('in this migration, revision is not a string')
})
