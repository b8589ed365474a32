import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const TESTS = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')

test('each of the 54 scenarios of revision graphs has a test that is named after it', () => {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'))
  const names = files.flatMap((name) => [...readFileSync(path.join(TESTS, name), 'utf8').matchAll(/^ *(?:test|describe|withPsql)\('B(\d+) \w/gm)].map(([, number]) => Number(number)))
  expect([...new Set(names)].sort((a, b) => a - b)).toEqual(Array.from({ length: 54 }, (_, index) => index + 1))
})
