import { statSync } from 'node:fs'

/** About a hundred tables, which TypeScript checks in a second or so, mostly while scratch is at work; ten times as much takes five. */
const LARGEST = 150_000

/** Whether TypeScript shall check schema files in passing: as it was said, else where that is quick. Editors and tsc check the rest. */
export function isToBeChecked(files: readonly string[], said: boolean | undefined): boolean {
  return said ?? files.reduce((size, file) => size + statSync(file).size, 0) <= LARGEST
}
