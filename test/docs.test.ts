import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')

test('docs/coverage.md says what the registry and the fixtures say', async () => {
  expect(existsSync(path.join(ROOT, 'dist', 'kinds', 'registry.js'))).toBe(true)
  await promisify(execFile)(process.execPath, ['scripts/coverage.mjs', '--check'], { cwd: ROOT })
})
